"""The trend of coverage and maturity: the months that were kept, and how it is today."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, fields

from django.db.models import QuerySet

from core.calendar import today
from maturity import levels
from maturity.models import Level, Snapshot
from maturity.selectors import Figures, coverage, total

MOST_MONTHS = 24


@dataclass(frozen=True)
class Point:
    """The figures at the beginning of a month, or today; `levels` of the stages that are shown."""

    on: dt.date
    figures: Figures
    levels: dict[str, Level]


def trend(department_id: int | None = None, stage: str = "") -> list[Point]:
    """Up to 24 months that were kept, the oldest first, and today: of a department, a stage, both, or the company.

    A department has no level: maturity is that of a stage.
    """
    months = sorted(set(_rows(department_id, stage).values_list("month", flat=True)))[-MOST_MONTHS:]
    figures: defaultdict[dt.date, Figures] = defaultdict(Figures)
    reached: defaultdict[dt.date, dict[str, Level]] = defaultdict(dict)
    for row in _rows(department_id, stage).filter(month__in=months):
        figures[row.month] += Figures(*(getattr(row, one.name) for one in fields(Figures)))
        if row.level is not None:
            reached[row.month][row.stage] = Level(row.level)
    return [*(Point(month, figures[month], reached[month]) for month in months), _now(department_id, stage)]


def _rows(department_id: int | None, stage: str) -> "QuerySet[Snapshot]":
    """The rows that add up to what is asked for; a whole stage is not added to its departments."""
    wanted = {"department_id": department_id} if department_id is not None else {"department__isnull": True}
    rows = Snapshot.objects.filter(**wanted)
    return rows.filter(stage=stage) if stage else rows


def _now(department_id: int | None, stage: str) -> Point:
    found = coverage()
    pairs = (
        pair for pair in found.pairs if department_id in (None, pair.department.pk) and stage in ("", pair.step.stage)
    )
    reached = {}
    if department_id is None:
        reached = {one.stage.code: one.level for one in levels.levels(found) if stage in ("", one.stage.code)}
    return Point(today(), total(pairs), reached)
