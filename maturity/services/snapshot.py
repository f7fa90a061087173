"""Keeping the figures month by month."""

import datetime as dt

from django.db import transaction

from core.calendar import today
from maturity.levels import levels
from maturity.models import Snapshot
from maturity.selectors import coverage


@transaction.atomic
def keep(day: dt.date | None = None) -> int:
    """Keep the figures as they are now for the month of `day` (today in the company's time zone).

    Once per month: where the month has figures nothing is written, so the bell may ring daily and a bell that was
    missed is made up for. Returns how many rows were kept.
    """
    month = (day or today()).replace(day=1)
    if Snapshot.objects.filter(month=month).exists():
        return 0
    found = coverage()
    if not found.pairs:  # no process yet
        return 0
    wholes = [
        Snapshot(month=month, stage=one.stage.code, level=one.level, **vars(one.facts.figures)) for one in levels(found)
    ]
    parts = [
        Snapshot(month=month, stage=stage, department_id=pk, **vars(figures))
        for (pk, stage), figures in found.cells.items()
    ]
    # Of two jobs at the same moment the second one adds nothing.
    return len(Snapshot.objects.bulk_create([*wholes, *parts], ignore_conflicts=True))
