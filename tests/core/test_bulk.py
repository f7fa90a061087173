"""Many rows by COPY: they get their keys, the database's checks hold, and a failed batch leaves nothing."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core import bulk
from core.models import Currency, ExchangeRate

pytestmark = pytest.mark.django_db


def rate(day: int, value: str, currency: str = "USD") -> ExchangeRate:
    return ExchangeRate(currency_id=currency, on=dt.date(2019, 1, day), rate=Decimal(value))


def test_rows_are_written_as_a_save_would_and_know_their_keys() -> None:
    Currency.objects.get_or_create(code="USD")
    rows = [rate(day, f"7.{day}") for day in range(1, 4)]
    bulk.insert(rows)
    assert all(row.pk and not row._state.adding for row in rows)
    assert len({row.pk for row in rows}) == 3
    found = ExchangeRate.objects.filter(currency_id="USD", on__year=2019).order_by("on")
    assert [(one.pk, one.on.day, one.rate) for one in found] == [
        (row.pk, day, Decimal(f"7.{day}")) for day, row in enumerate(rows, 1)
    ]
    later = rate(9, "7.9")
    later.save()  # the sequence went on
    assert later.pk > max(row.pk for row in rows)


def test_nothing_of_a_batch_stands_where_one_row_is_refused() -> None:
    Currency.objects.get_or_create(code="USD")
    before = ExchangeRate.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert([rate(1, "7"), rate(1, "8")])
    assert ExchangeRate.objects.count() == before
    bulk.insert([])
    assert ExchangeRate.objects.count() == before
