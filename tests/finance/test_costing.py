"""The arithmetic of the four costings, to the cent."""

from decimal import Decimal

import pytest

from finance import costing

D = Decimal


@pytest.mark.parametrize(
    ("gross", "percent", "deductible", "net"),
    [
        ("565000", "13", True, "500000.00"),
        ("51500", "3", True, "50000.00"),
        ("10600", "6", False, "10600.00"),
        ("10600", None, False, "10600.00"),
    ],
)
def test_line_net(gross: str, percent: str | None, deductible: bool, net: str) -> None:
    assert costing.line_net(D(gross), D(percent) if percent else None, deductible) == D(net)


def test_the_example_of_the_buyer() -> None:
    cost = D(500000) + D(50000) + D(10600) + costing.labour_net(D(40), D(2000))
    assert cost == D("640600.00")
    assert costing.margin(D(900000), cost) == D(259400)
    assert costing.margin_percent(D(900000), cost) == D("28.82")


def test_margin_percent_without_revenue_is_not_a_number() -> None:
    assert costing.margin_percent(D(0), D(10)) is None


@pytest.mark.parametrize(
    ("used", "budget", "threshold"),
    [
        ("89.99", "100", None),
        ("90", "100", 90),
        ("100", "100", 90),
        ("100.01", "100", 100),
        ("1", "0", 100),
        ("0", "0", None),
    ],
)
def test_threshold(used: str, budget: str, threshold: int | None) -> None:
    assert costing.threshold_of(D(used), D(budget)) == threshold


@pytest.mark.parametrize(
    ("code", "parent", "budgeted", "line"),
    [
        ("a.b", "a", {"a.b", "a"}, "a.b"),
        ("a.c", "a", {"a.b", "a"}, "a"),
        ("a.c", "a", {"a.b"}, "a.c"),
        ("a", None, {"b"}, "a"),
    ],
)
def test_budget_code(code: str, parent: str | None, budgeted: set[str], line: str) -> None:
    assert costing.budget_code(code, parent, budgeted) == line


@pytest.mark.parametrize(("to_complete", "expected"), [(None, "100"), ("30", "70"), ("0", "40")])
def test_forecast(to_complete: str | None, expected: str) -> None:
    given = D(to_complete) if to_complete is not None else None
    assert costing.forecast(D(40), D(20), D(100), given) == D(expected)
    assert costing.forecast(D(90), D(20), D(100), None) == D(110)
