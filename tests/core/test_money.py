"""Arithmetic of money."""

import subprocess
import sys
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    Split,
    allocate,
    convert,
    format_money,
    format_money_short,
    gross_of,
    net_of,
    rmb_capital,
    round_money,
    split_gross,
    split_net,
    tax_of,
)

amounts = st.decimals(D("-9999999999999999.99"), D("9999999999999999.99"), places=2)
rates = st.one_of(st.just(D(0)), st.decimals(D("0.5"), D(100), places=4))


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("0.004", "0.00"), ("-0.004", "0.00"), ("7", "7.00")],
)
def test_round_money_is_half_up_and_mirrors_negatives(amount: str, rounded: str) -> None:
    assert str(round_money(D(amount))) == rounded


def test_round_money_to_other_places() -> None:
    assert str(round_money(D("1234.5"), 0)) == "1235"
    assert str(round_money(9, 2)) == "9.00"
    assert round_money(D("12345678901234567890123.455")) == D("12345678901234567890123.46")


def test_money_is_never_a_float() -> None:
    with pytest.raises(TypeError):
        round_money(0.1)


@pytest.mark.parametrize(
    ("gross", "rate", "net", "tax"),
    [
        ("113.00", "13", "100.00", "13.00"),
        ("109.00", "9", "100.00", "9.00"),
        ("106.00", "6", "100.00", "6.00"),
        ("100.00", "13", "88.50", "11.50"),
        ("103.00", "3", "100.00", "3.00"),
        ("500.00", "0", "500.00", "0.00"),
        ("-113.00", "13", "-100.00", "-13.00"),
        ("0.01", "13", "0.01", "0.00"),
    ],
)
def test_gross_splits_into_net_and_tax(gross: str, rate: str, net: str, tax: str) -> None:
    assert (net_of(D(gross), D(rate)), tax_of(D(gross), D(rate))) == (D(net), D(tax))
    assert split_gross(D(gross), D(rate)) == Split(D(gross), D(net), D(tax))


def test_demo_deal_adds_up_over_three_rates() -> None:
    """1,006,000 gross = 900,000 net over three tax rates."""
    total = sum([split_net(D(700000), 13), split_net(D(100000), 9), split_net(D(100000), 6)])
    assert total == Split(D("1006000.00"), D("900000.00"), D("106000.00"))
    assert gross_of(D(700000), 13) == D("791000.00")


@given(amounts, rates)
def test_a_split_always_adds_up(amount: D, rate: D) -> None:
    for split in (split_gross(amount, rate), split_net(amount, rate)):
        assert split.gross == split.net + split.tax
        assert all(part == round_money(part) for part in (split.gross, split.net, split.tax))
    assert split_gross(amount, rate).gross == amount
    assert split_net(amount, rate).net == amount
    assert net_of(amount, rate) + tax_of(amount, rate) == amount
    assert -split_gross(amount, rate) == split_gross(-amount, rate)
    exact = Fraction(amount) / (1 + Fraction(rate) / 100)
    assert abs(Fraction(net_of(amount, rate)) - exact) <= Fraction(1, 200)


@given(st.lists(st.tuples(amounts, rates), max_size=8))
def test_a_sum_of_splits_adds_up(lines: list[tuple[D, D]]) -> None:
    total = sum((split_gross(amount, rate) for amount, rate in lines), Split())
    assert total.gross == total.net + total.tax == sum((amount for amount, _ in lines), D(0))


def test_a_split_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="is not"):
        Split(D("1.00"), D("0.90"), D("0.11"))


@pytest.mark.parametrize("rate", ["0.13", "-1", "NaN", "Infinity"])
def test_a_rate_is_in_percent(rate: str) -> None:
    with pytest.raises(ValueError, match="percent"):
        split_net(D(100), D(rate))


