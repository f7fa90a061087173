"""One line of a bank statement as every format gives it, and what can be wrong with one."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from core.calendar import today
from core.text import clean_text

_NOTHING = {"", "-", "--", "—", "——", "/"}
_LARGEST = Decimal(10) ** 16
# A spreadsheet number keeps 15 digits; a longer reference or account has lost its tail.
_EXACT = 10**15
_TEXT_AS_FORMULA = re.compile(r'^="([^"]*)"$')
_CURRENCIES = {"人民币": "CNY", "RMB": "CNY", "CNY": "CNY", "156": "CNY", "美元": "USD", "欧元": "EUR", "港币": "HKD"}


class Problem(ValueError):
    """Why one line cannot be taken, as a sentence without the line's number."""


@dataclass(frozen=True)
class BankLine:
    """One movement on one of our accounts; `number` is its row (or entry) in the file, counted from 1."""

    number: int
    booked_on: dt.date
    is_credit: bool
    gross_amount: Decimal
    name: str = ""
    account: str = ""
    summary: str = ""
    reference: str = ""
    balance: Decimal | None = None


def text_of(value: Any) -> str:
    """A cell as text: numbers without .0, `="0123"` (how banks keep digits) as 0123.

    Raises Problem for a formula, and for a number too long for a spreadsheet to hold.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        if abs(value) >= _EXACT:
            raise Problem(_("A number of more than 15 digits was stored as a number and lost digits: export as text."))
        return str(int(value)) if value == int(value) else repr(value)
    text = clean_text(str(value)).strip()
    kept = _TEXT_AS_FORMULA.match(text)
    if kept:
        return kept[1].strip()
    if text.startswith("="):
        raise Problem(_("A cell holds a formula: export values only."))
    return text


def amount_of(value: Any) -> Decimal | None:
    """An amount to the cent; None for an empty cell. Raises Problem for what is no amount."""
    if isinstance(value, float):
        exact = Decimal(repr(value))
        amount = exact.quantize(Decimal("0.01")) if abs(exact) < _LARGEST else exact
        # 1234.5600000000001 is how a spreadsheet stores 1234.56.
        if abs(amount - exact) > Decimal("0.000001"):
            raise Problem(_("“%(text)s” is no amount of money.") % {"text": value})
        return _within(amount, value)
    text = unicodedata.normalize("NFKC", text_of(value)).replace(",", "").replace(" ", "").lstrip("¥￥")
    if text in _NOTHING:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= _LARGEST or amount != amount.quantize(Decimal("0.01")):
        raise Problem(_("“%(text)s” is no amount of money.") % {"text": text[:40]})
    return amount.quantize(Decimal("0.01"))


def _within(amount: Decimal, value: Any) -> Decimal:
    if not amount.is_finite() or abs(amount) >= _LARGEST:
        raise Problem(_("“%(text)s” is no amount of money.") % {"text": value})
    return amount


def day_of(value: Any, formats: tuple[str, ...]) -> dt.date:
    """A day in one of the formats (or a spreadsheet's own date). Raises Problem for none, or one to come."""
    if isinstance(value, dt.datetime):
        return _plausible(value.date(), str(value))
    if isinstance(value, dt.date):
        return _plausible(value, str(value))
    text = text_of(value)
    day = _parsed(text, formats)
    if day is None:
        raise Problem(_("“%(text)s” is no date of this template.") % {"text": text[:40]})
    return _plausible(day, text)


@lru_cache(maxsize=4096)
def _parsed(text: str, formats: tuple[str, ...]) -> dt.date | None:
    first = re.split(r"[ T]", text, maxsplit=1)[0]
    for pattern in formats:
        for candidate in (text, first):
            try:
                return dt.datetime.strptime(candidate, pattern).date()
            except ValueError:
                continue
    return None


def _plausible(day: dt.date, text: str) -> dt.date:
    if not dt.date(2000, 1, 1) <= day <= today() + dt.timedelta(days=1):
        raise Problem(_("“%(text)s” is not a day money can have moved on.") % {"text": text[:40]})
    return day


def currency_of(text: str) -> str:
    """The code of a currency as banks write it; what is unknown stays as it is."""
    plain = text.strip().upper()
    return _CURRENCIES.get(plain) or _CURRENCIES.get(plain.removesuffix("元")) or plain
