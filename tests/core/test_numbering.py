"""Gap-free numbers and plain codes."""

import random
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction

from core.errors import Refused
from core.models import Sequence
from core.numbering import PREFIXES, next_code, next_codes, next_number, sequence_name


class Oops(Exception):
    """Something went wrong after the number was drawn."""


@pytest.mark.django_db
def test_numbers_count_from_one_per_range() -> None:
    assert [next_number("invoice:A:2026") for _ in range(3)] == [1, 2, 3]
    assert next_number("invoice:B:2026") == 1
    assert Sequence.objects.get(key="invoice:A:2026").value == 3


@pytest.mark.django_db
def test_a_rollback_gives_the_number_back() -> None:
    assert next_number("invoice") == 1
    with pytest.raises(Oops), transaction.atomic():
        assert next_number("invoice") == 2
        raise Oops
    assert next_number("invoice") == 2


@pytest.mark.django_db(transaction=True)
def test_a_number_is_drawn_inside_a_transaction_only() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        next_number("invoice")
    assert not Sequence.objects.filter(key="invoice").exists()


@pytest.mark.django_db(transaction=True)
def test_no_gap_under_eight_writers_with_rollbacks(at_once: Callable[..., list[Any]]) -> None:
    def draw(writer: int) -> list[int]:
        dice, kept = random.Random(writer), []
        for _ in range(25):
            try:
                with transaction.atomic():
                    number = next_number("issued")
                    if dice.random() < 0.4:
                        raise Oops
                kept.append(number)
            except Oops:
                pass
        return kept

    issued = sorted(number for kept in at_once(draw, 8) for number in kept)
    assert len(issued) > 80
    assert issued == list(range(1, len(issued) + 1))
    assert Sequence.objects.get(key="issued").value == len(issued)


@pytest.mark.django_db(transaction=True)
def test_a_range_held_too_long_is_refused_with_a_sentence(at_once: Callable[..., list[Any]]) -> None:
    drawn = threading.Event()

    def act(thread: int) -> Any:
        with transaction.atomic():
            if thread == 0:
                number = next_number("held")
                drawn.set()
                time.sleep(1)
                return number
            drawn.wait(10)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(Refused) as refused:
                next_number("held")
            transaction.set_rollback(True)
            return refused.value.reasons

    held, reasons = at_once(act, 2)
    assert held == 1
    assert len(reasons) == 1
    assert Sequence.objects.get(key="held").value == 1


@pytest.mark.django_db
def test_codes_have_a_prefix_a_year_and_rise() -> None:
    first, second = next_code("LD", date(2026, 7, 1)), next_code("LD", date(2027, 1, 1))
    assert first.startswith("LD-2026-") and second.startswith("LD-2027-")
    assert len(first) == len("LD-2026-000123")
    assert int(second[-6:]) == int(first[-6:]) + 1


@pytest.mark.django_db
def test_the_year_of_a_code_is_that_of_the_company() -> None:
    with time_machine.travel(datetime(2027, 1, 1, 0, 30, tzinfo=ZoneInfo("Asia/Shanghai")), tick=False):
        assert next_code("PJ").startswith("PJ-2027-")


@pytest.mark.django_db
def test_many_codes_in_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        codes = next_codes("CU", 500, date(2026, 1, 1))
    assert len(set(codes)) == 500 and codes == sorted(codes)


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["ZZ", "ld", "", "LD; DROP TABLE x"])
def test_an_unknown_prefix_is_a_clear_error(prefix: str) -> None:
    with pytest.raises(ValueError, match="number range"):
        next_code(prefix)


@pytest.mark.django_db
def test_every_prefix_has_its_sequence_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE sequencename LIKE 'core\\_code\\_%'")
        assert {name for (name,) in cursor.fetchall()} == {sequence_name(prefix) for prefix in PREFIXES}
    assert len(set(PREFIXES)) == len(PREFIXES)
    for prefix in PREFIXES:
        assert next_code(prefix).startswith(f"{prefix}-")
