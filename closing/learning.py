"""决算比概算: what closed projects cost compared with their estimate, held against the estimate of a new one."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from closing.models import Closing, ClosingLine
from core.aggregates import Percentile
from core.money import ZERO, round_money
from finance import selectors as finance
from finance.models import CostBook, CostCategory, CostSheet
from projects.models import Project

# With fewer, the next wider circle of projects is asked; with fewer than the least, nothing is said at all, so that
# no single project can be read out of the figures.
ENOUGH, LEAST = 5, 3
# Where a band of size begins: revenue of the project, net, in the company's currency.
BANDS = (Decimal(0), Decimal(500_000), Decimal(2_000_000), Decimal(10_000_000))


@dataclass(frozen=True)
class Learned:
    """One cost category: what closed projects spent in percent of their estimate, and what that says of this one.

    `ratio_p50` and `ratio_p80` are percentages, `net_estimate` is what the new estimate has, `number` how many closed
    projects had the category.
    """

    code: str
    label: str
    number: int
    ratio_p50: Decimal
    ratio_p80: Decimal
    net_estimate: Decimal

    @property
    def net_p50(self) -> Decimal:
        """What the category would cost as in the middle one of the closed projects."""
        return round_money(self.net_estimate * self.ratio_p50 / 100)

    @property
    def net_p80(self) -> Decimal:
        """What four of five closed projects would have stayed within."""
        return round_money(self.net_estimate * self.ratio_p80 / 100)


@dataclass(frozen=True)
class Lesson:
    """What `number` closed projects of a circle (`alike` says which) teach about an estimate, by category."""

    estimate: CostSheet
    alike: str
    number: int
    rows: list[Learned]


def book_for(user: User, case_id: int) -> CostBook | None:
    """The book of a deal, for those who may see the deal and its cost."""
    return finance.book_for(user, case_id) if user.has_right("see_cost") else None


def lesson_of(book: CostBook) -> Lesson | None:
    """What closed projects teach about the newest estimate of a deal; None without an estimate or enough of them."""
    estimate = finance.latest_sheet(book, CostSheet.Kind.ESTIMATE)
    if estimate is None:
        return None
    project = Project.objects.filter(case_id=book.case_id).select_related("customer").first()
    alike, number, closed = _circle(project, estimate)
    return Lesson(estimate, alike, number, _learned(closed, estimate)) if number >= LEAST else None


def _circle(project: Project | None, estimate: CostSheet) -> tuple[str, int, QuerySet[Closing]]:
    """(in words, how many, which) of the narrowest circle of closed projects that holds enough of them."""
    closed = Closing.objects.filter(kind=Closing.Type.NORMAL, state__in=("provisional", "final"))
    if project is not None:
        closed = closed.exclude(project=project)
    circles = _circles(project, estimate)
    counted = closed.aggregate(**{f"n{place}": Count("pk", filter=one) for place, (_text, one) in enumerate(circles)})
    place = next((place for place in range(len(circles)) if counted[f"n{place}"] >= ENOUGH), len(circles) - 1)
    text, condition = circles[place]
    return text, counted[f"n{place}"], closed.filter(condition)


def _circles(project: Project | None, estimate: CostSheet) -> list[tuple[str, Q]]:
    """From the most alike to all: type, industry and size; type and size; type; every closed project."""
    everyone = [(_("all closed projects"), Q(pk__isnull=False))]
    if project is None or not project.project_type_id:
        return everyone
    low = max(band for band in BANDS if band <= max(estimate.net_revenue, ZERO))
    high = min((band for band in BANDS if band > low), default=None)
    kind = Q(project__project_type=project.project_type_id)
    size = Q(net_recognised__gte=low) if high is None else Q(net_recognised__gte=low, net_recognised__lt=high)
    circles = [(_("same type and size"), kind & size), (_("same type"), kind), *everyone]
    industry = project.customer.industry_id if project.customer else None
    if industry:
        alike = kind & size & Q(project__customer__industry=industry)
        circles.insert(0, (_("same type, industry and size"), alike))
    return circles


def _learned(closed: QuerySet[Closing], estimate: CostSheet) -> list[Learned]:
    """What was spent of each category, also of those that this estimate has not thought of."""
    # The settlement sheet comes with the final accounts; the ledger says the same from the provisional ones on.
    ratio = F("net_actual") * 100 / F("net_estimate")
    asked = ClosingLine.objects.filter(closing__in=closed, net_estimate__gt=0).order_by("category__position")
    found = asked.values("category_id", "category__code").annotate(
        number=Count("pk"), p50=Percentile(ratio, 0.5), p80=Percentile(ratio, 0.8)
    )
    labels = {one.pk: str(one) for one in CostCategory.objects.all()}
    ours = _by_group(estimate)
    return [
        Learned(
            code=row["category__code"],
            label=labels[row["category_id"]],
            number=row["number"],
            ratio_p50=round_money(Decimal(row["p50"])),
            ratio_p80=round_money(Decimal(row["p80"])),
            net_estimate=ours.get(row["category_id"], ZERO),
        )
        for row in found
        if row["number"] >= LEAST
    ]


def _by_group(estimate: CostSheet) -> dict[int, Decimal]:
    """The estimate's cost by the first level of the cost tree, as final accounts keep it."""
    group = Coalesce("category__parent_id", "category_id")
    sums = estimate.lines.order_by().annotate(group=group).values("group").annotate(net=Sum("net_amount"))
    return {row["group"]: row["net"] for row in sums}