@given(amounts, st.lists(st.decimals(0, 10**9, places=4), min_size=1, max_size=20))
def test_allocation_sums_exactly_and_stays_within_a_cent(total: D, weights: list[D]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    whole = sum(map(Fraction, weights)) or len(weights)
    for share, weight in zip(shares, weights, strict=True):
        part = Fraction(weight) if any(weights) else Fraction(1)
        assert abs(Fraction(share) - Fraction(total) * part / whole) < Fraction(1, 100)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        ("100.00", [1, 1, 1], ["33.33", "33.33", "33.34"]),
        ("0.05", [1, 1], ["0.02", "0.03"]),
        ("-100.00", [1, 1, 1], ["-33.33", "-33.33", "-33.34"]),
        ("1006000.00", [30, 30, 35, 5], ["301800.00", "301800.00", "352100.00", "50300.00"]),
        ("10.00", [0, 0], ["5.00", "5.00"]),
        ("10.00", [0, 3], ["0.00", "10.00"]),
        ("0.00", [1, 2], ["0.00", "0.00"]),
    ],
)
def test_allocation_examples(total: str, weights: list[int], shares: list[str]) -> None:
    assert [str(share) for share in allocate(D(total), weights)] == shares


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_allocation_needs_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weight"):
        allocate(D(1), weights)


def test_convert_rounds_to_the_cent() -> None:
    assert convert(D("1234.56"), D("7.12345678")) == D("8794.33")
    assert convert(D("-0.10"), D("0.05")) == D("-0.01")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "零元整"),
        ("0.01", "壹分"),
        ("0.10", "壹角整"),
        ("0.56", "伍角陆分"),
        ("1", "壹元整"),
        ("1.05", "壹元零伍分"),
        ("10", "壹拾元整"),
        ("10.50", "壹拾元伍角整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("100000", "壹拾万元整"),
        ("1000000", "壹佰万元整"),
        ("1006000", "壹佰万陆仟元整"),
        ("10000001", "壹仟万零壹元整"),
        ("10010", "壹万零壹拾元整"),
        ("100100", "壹拾万零壹佰元整"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("1000500000", "壹拾亿零伍拾万元整"),
        ("1234567890.12", "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分"),
        ("9999999999999999.99", "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("1000000000000", "壹万亿元整"),
        ("-12.30", "负壹拾贰元叁角整"),
        ("-0.01", "负壹分"),
        ("0.005", "壹分"),
        ("0.004", "零元整"),
    ],
)
def test_rmb_capital(amount: str, text: str) -> None:
    assert rmb_capital(D(amount)) == text


_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def _read_capital(text: str) -> D:
    """Read a capital amount back, independently of how it was written."""
    sign, text = (-1, text[1:]) if text.startswith("负") else (1, text)
    yuan, _, cents = text.rpartition("元")
    total = section = digit = 0
    for char in yuan:
        if char in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(char)
        elif char in _UNITS:
            section, digit = section + digit * _UNITS[char], 0
        elif char == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    whole, small, digit = total + section + digit, 0, 0
    for char in cents.rstrip("整"):
        if char in "角分":
            small += digit * (10 if char == "角" else 1)
        else:
            digit = "零壹贰叁肆伍陆柒捌玖".index(char)
    return sign * (D(whole) + D(small) / 100)


@given(st.one_of(amounts, st.decimals(D("-99999.99"), D("99999.99"), places=2)))
def test_rmb_capital_reads_back(amount: D) -> None:
    text = rmb_capital(amount)
    assert _read_capital(text) == amount
    assert "零零" not in text and "零元" not in text.removeprefix("零元整")


def test_format_money() -> None:
    assert format_money(D("1234567.5")) == "1,234,567.50"
    assert format_money(D("-1234.567"), "CNY") == "-¥1,234.57"
    assert format_money(D("1234.5"), "CNY", "en") == "CNY\u00a01,234.50"
    assert format_money(D("1234.5"), "CHF") == "CHF\u00a01,234.50"
    assert format_money(D("1234.5"), "JPY", digits=0) == "JP¥1,235"
    assert format_money(None, "CNY") == ""
    assert format_money(D("-0.001")) == "0.00"


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        ("120000000", "1.2亿", "120M"),
        ("356000", "35.6万", "356K"),
        ("1234567890", "12.3亿", "1,234.6M"),
        ("9999.4", "9,999", "10K"),
        ("-15000", "-1.5万", "-15K"),
        ("12", "12", "12"),
    ],
)
def test_format_money_short(amount: str, zh: str, en: str) -> None:
    assert (format_money_short(D(amount)), format_money_short(D(amount), "en")) == (zh, en)


def test_money_imports_no_django() -> None:
    """finance.costing stands on it and imports no Django."""
    code = "import sys, core.money; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
