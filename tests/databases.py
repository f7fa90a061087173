"""pytest plugin: each worker's database is a clone of the prepared template, and tests connect as ltc_app.

Seeds (defaults, process) are therefore in the database from the start, and stay: a transactional test is
followed by a new clone instead of TRUNCATE, which ltc_app has no right to anyway.
"""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase

from ltc.local.testing import TestRun
from tests.services import worker_name


def pytest_configure(config: pytest.Config) -> None:
    """Serve static files by name in tests: a manifest would need a collectstatic run first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture(scope="session")
def database_template() -> str:
    """The name of the prepared template database."""
    return TestRun.current().template()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, database_template: str) -> Iterator[None]:
    """Clone this worker's database (in place of pytest-django's own database)."""
    run = TestRun.current()
    name = run.database(worker_name())

    def start_afresh(case: TransactionTestCase) -> None:
        connections.close_all()
        run.clone(name, database_template)
        cache.clear()

    run.clone(name, database_template)
    cache.clear()
    original = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = start_afresh
    yield
    TransactionTestCase._fixture_teardown = original
    connections.close_all()
    run.drop(name)


@pytest.fixture
def owner_connection(transactional_db: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """The test's database as its owner, who is not held by triggers and grants: to plant corruption.

    Autocommit, beside Django's connection: hence a transactional test.
    """
    run = TestRun.current()
    with run.connect(run.database(worker_name())) as connection:
        yield connection
