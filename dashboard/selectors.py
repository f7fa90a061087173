"""The figures directors look at first: funnel, receivables, four costings, where work waits."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import Department, User
from core.calendar import today
from core.money import round_money
from core.selectors import InBase
from dashboard.counting import EDGES, STILL, WORST, Scope, Total, count
from dashboard.models import Count, Figure
from process import stages
from process.models import CaseRecord, LogEntry
from projects.models import Project

ZERO = Decimal(0)
# Below this many rows the figures are counted when they are looked at, beyond it they are kept.
LIVE_ROWS = 20_000
# How many holders of a deal are named.
NAMED = 3
_FIELDS = Total._fields


@dataclass(frozen=True)
class Figures:
    """The totals of one reader, and when they were counted: None where that is now."""

    totals: list[Total]
    counted_at: dt.datetime | None = None

    def of(self, kind: str) -> list[Total]:
        """The totals of one kind."""
        return [total for total in self.totals if total.kind == kind]

    @property
    def worst(self) -> list[Total]:
        """The running projects that used most of their budget."""
        return sorted(self.of("worst"), key=lambda row: row.other / row.amount, reverse=True)[:WORST]

    @property
    def still(self) -> list[Total]:
        """The running projects that stand still longest."""
        now = timezone.now()
        return sorted((row for row in self.of("still") if row.since), key=lambda row: row.since or now)[:STILL]

    @cached_property
    def projects(self) -> dict[int, Project]:
        """The projects that are named, by id: asked for at once."""
        return Project.objects.only("code", "title", "case_id", "stage").in_bulk(
            {int(row.key) for row in (*self.worst, *self.still)}
        )


def figures(user: User) -> Figures:
    """What the user may see in sum: of the company, of the departments headed, or of the own deals."""
    scope = Scope.of(user)
    kept = Count.objects.order_by("-pk").first() if scope.is_kept else None
    if kept is None or kept.rows_counted < LIVE_ROWS:
        return Figures(count(scope, today()))
    found = Figure.objects.all()
    if scope.departments is not None:
        found = found.filter(department_id__in=scope.departments)
    return Figures([Total(*row) for row in found.values_list(*_FIELDS)], kept.counted_at)


@dataclass
class FunnelRow:
    """One stage: how many open deals, their gross amount, and the amount weighted by probability."""

    code: str
    label: str
    count: int
    gross_amount: Decimal
    weighted: Decimal


def funnel(found: Figures, in_base: InBase) -> list[FunnelRow]:
    """Open leads and running projects by stage, in base currency."""
    counts: defaultdict[str, int] = defaultdict(int)
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in found.of("funnel"):
        counts[row.key] += row.number
        amounts[row.key] += in_base(row.currency, row.amount)
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


def receivables(found: Figures, in_base: InBase) -> Receivables:
    """Receivables in base currency, aged by due date; retention stands outside ageing."""
    left: defaultdict[str, Decimal] = defaultdict(Decimal)
    received = ZERO
    for row in found.of("money"):
        left[row.key] += in_base(row.currency, row.amount)
        received += in_base(row.currency, row.other)
    labels = (_("not due"), "1–30", "31–60", "61–90", ">90")
    buckets = [(label, left[f"b{index}"]) for index, label in zip(range(len(EDGES)), labels, strict=True)]
    return Receivables(
        received=received,
        open=total(amount for _label, amount in buckets),
        overdue=total(amount for _label, amount in buckets[1:]),
        retention=left["retention"],
        buckets=buckets,
    )


@dataclass
class Costings:
    """The four costings of all running projects, net."""

    revenue: Decimal
    estimate: Decimal
    budget: Decimal
    committed: Decimal
    actual: Decimal
    worst: list[tuple[Project, Decimal, Decimal, int]]


def costings(found: Figures) -> Costings:
    """Sums over running projects, and those that used most of their budget."""
    cost: defaultdict[str, Decimal] = defaultdict(Decimal)
    revenue: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in found.of("sheet"):
        cost[row.key] += row.amount
        revenue[row.key] += row.other
    books = found.of("book")
    return Costings(
        revenue=revenue["estimate"],
        estimate=cost["estimate"],
        budget=cost["budget"],
        actual=total(row.amount for row in books),
        committed=total(row.other for row in books),
        worst=_worst(found),
    )


def _worst(found: Figures) -> list[tuple[Project, Decimal, Decimal, int]]:
    return [
        (found.projects[int(row.key)], row.amount, row.other, int(row.other * 100 / row.amount))
        for row in found.worst
        if int(row.key) in found.projects
    ]


@dataclass
class Waiting:
    """What waits in one department: how many open records, and for how long at most."""

    department: str
    count: int
    longest_days: int
    oldest: str


def waiting(found: Figures) -> list[Waiting]:
    """Open records by the department that holds them, the longest waiting first."""
    names = {department.pk: str(department) for department in Department.objects.all()}
    now = timezone.now()
    rows = sorted((row for row in found.of("waiting") if row.since), key=lambda row: row.since or now)[:12]
    return [
        Waiting(
            department=names.get(row.department_id or 0, "–"),
            count=row.number,
            longest_days=(now - row.since).days,
            oldest=timezone.localdate(row.since).isoformat(),
        )
        for row in rows
        if row.since
    ]


@dataclass
class Still:
    """A project on which nothing moves: with whom it is, and since when."""

    project: Project
    holders: list[str]
    departments: list[str]
    since: str
    days: int


def still(found: Figures) -> list[Still]:
    """The projects that stand still longest, with everybody who holds something open on them."""
    now, top = timezone.now(), found.still
    cases = [found.projects[int(row.key)].case_id for row in top if int(row.key) in found.projects]
    held = CaseRecord.objects.filter(case_id__in=cases, is_open=True, holder__isnull=False).order_by("since", "pk")
    names: defaultdict[int, dict[str, str]] = defaultdict(dict)
    named = ("case_id", "holder__name", "holder__department__zh", "holder__department__en")
    for record in held.select_related("holder__department").only(*named):
        if record.holder:
            names[record.case_id][record.holder.name] = str(record.holder.department or "")
    return [
        Still(
            project=project,
            holders=list(names[project.case_id])[:NAMED],
            departments=list(dict.fromkeys(filter(None, names[project.case_id].values())))[:NAMED],
            since=timezone.localdate(row.since).isoformat(),
            days=(now - row.since).days,
        )
        for row in top
        if row.since and (project := found.projects.get(int(row.key)))
    ]


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Sum of amounts in one currency."""
    return sum(amounts, ZERO)


def check_invariants() -> Iterator[tuple[Any, str]]:
    """(figure, sentence) for every kept total that differs, while nothing has happened since it was counted."""
    kept = Count.objects.order_by("-pk").first()
    if kept is None or LogEntry.objects.filter(at__gt=kept.counted_at).exists():
        return
    true = set(count(Scope(), timezone.localdate(kept.counted_at)))
    for figure in Figure.objects.all():
        row = Total(*(getattr(figure, name) for name in _FIELDS))
        if row not in true:
            yield figure, _("The kept figure differs from what is counted.")
        true.discard(row)
    for row in sorted(true, key=str):
        yield f"{row.kind} {row.key}", _("A figure is not kept.")
