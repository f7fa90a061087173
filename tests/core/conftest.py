"""Fixtures of the ground floor's tests."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from django.db import connection, models
from hypothesis import HealthCheck, settings

from core import calendar
from core.models import CalendarYear, WorkingDay

# A busy machine is no finding: examples have no deadline, and drawing them may take its time.
settings.register_profile(
    "ltc", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("ltc")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of tests that take many seconds; they belong to the suite all the same."""
    config.addinivalue_line("markers", "slow: takes many seconds")


@pytest.fixture(autouse=True)
def forgotten_calendar() -> Iterator[None]:
    """No test sees the days another one remembered."""
    calendar.forget()
    yield
    calendar.forget()


@pytest.fixture
def empty_calendar(db: None) -> None:
    """A calendar without a single known day or year, whatever was seeded."""
    WorkingDay.objects.all().delete()
    CalendarYear.objects.all().delete()


class Row(models.Model):
    """A row with every kind of column a list is sorted by; its table lives in the test's own session."""

    name = models.TextField()
    place = models.IntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    due_on = models.DateField(null=True)
    at = models.DateTimeField()
    parent = models.ForeignKey("self", models.PROTECT, null=True)

    objects: ClassVar["models.Manager[Row]"] = models.Manager()

    class Meta:
        app_label = "core_tests"  # of no installed app, so that no migration is missing
        managed = False
        db_table = "core_test_row"


ROW_TABLE = """
    CREATE TEMP TABLE core_test_row (
        id bigserial PRIMARY KEY, name text NOT NULL DEFAULT '', place integer NOT NULL DEFAULT 0,
        amount numeric(18, 2), due_on date, at timestamptz NOT NULL DEFAULT now(), parent_id bigint
    ) ON COMMIT DROP
"""


@pytest.fixture
def rows(db: None) -> type[Row]:
    """The model of the temporary table, empty."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_TABLE)
    return Row


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Run the same act in several threads from one starting shot, each with a connection of its own."""

    def run(act: Callable[[int], Any], threads: int) -> list[Any]:
        shot = threading.Barrier(threads, timeout=30)

        def one(number: int) -> Any:
            try:
                shot.wait()
                return act(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, range(threads)))

    return run
