"""Arithmetic of the four costings: Decimal in, Decimal out, no Django, no database.

All amounts are net; cash alone moves with its VAT, so flows of cash are gross.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import ZERO, net_of, round_money

HUNDRED = Decimal(100)
# The 80th percentile of the standard normal distribution.
Z80 = Decimal("0.841621")


def line_net(gross: Decimal, percent: Decimal | None, deductible: bool) -> Decimal:
    """What a gross amount costs us: without the VAT that can be deducted, else with it."""
    if deductible and percent is not None:
        return net_of(gross, percent)
    return round_money(gross)


def labour_net(days: Decimal, net_day_amount: Decimal) -> Decimal:
    """What days of work cost; no VAT is in them."""
    return round_money(days * net_day_amount)


def margin(revenue: Decimal, cost: Decimal) -> Decimal:
    """What is left of the revenue."""
    return revenue - cost


def margin_percent(revenue: Decimal, cost: Decimal) -> Decimal | None:
    """The margin in percent of the revenue, to two decimals; None where there is no revenue."""
    if revenue == 0:
        return None
    return round_money((revenue - cost) * HUNDRED / revenue)


def variance(later: Decimal, earlier: Decimal) -> Decimal:
    """How much a costing is above the one before; negative is cheaper."""
    return later - earlier


def used_percent(used: Decimal, budget: Decimal) -> Decimal | None:
    """How much of a budget is spent and committed; None without a budget."""
    if budget == 0:
        return None
    return round_money(used * HUNDRED / budget)


def threshold_of(used: Decimal, budget: Decimal) -> int | None:
    """The highest alert threshold that is reached: 90 or 100 % of the budget; spending without one is over."""
    if used <= 0:
        return None
    if used > budget:
        return 100
    return 90 if used * HUNDRED >= budget * 90 else None


def budget_code(code: str, parent: str | None, budgeted: Iterable[str]) -> str:
    """Which budget line a category draws on: its own, else that of the category above it, else its own (of nothing)."""
    known = set(budgeted)
    return parent if parent and code not in known and parent in known else code


def grouped(
    amounts: Mapping[str, Decimal], parents: Mapping[str, str | None], budgeted: Iterable[str]
) -> dict[str, Decimal]:
    """Amounts by category summed up on the budget lines they draw on."""
    known = set(budgeted)
    found: dict[str, Decimal] = {}
    for code, amount in amounts.items():
        line = budget_code(code, parents.get(code), known)
        found[line] = found.get(line, ZERO) + amount
    return found


def forecast(cost: Decimal, committed: Decimal, budget: Decimal, to_complete: Decimal | None) -> Decimal:
    """预计完工: cost plus what the delivery manager still expects, else what is left of the budget."""
    if to_complete is not None:
        return cost + to_complete
    return max(budget, cost + committed)


def expected(low: Decimal, likely: Decimal, high: Decimal) -> Decimal:
    """What a line with a range is expected to cost: the PERT mean (low + 4 likely + high) / 6.

    Source: Malcolm, Roseboom, Clark, Fazar, Operations Research 7 (1959).
    """
    return round_money((low + 4 * likely + high) / 6)


def cost_at_80(mean: Decimal, ranges: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """P80: what the cost stays within in four of five cases.

    The ranges (low, high) of the lines are taken as independent with the PERT deviation (high - low) / 6 each, and
    their sum as normal. Source as for `expected`.
    """
    variance_sum = sum((((high - low) / 6) ** 2 for low, high in ranges), Decimal(0))
    return round_money(mean + Z80 * variance_sum.sqrt())


@dataclass(frozen=True)
class CashPoint:
    """One month of a cash curve: `month` its first day, what comes in and goes out, the balance since the start."""

    month: dt.date
    gross_in: Decimal
    gross_out: Decimal
    gross_balance: Decimal


def cash_curve(months: Iterable[tuple[dt.date, Decimal, Decimal]]) -> list[CashPoint]:
    """First days of months with the cash in and out, any order, as a curve over all months from first to last."""
    named = {month: (gross_in, gross_out) for month, gross_in, gross_out in months}
    balance, points = ZERO, []
    month, last = min(named, default=dt.date.max), max(named, default=dt.date.min)
    while month <= last:
        gross_in, gross_out = named.get(month, (ZERO, ZERO))
        balance += gross_in - gross_out
        points.append(CashPoint(month, gross_in, gross_out, balance))
        month = (month + dt.timedelta(days=31)).replace(day=1)
    return points


def peak_funding(curve: Sequence[CashPoint]) -> Decimal:
    """垫资峰值: the most of our own money that is out at any month's end; 0 where the customer pays ahead."""
    return max((-point.gross_balance for point in curve), default=ZERO).max(ZERO)


def payback_month(curve: Sequence[CashPoint]) -> dt.date | None:
    """The month from which on no money of ours is out any more; None where it never comes back, or nothing is said."""
    back = None
    for point in reversed(curve):
        if point.gross_balance < 0:
            break
        back = point.month
    return back
