"""Digital coverage 数字化覆盖: which steps are done in LTC, in which departments, and where that is only said.

What is expected: every step of the process in force in the department that its definition names, and whatever further
department says how it does a step. A step marked as not applicable leaves the denominator, a step that nobody has
looked at yet stays in it. All figures are whole numbers and add up; percents are rounded down, so that 100 % is all.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from accounts.models import Department
from maturity.models import Practice
from process import catalogue, pace, stages
from process.models import LogEntry, StepDefinition

STAGES = stages.STAGES[:-1]
BEST_FIT = max(Practice.Fit.values)


def percent(part: int, whole: int) -> int | None:
    """Whole percent, rounded down: 99.6 % are not 100. None of nothing."""
    return 100 * part // whole if whole else None


@dataclass(frozen=True)
class Figures:
    """What is counted of some pairs of department and step."""

    applicable: int = 0
    surveyed: int = 0
    covered: int = 0
    # The fit of the covered pairs, 0 to 4 each, added up.
    fit: int = 0
    seen: int = 0
    excluded: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def coverage(self) -> int | None:
        """数字化覆盖率: pairs done in LTC ÷ applicable pairs."""
        return percent(self.covered, self.applicable)

    @property
    def weighted(self) -> int | None:
        """Coverage weighted by fit: a pair done in LTC counts a quarter for each point of its fit."""
        return percent(self.fit, self.applicable * BEST_FIT)

    @property
    def surveyed_share(self) -> int | None:
        """Pairs of which is known how they are done ÷ applicable pairs."""
        return percent(self.surveyed, self.applicable)

    @property
    def seen_share(self) -> int | None:
        """Pairs that somebody of the department has done in LTC lately ÷ pairs said to be done there."""
        return percent(self.seen, self.covered)

    @property
    def fit_share(self) -> int | None:
        """How well the pairs done in LTC fit, of the best that they could."""
        return percent(self.fit, self.covered * BEST_FIT)

    @property
    def unseen(self) -> int:
        """Pairs said to be done in LTC that nobody was seen doing."""
        return self.covered - self.seen


@dataclass(frozen=True)
class Pair:
    """A step in a department: expected, or recorded; `seen` where somebody of the department did it in 90 days."""

    step: StepDefinition
    department: Department
    practice: Practice | None
    seen: bool

    @property
    def is_applicable(self) -> bool:
        return self.practice is None or self.practice.state != "excluded"

    @property
    def is_covered(self) -> bool:
        return self.practice is not None and self.is_applicable and self.practice.medium == Practice.Medium.LTC

    @property
    def is_claimed_only(self) -> bool:
        """Said to be done in LTC, and nobody of the department was seen doing it."""
        return self.is_covered and not self.seen

    @property
    def figures(self) -> Figures:
        """The pair counted."""
        if not self.is_applicable:
            return Figures(excluded=1)
        covered = self.is_covered
        return Figures(
            applicable=1,
            surveyed=int(self.practice is not None),
            covered=int(covered),
            fit=self.practice.fit if self.practice is not None and covered else 0,
            seen=int(covered and self.seen),
        )


def total(pairs: Iterable[Pair]) -> Figures:
    """Pairs counted together."""
    return sum((pair.figures for pair in pairs), Figures())


def pairs() -> list[Pair]:
    """Every pair of the company, departments in the order of their tree, steps in the order of the process."""
    steps = catalogue.in_force()
    departments = {one.pk: one for one in Department.objects.all()}
    ids = {one.code: one.pk for one in departments.values()}
    rows = Practice.objects.filter(step__in=steps).select_related("owner")
    practices = {(one.department_id, one.step): one for one in rows}
    for practice in practices.values():
        practice.department = departments[practice.department_id]
    named = {(ids.get(step.content.get("department", "")), step.code) for step in steps.values()}
    known = {*practices, *((pk, code) for pk, code in named if pk is not None)}
    done = _done_by(departments.values())
    order = list(departments)
    places = {code: place for place, code in enumerate(steps)}
    return [
        Pair(steps[code], departments[pk], practices.get((pk, code)), code in done[pk])
        for pk, code in sorted(known, key=lambda key: (order.index(key[0]), places[key[1]]))
    ]


def _done_by(departments: Iterable[Department]) -> dict[int, set[str]]:
    """{department id: codes of the steps that its people, or those of departments below, did in the last 90 days}.

    Read from the log: a verb that ends the step, or its confirmation by hand. The department is the one that the person
    is in today; what a job did, or a person without a department, is nobody's.
    """
    ends = {action: step.code for step in catalogue.in_force().values() for action in step.verbs}
    since: dt.datetime = timezone.now() - pace.WINDOW
    acts = Q(action__in=ends) | Q(action__endswith=".confirm_step")
    rows = (
        LogEntry.objects.filter(acts, at__gte=since, user__department__isnull=False)
        .order_by()
        .annotate(said=KeyTextTransform("1", KeyTextTransform("step", "changes")))
        .values_list("action", "said", "user__department_id")
        .distinct()
    )
    above = {one.pk: one.parent_id for one in departments}
    found: defaultdict[int, set[str]] = defaultdict(set)
    for action, said, department_id in rows:
        code = ends.get(action) or str(said or "").partition(" ")[0]
        place: int | None = department_id
        while place is not None:
            found[place].add(code)
            place = above.get(place)
    return found


@dataclass(frozen=True)
class Coverage:
    """The matrix: figures by department and stage, with the sums of both and of the company."""

    pairs: list[Pair]
    departments: list[Department]
    cells: dict[tuple[int, str], Figures]
    by_department: dict[int, Figures]
    by_stage: dict[str, Figures]
    company: Figures

    @property
    def claimed_only(self) -> list[Pair]:
        """Said to be done in LTC, done by nobody of the department in 90 days."""
        return [pair for pair in self.pairs if pair.is_claimed_only]


def coverage() -> Coverage:
    """Digital coverage of the company as it is now."""
    found = pairs()
    cells: defaultdict[tuple[int, str], Figures] = defaultdict(Figures)
    by_department: defaultdict[int, Figures] = defaultdict(Figures)
    by_stage: defaultdict[str, Figures] = defaultdict(Figures)
    for pair in found:
        one = pair.figures
        cells[pair.department.pk, pair.step.stage] += one
        by_department[pair.department.pk] += one
        by_stage[pair.step.stage] += one
    return Coverage(
        pairs=found,
        departments=list({pair.department.pk: pair.department for pair in found}.values()),
        cells=dict(cells),
        by_department=dict(by_department),
        by_stage=dict(by_stage),
        company=total(found),
    )
