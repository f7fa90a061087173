"""The cache may be away: pages go on, and the log says so."""

import pytest
from django.core.cache import caches
from django.test import Client

from tests.accounts.door import PASSWORD, came_in, code_of, give_app, make_guest


@pytest.fixture
def away(settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    return caches["default"]


def test_reads_find_nothing_and_writes_count_as_done(away, caplog) -> None:
    away.set("a", 1)
    assert away.get("a", "nothing") == "nothing"
    assert away.add("a", 1) is True
    assert away.get_many(["a"]) == {}
    assert away.incr("a") == 1
    assert away.delete("a") is False and away.touch("a") is False
    assert caplog.text.count("The cache does not answer (ConnectionError)") == 7


def test_what_is_no_fault_of_redis_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="not found"):
        caches["default"].incr("never-set")


@pytest.mark.django_db
def test_one_signs_in_with_a_second_factor_while_redis_is_away(away) -> None:
    user = make_guest("guest")
    secret, client = give_app(user), Client()
    client.post("/login/", {"username": user.username, "password": PASSWORD})
    client.post("/login/code/", {"code": code_of(secret)})
    assert came_in(client)
