"""Sharing out over rates, for any figures: pure arithmetic, no database."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.splitting import percent_amounts, spread, take
from core.money import Split, split_gross

D = Decimal

cents = st.integers(min_value=0, max_value=10**9).map(lambda value: D(value) / 100)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(cents, min_size=1, max_size=4), st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_spread_keeps_every_sum(grosses: list[Decimal], weights: list[int]) -> None:
    rates = [13, 9, 6, 3]
    whole = {rate: split_gross(gross, rate) for rate, gross in zip(rates, grosses, strict=False)}
    total = sum((split.gross for split in whole.values()), D(0))
    percents = [D(weight * 100) / sum(weights) for weight in weights[:-1]]
    amounts = percent_amounts(total, [*percents, 100 - sum(percents, D(0))])
    parts = spread(whole, amounts) if min(amounts) >= 0 else []
    for amount, part in zip(amounts, parts, strict=False):
        assert sum((split.gross for split in part.values()), D(0)) == amount
        assert all(split.gross >= 0 and split.net >= 0 for split in part.values())
    if parts:
        for rate, split in whole.items():
            assert sum((part.get(rate, Split()) for part in parts), Split()) == split


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError):
        take({13: split_gross(D(100), 13)}, D("100.01"))
