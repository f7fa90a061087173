"""How old open money is, as of any day: by days past due 逾期账龄, and by the time since it arose 账龄."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.models import Allocation, ReceivableLine
from billing.models.receipt import BILLS
from contracts.models import Contract
from core.calendar import add_months, today
from core.money import ZERO
from customers.models import Customer
from process.visibility import is_scoped, seen
from projects.models import Project

# (code, label, last day of the bucket counted from the due day); the last bucket has no end.
BUCKETS = (
    ("not_due", _("Not due"), 0),
    ("d30", _("1–30 days"), 30),
    ("d60", _("31–60 days"), 60),
    ("d90", _("61–90 days"), 90),
    ("d180", _("91–180 days"), 180),
    ("d365", _("181–365 days"), 365),
    ("older", _("over 365 days"), None),
)
# (code, label, full months since it arose); what auditors ask for to provide for bad debt.
AGES = (
    ("m6", _("up to 6 months"), 6),
    ("m12", _("6–12 months"), 12),
    ("y2", _("1–2 years"), 24),
    ("y3", _("2–3 years"), 36),
    ("y4", _("3–4 years"), 48),
    ("y5", _("4–5 years"), 60),
    ("over", _("over 5 years"), None),
)
# What open money is summed by: the lookup from a receivable, and the rows it names.
BY: dict[str, tuple[Any, str, Any]] = {
    "customer": (_("Payer"), "customer_id", Customer),
    "owner": (_("Account manager"), "owner_id", User),
    "contract": (_("Contract"), "contract_id", Contract),
    "project": (_("Project"), "contract__project_id", Project),
}


@dataclass
class AgeingRow:
    """One customer's (owner's, contract's, project's) open amounts in one currency, by both clocks.

    Beside, not in them: retention in warranty, and what bills of exchange settled that are not paid yet.
    """

    key: Any
    label: str
    currency: str = ""
    buckets: dict[str, Decimal] = field(default_factory=lambda: {code: ZERO for code, _label, _end in BUCKETS})
    ages: dict[str, Decimal] = field(default_factory=lambda: {code: ZERO for code, _label, _months in AGES})
    retention: Decimal = ZERO
    bills: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return sum(self.buckets.values(), ZERO)

    @property
    def overdue(self) -> Decimal:
        return self.total - self.buckets["not_due"]


def bucket_of(due_on: dt.date, as_of: dt.date) -> str:
    """The bucket of a due day as of a day."""
    days = (as_of - due_on).days
    return next(code for code, _label, end in BUCKETS if end is None or days <= end)


def age_of(arose_on: dt.date, as_of: dt.date) -> str:
    """The bucket of the day money arose as of a day; half a year to the very day is still `m6`."""
    ends = ((code, months) for code, _label, months in AGES)
    return next(code for code, months in ends if months is None or arose_on >= add_months(as_of, -months))


def ageing(
    as_of: dt.date | None = None, *, lines: QuerySet[ReceivableLine] | None = None, by: str = "customer"
) -> list[AgeingRow]:
    """Open receivables by both clocks as of any day, per row of `by` (see BY) and currency; most overdue first.

    What was allocated later, or taken off later, counts as it stood that day; so does a retention, which ages
    from the day its warranty ended. A bill of exchange settles its line, but stands apart until the day it was
    honoured, discounted or endorsed. Give `lines` (for instance visible_to) to narrow. Two statements.
    """
    day = as_of or today()
    _label, lookup, model = BY[by]
    found = standing_on(day, ReceivableLine.objects.all() if lines is None else lines)
    found = found.annotate(
        late=_bucket("due_on", [(code, day - dt.timedelta(days=end)) for code, _l, end in BUCKETS if end is not None]),
        age=_bucket("arises_on", [(code, add_months(day, -months)) for code, _l, months in AGES if months is not None]),
    )
    groups = found.order_by().values_list(lookup, "currency", "held", "late", "age")
    rows: dict[Any, AgeingRow] = {}
    for key, currency, held, late, age, left, billed in groups.annotate(Sum("left"), Sum("billed")):
        row = rows.setdefault((key, currency), AgeingRow(key, "–", currency))
        row.bills += billed
        if held:
            row.retention += left
        else:
            row.buckets[late or "older"] += left
            row.ages[age or "over"] += left
    names = model._default_manager.in_bulk({row.key for row in rows.values()} - {None})
    for row in rows.values():
        row.label = str(names.get(row.key, "–"))
    return sorted(rows.values(), key=lambda row: (-row.overdue, -row.total, row.label, row.currency))


def ageing_for(user: User, as_of: dt.date, by: str = "customer") -> list[AgeingRow]:
    """The same over what a person may see; a contract or project hidden from them counts without its name."""
    rows = ageing(as_of, lines=ReceivableLine.objects.visible_to(user), by=by)
    model = BY[by][2]
    if is_scoped(model):
        kind = model._meta.label_lower
        named = seen({(kind, row.key) for row in rows if row.key is not None}, user)
        for row in rows:
            row.label = row.label if (kind, row.key) in named else "–"
    return rows


def standing_on(day: dt.date, lines: QuerySet[ReceivableLine]) -> QuerySet[ReceivableLine]:
    """The lines that were open on a day, with `left` (gross still open), `billed` (on bills not yet paid) and `held`.

    `held` lines are retentions in warranty: contract assets, no receivables yet.
    """
    standing = Allocation.objects.filter(
        Q(removed_on__isnull=True) | Q(removed_on__gt=day), receivable=OuterRef("pk"), allocated_on__lte=day
    )
    ended = Q(receipt__state__in=("honoured", "discounted", "endorsed"), receipt__state_since__date__lte=day)
    on_bills = standing.filter(receipt__method__code__in=BILLS, difference__isnull=True).exclude(ended)
    given_up = Q(state__in=("waived", "written_off"), state_since__date__lte=day)
    waits = Q(arises_on__isnull=True) | Q(arises_on__gt=day)
    found = lines.filter(Q(arises_on__lte=day) | waits & Q(is_retention=True, contract__effective_on__lte=day))
    found = found.exclude(given_up).annotate(
        left=F("gross_amount") - _sum_of(standing),
        billed=_sum_of(on_bills),
        held=Case(When(waits, then=True), default=False),
    )
    return found.filter(Q(left__gt=0) | Q(billed__gt=0))


def _bucket(field_name: str, edges: list[tuple[str, dt.date]]) -> Case:
    """The first bucket whose earliest day is not after the field; empty for what is older than all."""
    cases = [When(**{f"{field_name}__gte": earliest}, then=Value(code)) for code, earliest in edges]
    return Case(*cases, default=Value(""), output_field=CharField())


def _sum_of(allocations: QuerySet[Allocation]) -> Coalesce:
    """The gross sum of allocations that are narrowed to the outer receivable already."""
    return Coalesce(
        Subquery(allocations.order_by().values("receivable").annotate(total=Sum("gross_amount")).values("total")), ZERO
    )
