"""The ladder of dunning as plain rules: which letter a line is ripe for, and what comes next with a customer.

No rows and no clock: whoever asks brings the facts and the day.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from core.money import ZERO

# Proposal from practice: whoever is overdue hears from us once a week.
CALL_EVERY_DAYS = 7


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


class Next(StrEnum):
    """What comes next with a customer."""

    NOTHING = "nothing"
    BANK = "bank"
    DISPUTE = "dispute"
    ESCALATE = "escalate"
    LETTER = "letter"
    CALL = "call"


class Facts(NamedTuple):
    """Where a customer stands; amounts with tax, in one currency."""

    overdue: Decimal = ZERO
    disputed: Decimal = ZERO  # of what is overdue
    promised: Decimal = ZERO  # of what is overdue and not disputed, for a later day
    letter: int = 0  # the highest letter a line is ripe for
    ladder_ended: bool = False  # a line has had the last letter, and the time after it has passed
    silent_days: int | None = None  # since anybody spoke with the customer; None: never
    bank_known: bool = True


def next_act(facts: Facts) -> tuple[Next, int]:
    """What comes next with a customer, and the level where it is a letter.

    What is left when disputes and promises are taken off asks for an act; before one the bank's data must be fresh.
    """
    if facts.overdue - facts.disputed - facts.promised <= 0:
        return (Next.DISPUTE if facts.disputed else Next.NOTHING), 0
    if not facts.bank_known:
        return Next.BANK, 0
    silent = facts.silent_days is None or facts.silent_days >= CALL_EVERY_DAYS
    if facts.ladder_ended and silent:
        return Next.ESCALATE, 0
    if facts.letter:
        return Next.LETTER, facts.letter
    return (Next.CALL if silent else Next.NOTHING), 0
