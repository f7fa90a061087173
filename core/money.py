"""Arithmetic of money: Decimal in, Decimal out, no Django, no database.

`gross` is with VAT 含税, `net` without 不含税, `tax` between them. A rate is in percent: Decimal(13) means 13 %.
All amounts are in one currency; unlike currencies are never added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

Number = Decimal | int

ZERO = Decimal("0.00")

# Wide enough for 18-digit amounts times 18-digit rates; the default context of 28 digits is not.
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)

# No VAT rate lies between 0 and 0.5 %, so a smaller one is a fraction (0.13) passed for a percentage (13).
_SMALLEST_RATE = Decimal("0.5")


def _decimal(value: Number) -> Decimal:
    """Take Decimal and int; a float is refused because it has already lost cents."""
    if isinstance(value, float) or not isinstance(value, Decimal | int):
        raise TypeError(f"Money is Decimal, not {type(value).__name__}.")
    return Decimal(value)


def round_money(amount: Number, digits: int = 2) -> Decimal:
    """Round half up, away from zero for negatives, so that a reversal mirrors its original: the one rounding."""
    unit = Decimal(1).scaleb(-digits)
    return _decimal(amount).quantize(unit, context=_CONTEXT) + unit * 0  # adding 0 turns -0.00 into 0.00


def check_rate(rate: Number) -> Decimal:
    """Return a tax rate in percent; ValueError when negative or when a fraction was passed for a percentage."""
    percent = _decimal(rate)
    if not percent.is_finite() or percent < 0 or 0 < percent < _SMALLEST_RATE:
        raise ValueError(f"A tax rate is in percent, 13 means 13 %, not {rate}.")
    return percent


def net_of(gross: Number, rate: Number) -> Decimal:
    """Net of a gross amount: gross ÷ (1 + rate), the formula of the VAT rules (实施细则 art. 14)."""
    percent = check_rate(rate)
    return round_money(_CONTEXT.divide(_decimal(gross) * 100, 100 + percent))


def tax_of(gross: Number, rate: Number) -> Decimal:
    """VAT inside a gross amount, as gross − net, so that net + tax is always gross."""
    return round_money(gross) - net_of(round_money(gross), rate)


def gross_of(net: Number, rate: Number) -> Decimal:
    """Gross of a net amount: net + net × rate, the tax rounded once (销项税额 = 销售额 × 税率)."""
    return split_net(net, rate).gross


@dataclass(frozen=True, slots=True)
class Split:
    """One amount on both money bases; gross = net + tax to the cent."""

    gross: Decimal = ZERO
    net: Decimal = ZERO
    tax: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.gross != self.net + self.tax:
            raise ValueError(f"{self.gross} gross is not {self.net} net + {self.tax} tax.")

    def __add__(self, other: object) -> "Split":
        if not isinstance(other, Split):
            return NotImplemented
        return Split(self.gross + other.gross, self.net + other.net, self.tax + other.tax)

    def __radd__(self, other: object) -> "Split":
        """Let sum() start at 0."""
        return self if other == 0 else NotImplemented

    def __neg__(self) -> "Split":
        return Split(-self.gross, -self.net, -self.tax)


def split_gross(gross: Number, rate: Number) -> Split:
    """Split a gross amount at a rate in percent; gross stays as it was, rounded to the cent."""
    whole = round_money(gross)
    net = net_of(whole, rate)
    return Split(whole, net, whole - net)


def split_net(net: Number, rate: Number) -> Split:
    """Build up from a net amount at a rate in percent; net stays as it was, rounded to the cent."""
    base = round_money(net)
    tax = round_money(base * check_rate(rate) / 100)
    return Split(base + tax, base, tax)


def allocate(total: Number, weights: Sequence[Number], digits: int = 2) -> list[Decimal]:
    """Share an amount out by weights so that the shares add up to it exactly (largest remainder, ties to the end).

    Weights must not be negative; all zero means equal shares. ValueError without any weight.
    """
    shares = [Fraction(_decimal(weight)) for weight in weights]
    if not shares or min(shares) < 0:
        raise ValueError("Sharing out needs at least one weight, and none below zero.")
    if not any(shares):
        shares = [Fraction(1)] * len(shares)
    unit = Decimal(1).scaleb(-digits)
    amount = round_money(total, digits)
    sign = -1 if amount < 0 else 1
    cents, whole = int(abs(amount).scaleb(digits, _CONTEXT)), sum(shares)
    exact = [cents * share / whole for share in shares]
    floors = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (exact[i] - floors[i], i), reverse=True)
    for i in by_remainder[: cents - sum(floors)]:
        floors[i] += 1
    return [_CONTEXT.multiply(Decimal(sign * part), unit) + unit * 0 for part in floors]


def convert(amount: Number, rate: Number) -> Decimal:
    """Foreign amount × rate of the day = amount in base currency, rounded to the cent."""
    return round_money(_CONTEXT.multiply(_decimal(amount), _decimal(rate)))


_SYMBOLS = {"CNY": "¥", "USD": "US$", "EUR": "€", "HKD": "HK$", "JPY": "JP¥"}
_NO_BREAK_SPACE = "\u00a0"


def format_money(amount: Number | None, currency: str = "", language: str = "zh-hans", digits: int = 2) -> str:
    """Write an amount with thousands separators and 2 decimals: ¥1,234.50 in Chinese, CNY 1,234.50 in English."""
    if amount is None:
        return ""
    rounded = round_money(amount, digits)
    symbol = _SYMBOLS.get(currency, "") if language.startswith("zh") else ""
    prefix = symbol or (currency + _NO_BREAK_SPACE if currency else "")
    return f"{'-' if rounded < 0 else ''}{prefix}{abs(rounded):,.{digits}f}"


_STEPS = {"zh": ((Decimal(10**8), "亿"), (Decimal(10**4), "万")), "en": ((Decimal(10**6), "M"), (Decimal(10**3), "K"))}


def format_money_short(amount: Number | None, language: str = "zh-hans") -> str:
    """Write an amount for charts and cards: 1.2亿, 35.6万; in English 1.2M, 35.6K."""
    if amount is None:
        return ""
    value = _decimal(amount)
    for step, unit in _STEPS["zh" if language.startswith("zh") else "en"]:
        if abs(value) >= step:
            return f"{round_money(value / step, 1):,f}".removesuffix(".0") + unit
    return f"{round_money(value, 0):,f}"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")


def _capital_section(number: int) -> str:
    """Read 0 to 9999: inner zeros once, trailing zeros not at all."""
    text = ""
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit != "0":
            text += _DIGITS[int(digit)] + place
        elif text and not text.endswith("零"):
            text += "零"
    return text.rstrip("零")


def _capital_integer(number: int) -> str:
    """Read a whole number by 亿 and 万; a lower part with a leading zero is joined by one 零."""
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            high, low = divmod(number, size)
            joint = "零" if 0 < low < size // 10 else ""
            return _capital_integer(high) + unit + joint + (_capital_integer(low) if low else "")
    return _capital_section(number)


def rmb_capital(amount: Number) -> str:
    """Write an amount in 人民币大写 as on contracts and invoices.

    Rules: 支付结算办法 annex 1 - 整 after 元 and 角, never after 分; one 零 for inner zeros; 零 before 分 when 角 is 0.
    """
    rounded = round_money(amount)
    yuan, cents = divmod(int(abs(rounded).scaleb(2, _CONTEXT)), 100)
    jiao, fen = divmod(cents, 10)
    text = "负" if rounded < 0 else ""
    if yuan or not cents:
        text += (_capital_integer(yuan) or "零") + "元"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif fen and yuan:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")
