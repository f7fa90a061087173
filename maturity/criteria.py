"""成熟度标准: what each level asks of a stage. Most is computed; the rest is assessed by hand, with evidence.

A stage has the highest level up to which every criterion is met; without any it is at level 1. What cannot be measured
yet, because nothing was done, is not met. An assessment by hand counts for a year.

| measure | formula | source |
| --- | --- | --- |
| surveyed | pairs known ÷ applicable pairs | as-is inventory |
| coverage | pairs done in LTC ÷ applicable pairs | as-is inventory |
| fit | fit of the pairs done in LTC ÷ the best they could have | as-is inventory |
| seen | pairs done by somebody of the department in 90 days ÷ pairs said to be done in LTC | the log |
| controls | steps with a control that something enforces ÷ steps of the stage | catalogue in force |
| in time | steps done within their limit ÷ steps done that have one, begun in 90 days | step records |
| first pass | packages never returned ÷ packages taken, on both sides of the stage, 90 days | the counter |
| improved | improvements of the stage's steps concluded as better, in a year | improvements |
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from maturity.models import Level
from maturity.selectors import Figures, percent


@dataclass(frozen=True)
class Facts:
    """What is known of a stage; pairs are (part, whole)."""

    figures: Figures = field(default_factory=Figures)
    controlled: tuple[int, int] = (0, 0)
    in_time: tuple[int, int] = (0, 0)
    first_pass: tuple[int, int] = (0, 0)
    improved: int = 0


@dataclass(frozen=True)
class Criterion:
    """One thing a level asks for: a percentage or a number that must be reached, or what somebody assesses."""

    code: str
    level: Level
    label: Any
    at_least: int | None = None
    measure: Callable[[Facts], int | None] | None = None
    is_share: bool = True

    @property
    def by_hand(self) -> bool:
        return self.measure is None


def _surveyed(facts: Facts) -> int | None:
    return facts.figures.surveyed_share


def _coverage(facts: Facts) -> int | None:
    return facts.figures.coverage


def _fit(facts: Facts) -> int | None:
    return facts.figures.fit_share


def _seen(facts: Facts) -> int | None:
    return facts.figures.seen_share


def _controls(facts: Facts) -> int | None:
    return percent(*facts.controlled)


def _in_time(facts: Facts) -> int | None:
    return percent(*facts.in_time)


def _first_pass(facts: Facts) -> int | None:
    return percent(*facts.first_pass)


def _improved(facts: Facts) -> int:
    return facts.improved


_COVERAGE = _("Steps done in LTC")
_IN_TIME = _("Steps done in time, 90 days")
_FIRST_PASS = _("Packages taken at first pass, 90 days")

CRITERIA = (
    Criterion("surveyed_2", Level.REPEATABLE, _("Steps of which is known how they are done"), 80, _surveyed),
    Criterion("coverage_2", Level.REPEATABLE, _COVERAGE, 30, _coverage),
    Criterion("taught", Level.REPEATABLE, _("Whoever does the steps has been shown how, and can look it up")),
    Criterion("coverage_3", Level.DEFINED, _COVERAGE, 60, _coverage),
    Criterion("fit_3", Level.DEFINED, _("Fit of the steps done in LTC"), 50, _fit),
    Criterion("controls_3", Level.DEFINED, _("Steps with a control that something enforces"), 100, _controls),
    Criterion("agreed", Level.DEFINED, _("The departments have agreed on input, logic and output of the steps")),
    Criterion("coverage_4", Level.MEASURED, _COVERAGE, 80, _coverage),
    Criterion("seen_4", Level.MEASURED, _("Steps seen in use, of those said to be done in LTC, 90 days"), 80, _seen),
    Criterion("in_time_4", Level.MEASURED, _IN_TIME, 80, _in_time),
    Criterion("first_pass_4", Level.MEASURED, _FIRST_PASS, 80, _first_pass),
    Criterion("reviewed", Level.MEASURED, _("The figures are looked at every month, and what follows is written down")),
    Criterion("coverage_5", Level.OPTIMISING, _COVERAGE, 95, _coverage),
    Criterion("in_time_5", Level.OPTIMISING, _IN_TIME, 90, _in_time),
    Criterion("first_pass_5", Level.OPTIMISING, _FIRST_PASS, 90, _first_pass),
    Criterion(
        "improved",
        Level.OPTIMISING,
        _("Improvements of its steps that made it better, in the last year"),
        1,
        _improved,
        is_share=False,
    ),
)
BY_HAND = {one.code: one for one in CRITERIA if one.by_hand}
