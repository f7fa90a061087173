"""Currencies and dated rates."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.errors import Refused
from core.models import Currency, ExchangeRate
from core.selectors import base_currency, rate_on
from core.services import load_currencies

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def currencies() -> None:
    ExchangeRate.objects.all().delete()
    Currency.objects.all().delete()
    load_currencies()


def test_currencies_are_loaded_once_with_one_base() -> None:
    assert load_currencies() == 0
    assert set(Currency.objects.values_list("code", "digits")) == {
        ("CNY", 2),
        ("USD", 2),
        ("EUR", 2),
        ("HKD", 2),
        ("JPY", 0),
    }
    assert base_currency() == "CNY"


def test_another_base_is_kept() -> None:
    Currency.objects.filter(code="CNY").delete()
    Currency.objects.filter(code="EUR").update(is_base=True)
    assert load_currencies() == 1
    assert base_currency() == "EUR"


def test_the_rate_of_a_day_is_the_latest_not_after_it() -> None:
    for day, rate in ((1, "7.10"), (15, "7.20")):
        ExchangeRate.objects.create(currency_id="USD", on=date(2026, 3, day), rate=Decimal(rate))
    assert rate_on("USD", date(2026, 3, 1)) == Decimal("7.10")
    assert rate_on("USD", date(2026, 3, 14)) == Decimal("7.10")
    assert rate_on(Currency.objects.get(code="USD"), date(2026, 12, 31)) == Decimal("7.20")
    assert rate_on("CNY", date(2026, 3, 1)) == 1


def test_no_rate_is_a_refusal_that_names_currency_and_day() -> None:
    ExchangeRate.objects.create(currency_id="USD", on=date(2026, 3, 1), rate=Decimal("7.10"))
    for code, day in (("USD", date(2026, 2, 28)), ("EUR", date(2026, 3, 1))):
        with pytest.raises(Refused) as refused:
            rate_on(code, day)
        assert code in refused.value.reasons[0] and day.isoformat() in refused.value.reasons[0]


def test_the_database_keeps_one_base_and_one_rate_a_day() -> None:
    ExchangeRate.objects.create(currency_id="USD", on=date(2026, 3, 1), rate=Decimal("7.10"))
    for act in (
        lambda: Currency.objects.filter(code="USD").update(is_base=True),
        lambda: Currency.objects.create(code="usd", name="x"),
        lambda: ExchangeRate.objects.create(currency_id="USD", on=date(2026, 3, 1), rate=1),
        lambda: ExchangeRate.objects.create(currency_id="USD", on=date(2026, 3, 2), rate=0),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
