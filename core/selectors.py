"""Reads of the ground floor."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, DecimalField, Expression, QuerySet, Value, When
from django.db.models.functions import Round
from django.utils.translation import gettext as _

from core.branches import some, some_of_each
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

    def row(self, amount: Any, currency: str) -> Expression:
        """The same inside a statement: each row to the cent, so that sums of rows add up; 0 without a rate.

        `amount` is an expression, `currency` the lookup of its currency.
        """
        worth = [When(**{currency: code}, then=amount * Value(rate)) for code, rate in sorted(self.rates.items())]
        field: DecimalField = DecimalField(max_digits=24, decimal_places=2)
        return Round(Case(*worth, default=Value(ZERO), output_field=field), precision=2, output_field=field)


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


def totals(
    querysets: Sequence[QuerySet[Any]], *, day: date, amount: str = "", currency: str = "", cap: int = 1000
) -> list[Total]:
    """Count several querysets and add up a field of theirs, each up to a cap, in one statement.

    Rates are asked for only where something is in another than the base currency.
    """
    fields, names, sums = _columns(amount, currency)
    parts: list[str] = []
    params: list[Any] = []
    for place, queryset in enumerate(querysets):
        sql, given = some(queryset.values_list(*fields), cap + 1)
        if sql:
            parts.append(f"SELECT {place}, {sums} FROM ({sql}) AS found ({names}) GROUP BY 1, 2")
            params += given
    return _added(" UNION ALL ".join(parts), params, range(len(querysets)), day, cap)


def column_totals(
    queryset: QuerySet[Any],
    *,
    by: str,
    values: Sequence[str],
    day: date,
    amount: str = "",
    currency: str = "",
    cap: int = 1000,
) -> list[Total]:
    """The same for the rows with each value of a field: the columns of a board."""
    fields, names, sums = _columns(amount, currency)
    sql, params = some_of_each(queryset.values_list(*fields), by, values, cap + 1, names)
    if sql:
        sql = f"SELECT of_each.value, {sums} FROM {sql} GROUP BY 1, 2"
    return _added(sql, params, values, day, cap)


def _columns(amount: str, currency: str) -> tuple[list[str], str, str]:
    """(fields to read, their names, what is counted and added up by currency)."""
    fields = ["pk", *filter(None, (amount, currency))]
    names = ", ".join(["pk", *(["amount"] if amount else []), *(["code"] if currency else [])])
    code, added = "code::text" if currency else "''", "sum(amount)" if amount else "NULL::numeric"
    return fields, names, f"{code}, count(*), {added}"


def _added(sql: str, params: list[Any], keys: Sequence[Any], day: date, cap: int) -> list[Total]:
    """Totals out of rows of (key, currency, number, sum); rows without a currency are in base currency."""
    if not sql:
        return [Total(0, False) for _key in keys]
    numbers: dict[Any, int] = dict.fromkeys(keys, 0)
    sums: dict[Any, dict[str, Decimal]] = {key: {} for key in keys}
    with connection.cursor() as cursor:
        base = "(SELECT max(code) FROM core_currency WHERE is_base)"
        cursor.execute(f"SELECT {base}, found.* FROM ({sql}) AS found", params)
        rows = cursor.fetchall()
    base = str((rows and rows[0][0]) or getattr(settings, "LTC_BASE_CURRENCY", "CNY"))
    for _base, key, code, number, amount in rows:
        numbers[key] += number
        if amount is not None:
            sums[key][code or base] = sums[key].get(code or base, ZERO) + amount
    foreign = any(set(one) - {base} for one in sums.values())
    in_base = InBase(day) if foreign else None
    return [_total(numbers[key], sums[key], base, in_base, cap) for key in keys]


def _total(number: int, sums: dict[str, Decimal], base: str, in_base: InBase | None, cap: int) -> Total:
    shown = min(number, cap)
    if not sums:
        return Total(shown, number > cap)
    if in_base is None:
        return Total(shown, number > cap, sum(sums.values(), ZERO), base)
    missing = tuple(sorted(set(sums) - set(in_base.rates)))
    amount = sum((in_base(code, value) for code, value in sums.items()), ZERO)
    return Total(shown, number > cap, amount, base, missing)
