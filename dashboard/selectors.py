"""The figures directors look at first: funnel, receivables, four costings, where work waits."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Department, User
from billing.models import ReceivableLine
from core.calendar import today
from core.money import round_money
from core.selectors import InBase
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


def funnel(user: User, in_base: InBase) -> list[FunnelRow]:
    """Open leads and running projects by stage, in base currency, as far as the user sees them."""
    leads: Any = Lead.objects.visible_to(user).open().values("currency").order_by()
    running = Project.objects.visible_to(user).filter(state__in=("draft", "in_review", "approved"))
    projects: Any = running.values("stage", "currency").order_by()
    counts: defaultdict[str, int] = defaultdict(int)
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for found in (leads, projects):
        for row in found.annotate(n=Count("pk"), amount=Sum("gross_amount")):
            stage = row.get("stage", "lead")
            counts[stage] += row["n"]
            amounts[stage] += in_base(row["currency"], row["amount"])
    return [_funnel_row(stage, counts[stage.code], amounts[stage.code]) for stage in stages.STAGES[:-1]]


def _funnel_row(stage: stages.StageInfo, count: int, amount: Decimal) -> FunnelRow:
    return FunnelRow(stage.code, str(stage.label), count, amount, round_money(amount * stage.probability / 100))


@dataclass
class Receivables:
    """Money to come, gross: open, overdue, and retention apart; and what has come in."""

    received: Decimal
    open: Decimal
    overdue: Decimal
    retention: Decimal
    buckets: list[tuple[str, Decimal]]


def receivables(user: User, in_base: InBase) -> Receivables:
    """Receivable lines the user sees, in base currency, aged by due date; retention stands outside ageing."""
    lines = ReceivableLine.objects.visible_to(user).exclude(state__in=("waived", "written_off"))
    day = today()
    left = F("gross_amount") - F("gross_received") - F("gross_deducted")
    payable = Q(state="eligible", is_retention=False)
    edges = ((_("not due"), None, 0), ("1–30", 1, 30), ("31–60", 31, 60), ("61–90", 61, 90), (">90", 91, None))
    sums = {
        "received": Sum("gross_received"),
        "retention": Sum(left, filter=Q(is_retention=True)),
        "open": Sum(left, filter=payable),
        "overdue": Sum(left, filter=payable & Q(due_on__lt=day)),
        **{
            f"b{index}": Sum(left, filter=payable & _overdue_between(day, low, high))
            for index, (_label, low, high) in enumerate(edges)
        },
    }
    totals = dict.fromkeys(sums, ZERO)
    by_currency: Any = lines.values("currency").order_by().annotate(**sums)
    for row in by_currency:
        for name in sums:
            totals[name] += in_base(row["currency"], row[name])
    return Receivables(
        received=totals["received"],
        open=totals["open"],
        overdue=totals["overdue"],
        retention=totals["retention"],
        buckets=[(label, totals[f"b{index}"]) for index, (label, _low, _high) in enumerate(edges)],
    )


def _overdue_between(day: Any, low: int | None, high: int | None) -> Q:
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
    sheets: dict[str, Any] = {
        row["kind"]: row for row in current.values("kind").annotate(cost=Sum("net_cost"), revenue=Sum("net_revenue"))
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


def waiting(user: User) -> list[Waiting]:
    """Open records by the department that holds them, the longest waiting first."""
    records = _visible_records(user).filter(is_open=True).exclude(stage="")
    grouped = records.values("department_id").annotate(n=Count("pk"), since=Min("since")).order_by("since")[:12]
    names = {department.pk: str(department) for department in Department.objects.all()}
    now = timezone.now()
    return [
        Waiting(
            department=names.get(row["department_id"], "–"),
            count=row["n"],
            longest_days=(now - row["since"]).days,
            oldest=timezone.localdate(row["since"]).isoformat(),
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
