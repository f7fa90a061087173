"""Sharing amounts out over tax rates, so that every sum stays right to the cent. Decimal in, Decimal out, no Django."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from core.money import ZERO, Split, allocate, round_money

Rate = TypeVar("Rate")


def spread(by_rate: Mapping[Rate, Split], amounts: Sequence[Decimal]) -> list[dict[Rate, Split]]:
    """Split gross `amounts` over rates, in proportion to what is left of each rate.

    Each part sums to its amount; where the amounts sum to the whole, the parts of each rate sum to that
    rate's gross, net and tax: the last part takes what is left. ValueError when more is asked than there is.
    """
    left = dict(by_rate)
    parts = []
    for amount in amounts:
        part = take(left, amount)
        left = {rate: left[rate] + -part[rate] if rate in part else left[rate] for rate in left}
        parts.append(part)
    return parts


def take(by_rate: Mapping[Rate, Split], amount: Decimal) -> dict[Rate, Split]:
    """The share of each rate in a gross `amount` taken out of `by_rate`."""
    whole = sum((split.gross for split in by_rate.values()), ZERO)
    if amount < 0 or amount > whole:
        raise ValueError(f"{amount} cannot be taken out of {whole}.")
    rates = [rate for rate, split in by_rate.items() if split.gross]
    if not rates:
        return {}
    shares = allocate(amount, [by_rate[rate].gross for rate in rates])
    return {rate: _part(by_rate[rate], share) for rate, share in zip(rates, shares, strict=True) if share}


def _part(split: Split, gross: Decimal) -> Split:
    """A part of one rate: its net in proportion, all of it when the whole gross is taken."""
    net = split.net if gross == split.gross else round_money(split.net * gross / split.gross)
    return Split(gross, net, gross - net)


def percent_amounts(gross: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """Amounts of payment terms by percent; the last one absorbs the rounding when they make up the whole."""
    amounts = [round_money(gross * percent / 100) for percent in percents]
    if amounts and sum(percents) == 100:
        amounts[-1] = gross - sum(amounts[:-1], ZERO)
    return amounts
