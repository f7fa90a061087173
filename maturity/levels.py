"""Maturity 成熟度 of each stage: the level it has, the one it shall have, and what lacks."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from core.calendar import today
from maturity.criteria import CRITERIA, Criterion, Facts
from maturity.models import Assessment, Level, Target
from maturity.selectors import STAGES, Coverage, Figures, coverage
from process import catalogue, pace
from process.models import Improvement
from process.stages import StageInfo

# How long what somebody assessed counts.
COUNTS = dt.timedelta(days=365)


@dataclass(frozen=True)
class Judged:
    """A criterion held against a stage: what it has (None: nothing to measure), or the last assessment."""

    criterion: Criterion
    value: int | None = None
    assessment: Assessment | None = None

    @property
    def is_stale(self) -> bool:
        """Assessed too long ago to count."""
        return self.assessment is not None and self.assessment.assessed_at < timezone.now() - COUNTS

    @property
    def is_met(self) -> bool:
        if self.criterion.by_hand:
            return self.assessment is not None and self.assessment.is_met and not self.is_stale
        return self.value is not None and self.value >= (self.criterion.at_least or 0)


@dataclass(frozen=True)
class StageLevel:
    """A stage with its level, how that came about, and its target."""

    stage: StageInfo
    facts: Facts
    judged: tuple[Judged, ...]
    target: Target | None

    @property
    def level(self) -> Level:
        """The highest level up to which everything is met."""
        lacking = [one.criterion.level for one in self.judged if not one.is_met]
        return Level(min(lacking) - 1) if lacking else Level.OPTIMISING

    @property
    def lacking(self) -> list[Judged]:
        """What stands between the stage and the next level."""
        return [one for one in self.judged if not one.is_met and one.criterion.level == self.level + 1]

    @property
    def gap(self) -> int:
        """How many levels lack of the target; 0 without one, and where it is reached."""
        return max(self.target.level - self.level, 0) if self.target is not None else 0

    @property
    def is_late(self) -> bool:
        """Whether the target was to be reached before today, and is not."""
        return bool(self.gap) and self.target is not None and self.target.due_on < today()


def levels(found: Coverage | None = None) -> list[StageLevel]:
    """The level of every stage, along the process; `found`: the coverage, where it is at hand."""
    figures = (found or coverage()).by_stage
    controlled = _controlled()
    in_time, first_pass = pace.of_stages(), pace.first_pass_of_stages()
    improved = _improved()
    assessments = _newest_assessments()
    targets = {
        one.stage: one for one in Target.objects.order_by("stage", "-pk").distinct("stage").select_related("set_by")
    }
    made = []
    for stage in STAGES:
        facts = Facts(
            figures.get(stage.code, Figures()),
            controlled[stage.code],
            in_time.get(stage.code, (0, 0)),
            first_pass.get(stage.code, (0, 0)),
            improved[stage.code],
        )
        judged = tuple(_judge(one, facts, assessments.get((stage.code, one.code))) for one in CRITERIA)
        made.append(StageLevel(stage, facts, judged, targets.get(stage.code)))
    return made


def _judge(criterion: Criterion, facts: Facts, assessment: Assessment | None) -> Judged:
    if criterion.measure is None:
        return Judged(criterion, assessment=assessment)
    return Judged(criterion, criterion.measure(facts))


def _controlled() -> defaultdict[str, tuple[int, int]]:
    """{stage: (steps with a control, steps)}; the catalogue takes no control that nothing enforces."""
    found: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for step in catalogue.in_force().values():
        part, whole = found[step.stage]
        found[step.stage] = (part + bool(step.content.get("controls")), whole + 1)
    return found


def _improved() -> Counter[str]:
    """{stage: improvements of its steps whose result was better, stated in the last year}."""
    better = Improvement.objects.filter(state="concluded", result=Improvement.Result.BETTER)
    rows = better.filter(state_since__gte=timezone.now() - COUNTS).values_list("step").annotate(number=Count("pk"))
    stages = {step.code: step.stage for step in catalogue.in_force().values()}
    found: Counter[str] = Counter()
    for code, number in rows.order_by():
        if code in stages:
            found[stages[code]] += number
    return found


def _newest_assessments() -> dict[tuple[str, str], Assessment]:
    rows = Assessment.objects.order_by("stage", "criterion", "-pk").distinct("stage", "criterion")
    return {(one.stage, one.criterion): one for one in rows.select_related("assessed_by")}


def assessments_of(stage: str) -> list[Assessment]:
    """What was assessed of a stage so far, the newest first."""
    return list(Assessment.objects.filter(stage=stage).select_related("assessed_by").order_by("-pk")[:50])
