"""Arithmetic of the four costings: Decimal in, Decimal out, no Django, no database. All amounts are net."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.money import ZERO, net_of, round_money

HUNDRED = Decimal(100)


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
