"""How the process goes: the time its steps take, who waits in them longest, and what happens at the counter."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Exists, F, FloatField, OuterRef, Q, QuerySet
from django.db.models.functions import Extract
from django.utils import timezone

from core.aggregates import Percentile
from process import stages
from process.models import Handover, ProcessVersion, StepRecord

WINDOW = dt.timedelta(days=90)
LONGEST = 10
DONE = Q(state=StepRecord.State.DONE)


@dataclass(frozen=True)
class Pace:
    """How a step went on the cases where it began in the last 90 days; times in hours, None where none was done."""

    done: int = 0
    in_time_percent: int | None = None
    median: float | None = None
    p90: float | None = None

    def told(self) -> dict[str, Any]:
        """The same as JSON keeps it."""
        return asdict(self)


def before(code: str, version: ProcessVersion) -> Pace:
    """How a step went on the cases where it began in the 90 days before a version was published."""
    published = version.published_at
    rows = _done(code).filter(opened_at__gte=published - WINDOW, opened_at__lt=published)
    return _paces(rows).get(code, Pace())


def under(code: str, version: ProcessVersion) -> Pace:
    """How a step went on the cases that walk by a version or a later one; running cases keep the version they have."""
    rows = _done(code).filter(definition__version__number__gte=version.number, opened_at__gte=version.published_at)
    return _paces(rows).get(code, Pace())


def of_steps(code: str = "") -> dict[str, Pace]:
    """{step code: its pace}, of all steps or of one, whatever version of the process each case walks by."""
    return _paces(_done(code).filter(opened_at__gte=timezone.now() - WINDOW))


def _done(code: str) -> QuerySet[StepRecord]:
    rows = StepRecord.objects.filter(DONE, definition__isnull=False)
    return rows.filter(definition__code=code) if code else rows


def _paces(rows: QuerySet[StepRecord]) -> dict[str, Pace]:
    took = Extract(F("ended_at") - F("opened_at"), "epoch", output_field=FloatField())
    found = (
        rows.order_by()
        .values("definition__code")
        .annotate(
            done=Count("pk"),
            timed=Count("pk", filter=Q(due_at__isnull=False)),
            in_time=Count("pk", filter=Q(ended_at__lte=F("due_at"))),
            median=Percentile(took, 0.5),
            p90=Percentile(took, 0.9),
        )
    )
    return {
        row["definition__code"]: Pace(
            row["done"], share(row["in_time"], row["timed"]), _hours(row["median"]), _hours(row["p90"])
        )
        for row in found
    }


def of_stages() -> dict[str, tuple[int, int]]:
    """{stage: (steps done in time, steps done that had a limit)} on cases where they began in the last 90 days."""
    rows = StepRecord.objects.filter(DONE, definition__isnull=False, opened_at__gte=timezone.now() - WINDOW)
    found = (
        rows.filter(due_at__isnull=False)
        .order_by()
        .values_list("definition__stage")
        .annotate(in_time=Count("pk", filter=Q(ended_at__lte=F("due_at"))), timed=Count("pk"))
    )
    return {stage: (in_time, timed) for stage, in_time, timed in found}


def longest_waiting(code: str) -> list[StepRecord]:
    """The cases that have been in the step longest, the oldest first."""
    found = StepRecord.objects.filter(definition__code=code, state=StepRecord.State.OPEN)
    return list(found.select_related("case").order_by("opened_at")[:LONGEST])


@dataclass(frozen=True)
class Passage:
    """Packages handed from one stage to another in 90 days; a package returned and offered again is one package."""

    from_stage: str
    to_stage: str
    offered: int
    taken: int
    returned: int
    waiting: int
    late: int
    first_pass_percent: int | None
    in_time_percent: int | None


def at_the_counter() -> list[Passage]:
    """Every pair of stages with handovers that fell due in the last 90 days or still wait, along the process.

    First-pass yield is the share of the packages taken that were never returned.
    """
    now = timezone.now()
    taken, waiting = Q(state="taken"), Q(state="offered")
    found = (
        _packages(now)
        .values("source_stage", "target")
        .annotate(
            offered=Count("pk"),
            taken=Count("pk", filter=taken),
            returned=Count("pk", filter=Q(state="returned")),
            waiting=Count("pk", filter=waiting),
            late=Count("pk", filter=waiting & Q(due_at__lt=now)),
            unreturned=Count("pk", filter=taken & Q(again=False)),
            in_time=Count("pk", filter=taken & Q(ended_at__lte=F("due_at"))),
        )
    )
    return sorted((_passage(dict(row)) for row in found), key=_along)


def first_pass_of_stages() -> dict[str, tuple[int, int]]:
    """{stage: (packages taken that were never returned, packages taken)}, of what it offered and of what it took.

    A wall has two sides: a package that comes back counts for the stage that gave it and for the one that refused it.
    """
    taken = Q(state="taken")
    rows = (
        _packages(timezone.now())
        .values_list("source_stage", "target")
        .annotate(unreturned=Count("pk", filter=taken & Q(again=False)), taken=Count("pk", filter=taken))
    )
    found: dict[str, tuple[int, int]] = {}
    for source, target, unreturned, number in rows:
        for stage in {source, target}:
            before = found.get(stage, (0, 0))
            found[stage] = (before[0] + unreturned, before[1] + number)
    return found


def _packages(now: dt.datetime) -> QuerySet[Any]:
    """Handovers that fell due in the last 90 days or still wait; `again`: the package was returned once."""
    returned = Handover.objects.filter(
        source_kind=OuterRef("source_kind"),
        source_id=OuterRef("source_id"),
        target=OuterRef("target"),
        state="returned",
    )
    rows = Handover.objects.filter(Q(due_at__gte=now - WINDOW) | Q(state="offered"), imported=False)
    return rows.annotate(again=Exists(returned)).order_by()


def share(part: int, whole: int) -> int | None:
    """Whole percent; None of nothing."""
    return round(100 * part / whole) if whole else None


def _passage(row: dict[str, Any]) -> Passage:
    taken = row["taken"]
    return Passage(
        from_stage=row["source_stage"],
        to_stage=row["target"],
        offered=row["offered"],
        taken=taken,
        returned=row["returned"],
        waiting=row["waiting"],
        late=row["late"],
        first_pass_percent=share(row["unreturned"], taken),
        in_time_percent=share(row["in_time"], taken),
    )


def _along(passage: Passage) -> tuple[int, int]:
    order = {code: number for number, code in enumerate([*stages.BY_CODE, *stages.COUNTERS])}
    return order.get(passage.from_stage, len(order)), order.get(passage.to_stage, len(order))


def _hours(seconds: float | None) -> float | None:
    return round(seconds / 3600, 1) if seconds is not None else None
