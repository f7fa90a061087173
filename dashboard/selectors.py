"""The figures directors look at first: funnel, receivables, four costings, where work waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Department, User
from billing.models import ReceivableLine
from core.calendar import today
from finance.models import CostSheet
from leads.models import Lead
from process import stages
from process.models import CaseRecord, Seat
from projects.models import Project

ZERO = Decimal(0)


@dataclass
class FunnelRow:
    """One stage: how many open deals, their gross amount, and the amount weighted by probability."""

    code: str
    label: str
    count: int
    gross_amount: Decimal
    weighted: Decimal


def funnel(user: User) -> list[FunnelRow]:
    """Open leads and running projects by stage, in base currency, as far as the user sees them."""
    leads = (
        Lead.objects.visible_to(user).open().filter(currency="CNY").aggregate(n=Count("pk"), amount=Sum("gross_amount"))
    )
    running = Project.objects.visible_to(user).filter(state__in=("draft", "in_review", "approved"), currency="CNY")
    by_stage = {
        row["stage"]: row for row in running.values("stage").annotate(n=Count("pk"), amount=Sum("gross_amount"))
    }
    rows = []
    for stage in stages.STAGES[:-1]:
        found: dict[str, Any] = leads if stage.code == "lead" else by_stage.get(stage.code, {"n": 0, "amount": None})
        amount = found["amount"] or ZERO
        weighted = amount * stage.probability / 100
        rows.append(FunnelRow(stage.code, str(stage.label), found["n"], amount, weighted.quantize(Decimal("0.01"))))
    return rows


@dataclass
class Receivables:
    """Money to come, gross: invoiceable, open, overdue, and retention apart."""

    eligible: Decimal
    received: Decimal
    open: Decimal
    overdue: Decimal
    retention: Decimal
    buckets: list[tuple[str, Decimal]]


def receivables(user: User) -> Receivables:
    """Open receivable lines the user sees, aged by due date; retention stands outside ageing."""
    lines = ReceivableLine.objects.visible_to(user).filter(currency="CNY")
    day = today()
    left = F("gross_amount") - F("gross_received") - F("gross_deducted")
    eligible = lines.filter(state="eligible", is_retention=False)
    edges = ((_("not due"), None, 0), ("1–30", 1, 30), ("31–60", 31, 60), ("61–90", 61, 90), (">90", 91, None))
    sums = {
        f"b{index}": Sum(left, filter=_overdue_between(day, low, high)) for index, (_l, low, high) in enumerate(edges)
    }
    totals = eligible.aggregate(
        eligible=Sum("gross_amount"), open=Sum(left), overdue=Sum(left, filter=Q(due_on__lt=day)), **sums
    )
    whole = lines.exclude(state__in=("waived", "written_off")).aggregate(
        received=Sum("gross_received"), retention=Sum(left, filter=Q(is_retention=True))
    )
    return Receivables(
        eligible=totals["eligible"] or ZERO,
        received=whole["received"] or ZERO,
        open=totals["open"] or ZERO,
        overdue=totals["overdue"] or ZERO,
        retention=whole["retention"] or ZERO,
        buckets=[(label, totals[f"b{index}"] or ZERO) for index, (label, _low, _high) in enumerate(edges)],
    )


def _overdue_between(day: Any, low: int | None, high: int | None) -> Q:
    import datetime as dt

    if low is None:
        return Q(due_on__isnull=True) | Q(due_on__gte=day)
    condition = Q(due_on__lte=day - dt.timedelta(days=low))
    return condition if high is None else condition & Q(due_on__gte=day - dt.timedelta(days=high))


@dataclass
class Costings:
    """The four costings of all running projects the user sees, net."""

    revenue: Decimal
    estimate: Decimal
    budget: Decimal
    committed: Decimal
    actual: Decimal
    worst: list[tuple[Project, Decimal, Decimal, int]]


def costings(user: User) -> Costings:
    """Sums over running projects, and the five that used most of their budget."""
    running = Project.objects.visible_to(user).filter(state="approved").order_by().values("book_id")
    current = CostSheet.objects.filter(book_id__in=running, state="approved")
    sheets = {
        row["kind"]: row
        for row in current.values("kind").annotate(cost=Sum("net_cost"), revenue=Sum("net_revenue"))
    }
    books = (
        Project.objects.visible_to(user)
        .filter(state="approved")
        .aggregate(actual=Sum("book__net_cost"), committed=Sum("book__net_committed"))
    )
    budgets = current.filter(kind="budget", net_cost__gt=0).select_related("book")
    used = budgets.annotate(used=(F("book__net_cost") + F("book__net_committed")) * 100 / F("net_cost"))
    top = list(used.order_by("-used")[:5])
    projects = {project.book_id: project for project in Project.objects.filter(book_id__in=[s.book_id for s in top])}
    return Costings(
        revenue=sheets.get("estimate", {}).get("revenue") or ZERO,
        estimate=sheets.get("estimate", {}).get("cost") or ZERO,
        budget=sheets.get("budget", {}).get("cost") or ZERO,
        committed=books["committed"] or ZERO,
        actual=books["actual"] or ZERO,
        worst=[
            (projects[sheet.book_id], sheet.net_cost, sheet.book.net_cost + sheet.book.net_committed, int(sheet.used))
            for sheet in top
            if sheet.book_id in projects
        ],
    )


@dataclass
class Waiting:
    """What waits in one department: how many open records, and for how long at most."""

    department: str
    count: int
    longest_days: int
    oldest: str
    url: str


def waiting(user: User) -> list[Waiting]:
    """Open records by the department that holds them, the longest waiting first."""
    records = _visible_records(user).filter(is_open=True).exclude(stage="")
    grouped = list(
        records.values("department_id")
        .annotate(n=Count("pk"), since=Min("since"), last=Max("pk"))
        .order_by("since")[:12]
    )
    names = {department.pk: str(department) for department in Department.objects.all()}
    now = timezone.now()
    return [
        Waiting(
            department=names.get(row["department_id"], "–"),
            count=row["n"],
            longest_days=(now - row["since"]).days,
            oldest=row["since"].date().isoformat(),
            url="",
        )
        for row in grouped
    ]


def _visible_records(user: User) -> QuerySet[CaseRecord]:
    if user.has_right("see_all"):
        return CaseRecord.objects.all()
    cases = Seat.objects.current().filter(user_id__in=user.acting_ids).values("case_id")
    return CaseRecord.objects.filter(
        Q(case_id__in=cases) | Q(department_id__in=user.department_ids) | Q(holder_id__in=user.acting_ids)
    )


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Sum of amounts in one currency."""
    return sum(amounts, ZERO)
