"""The ladder of dunning as plain rules: which letter a line is ripe for, and what comes next with a customer.

No rows and no clock: whoever asks brings the facts and the day.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Rung(Protocol):
    """One level of the ladder, as the administrator keeps it (billing.models.DunningLevel)."""

    level: int
    days_overdue: int
    wait_days: int


class Standing(NamedTuple):
    """How far one overdue line has come: the level of its last letter (0: none), its day, a promise broken since."""

    days_overdue: int
    level: int = 0
    dunned_on: dt.date | None = None
    broken: bool = False


def next_level(line: Standing, ladder: Sequence[Rung], day: dt.date) -> int:
    """The level of the letter the line is ripe for on a day, 0 for none.

    Always the next rung only: a line long overdue still begins with the first letter, and gets one a day at most.
    After a letter `wait_days` pass, unless a promise was broken since.
    """
    rung = next((one for one in ladder if one.level > line.level), None)
    if rung is None or line.days_overdue < rung.days_overdue:
        return 0
    if line.dunned_on is None:
        return rung.level
    if day <= line.dunned_on:
        return 0
    waited = day >= line.dunned_on + dt.timedelta(days=rung.wait_days)
    return rung.level if waited or line.broken else 0
