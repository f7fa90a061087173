"""Reads of the ground floor."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import Refused
from core.models import Currency, ExchangeRate
from core.money import ZERO, convert


def base_currency() -> str:
    """Code of the currency the books are kept in (settings.LTC_BASE_CURRENCY or CNY before any is marked)."""
    code = Currency.objects.filter(is_base=True).values_list("code", flat=True).first()
    return str(code or getattr(settings, "LTC_BASE_CURRENCY", "CNY"))


def currency_codes() -> list[str]:
    """Codes of all currencies; asked once a minute, since every form with an amount offers them."""
    return _codes(int(time.monotonic() // 60))


@lru_cache(maxsize=1)
def _codes(minute: int) -> list[str]:
    return list(Currency.objects.order_by("code").values_list("code", flat=True))


def rates_on(day: date) -> dict[str, Decimal]:
    """What one unit of every currency is worth in base currency on a day; those without a rate are left out."""
    return _rates_on(day, base_currency())


def _rates_on(day: date, base: str) -> dict[str, Decimal]:
    latest = ExchangeRate.objects.filter(on__lte=day).order_by("currency_id", "-on").distinct("currency_id")
    return {**dict(latest.values_list("currency_id", "rate")), base: Decimal(1)}


def rate_on(currency: Currency | str, day: date) -> Decimal:
    """What one unit of a currency is worth in base currency on a day: the latest rate not after it.

    1 for the base currency; Refused when no rate is known by that day.
    """
    code = currency.code if isinstance(currency, Currency) else currency
    if code == base_currency():
        return Decimal(1)
    known = ExchangeRate.objects.filter(currency_id=code, on__lte=day).order_by("-on")
    rate = known.values_list("rate", flat=True).first()
    if rate is None:
        sentence = _("There is no exchange rate for %(currency)s on or before %(day)s.")
        raise Refused(sentence % {"currency": code, "day": day.isoformat()})
    return rate


class InBase:
    """Turns amounts into base currency at the rates of one day. A currency without a rate is named, never added."""

    def __init__(self, day: date) -> None:
        self.currency = base_currency()
        self.rates = _rates_on(day, self.currency)
        self.missing: set[str] = set()

    def __call__(self, currency: str, amount: Decimal | None) -> Decimal:
        if not amount:
            return ZERO
        if currency not in self.rates:
            self.missing.add(currency)
            return ZERO
        return convert(amount, self.rates[currency])


@dataclass(frozen=True)
class Total:
    """How many rows a column of a board has, up to a cap, and what they are worth in base currency.

    `amount` is None where the rows carry none; `missing` names currencies without a rate, which are not in it.
    """

    number: int
    capped: bool
    amount: Decimal | None = None
    currency: str = ""
    missing: tuple[str, ...] = ()

    @property
    def number_text(self) -> str:
        """The number as it is shown: "1000+" where there are more."""
        return f"{self.number}+" if self.capped else str(self.number)

    @property
    def is_at_least(self) -> bool:
        """Whether the amount is a lower bound only: not all rows were added, or a rate is missing."""
        return self.capped or bool(self.missing)


_PART = """(SELECT jsonb_build_array(coalesce(sum(n), 0), jsonb_object_agg(coalesce(code, ''), s)) FROM
    (SELECT code, count(*) AS n, sum(amount)::text AS s FROM ({sql}) AS part (pk, amount, code) GROUP BY code) AS found)
"""


def column_totals(
    querysets: Sequence[QuerySet[Any]], *, day: date, amount: str = "", currency: str = "", cap: int = 1000
) -> list[Total]:
    """Count several querysets and add up a field of theirs, each up to a cap, in one statement.

    Rates are asked for only where something is in another than the base currency.
    """
    parts: list[str] = []
    params: list[Any] = []
    for queryset in querysets:
        rows = queryset.order_by().values_list("pk", amount or "pk", currency or "pk")[: cap + 1]
        try:
            sql, values = rows.query.sql_with_params()
        except EmptyResultSet:
            parts.append("'[0, null]'::jsonb")
            continue
        columns = f"SELECT c1, {'c2' if amount else 'NULL::numeric'}, {'c3::text' if currency else 'NULL'}"
        parts.append(_PART.format(sql=f"{columns} FROM ({sql}) AS rows_of (c1, c2, c3)"))
        params += values
    if not parts:
        return []
    with connection.cursor() as cursor:
        base = "(SELECT max(code) FROM core_currency WHERE is_base)"
        cursor.execute(f"SELECT {base}, {', '.join(parts)}", params)
        code, *found = cursor.fetchone()
    base_code = str(code or getattr(settings, "LTC_BASE_CURRENCY", "CNY"))
    sums = [_read(answer, base_code) for answer in found]
    foreign = any(set(by_currency) - {base_code} for _number, by_currency in sums)
    in_base = InBase(day) if foreign else None
    return [_total(number, by_currency, base_code, in_base, cap) for number, by_currency in sums]


def _read(answer: Any, base: str) -> tuple[int, dict[str, Decimal]]:
    """(number of rows, amount by currency) of one column; rows without a currency are in base currency."""
    number, sums = json.loads(answer) if isinstance(answer, str) else answer
    return int(number), {key or base: Decimal(value) for key, value in (sums or {}).items() if value is not None}


def _total(number: int, sums: dict[str, Decimal], base: str, in_base: InBase | None, cap: int) -> Total:
    shown = min(number, cap)
    if not sums:
        return Total(shown, number > cap)
    if in_base is None:
        return Total(shown, number > cap, sum(sums.values(), ZERO), base)
    missing = tuple(sorted(set(sums) - set(in_base.rates)))
    amount = sum((in_base(code, value) for code, value in sums.items()), ZERO)
    return Total(shown, number > cap, amount, base, missing)
