"""The world of the access tests: built once, in a transaction that is rolled back after the last of them."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from core.api.throttling import PerUser
from tests.access.eyes import Eyes, eyes
from tests.access.world import World, build


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: "pytest.FixtureRequest") -> Iterator[World]:
    """The three deals and the people who look at them; each test runs inside a savepoint of its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def savepoint(world: World) -> Iterator[None]:
    """Whatever a test writes is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walking all addresses of the API is more than one person may ask of it in a minute."""
    monkeypatch.setattr(PerUser, "allow_request", lambda *asked: True)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No traceback is logged."""
    yield
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.fixture
def crowd(world: World) -> list[Eyes]:
    """Everybody who works on the own deal, and one person of every role."""
    found = {person.pk: Eyes(world, person) for person in world.deals["own"].people.values()}
    everybody = [*found.values(), *(eyes(world, name) for name in world.people)]
    for one in everybody:
        assert one.client  # signed in now, so that no session is written later
    return everybody
