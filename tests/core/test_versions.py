"""Row versions and what a change really changes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction

from core.errors import Refused, Stale
from core.models import Currency, ExchangeRate, Sequence
from core.versions import as_json, assign, check_version, conflict_of, diff, lock_row

RATE = {"currency_id": "USD", "on": date(2026, 1, 1), "rate": Decimal("7.10000000")}


def test_the_same_version_and_none_pass() -> None:
    check_version(3, 3)
    check_version(3, None)


def test_another_version_is_stale_and_names_the_conflict() -> None:
    with pytest.raises(Stale) as stale:
        check_version(4, 3, lambda: {"title": ("mine", "theirs")})
    assert stale.value.conflict == {"title": ("mine", "theirs")}
    with pytest.raises(Stale) as stale:
        check_version(4, 3)
    assert stale.value.conflict == {"version": (3, 4)}


def test_diff_names_real_changes_in_json() -> None:
    rate = ExchangeRate(**RATE)
    assert diff(rate, {"rate": "7.1", "on": "2026-01-01", "currency": Currency(code="USD")}) == {}
    assert diff(rate, {"rate": "7.2", "on": date(2026, 1, 2), "currency": Currency(code="EUR")}) == {
        "rate": ("7.10000000", "7.2"),
        "on": ("2026-01-01", "2026-01-02"),
        "currency": ("USD", "EUR"),
    }
    assert diff(rate, {"currency_id": "EUR", "on": None}) == {"currency_id": ("USD", "EUR"), "on": ("2026-01-01", None)}


def test_diff_refuses_what_a_field_cannot_read_with_every_reason() -> None:
    with pytest.raises(Refused) as refused:
        diff(ExchangeRate(**RATE), {"rate": "many", "on": "2026-02-30"})
    assert len(refused.value.reasons) == 2
    with pytest.raises(FieldDoesNotExist):
        diff(ExchangeRate(**RATE), {"colour": "red"})


def test_assign_sets_what_changes_and_nothing_else() -> None:
    rate = ExchangeRate(**RATE)
    assert assign(rate, {"rate": "7.1", "on": "2026-02-01", "currency": Currency(code="EUR")}) == ["on", "currency"]
    assert (rate.rate, rate.on, rate.currency_id, rate.currency.code) == (
        Decimal("7.10000000"),
        date(2026, 2, 1),
        "EUR",
        "EUR",
    )


def test_conflict_shows_what_was_sent_and_what_is_stored() -> None:
    assert conflict_of(ExchangeRate(**RATE), {"rate": "7.1", "on": "2026-02-01"}) == {
        "on": ("2026-02-01", "2026-01-01")
    }


def test_as_json_falls_back_to_text() -> None:
    assert as_json(Reasonless()) == "a thing"
    assert as_json([1, "a"]) == [1, "a"]


class Reasonless:
    def __str__(self) -> str:
        return "a thing"


@pytest.mark.django_db(transaction=True)
def test_of_two_parallel_edits_one_wins_and_the_other_is_stale(at_once: Callable[..., list[Any]]) -> None:
    """The value of a sequence serves as the row version here."""
    row = Sequence.objects.create(key="record", value=1)

    def edit(_thread: int) -> str:
        try:
            with transaction.atomic():
                locked = lock_row(Sequence.objects.all(), row.pk)
                check_version(locked.value, 1)
                locked.value += 1
                locked.save(update_fields=["value"])
        except Stale:
            return "stale"
        return "won"

    assert sorted(at_once(edit, 4)) == ["stale", "stale", "stale", "won"]
    row.refresh_from_db()
    assert row.value == 2
