"""Reads of the ground floor."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Refused
from core.models import Currency, ExchangeRate
from core.money import ZERO, convert


def base_currency() -> str:
    """Code of the currency the books are kept in (settings.LTC_BASE_CURRENCY or CNY before any is marked)."""
    code = Currency.objects.filter(is_base=True).values_list("code", flat=True).first()
    return str(code or getattr(settings, "LTC_BASE_CURRENCY", "CNY"))


def rates_on(day: date) -> dict[str, Decimal]:
    """What one unit of every currency is worth in base currency on a day; those without a rate are left out."""
    latest = ExchangeRate.objects.filter(on__lte=day).order_by("currency_id", "-on").distinct("currency_id")
    return {**dict(latest.values_list("currency_id", "rate")), base_currency(): Decimal(1)}


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
        self.currency, self.rates = base_currency(), rates_on(day)
        self.missing: set[str] = set()

    def __call__(self, currency: str, amount: Decimal | None) -> Decimal:
        if not amount:
            return ZERO
        if currency not in self.rates:
            self.missing.add(currency)
            return ZERO
        return convert(amount, self.rates[currency])
