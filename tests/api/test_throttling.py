"""Too many requests are 429; without the cache nobody is kept out."""

import logging
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import User
from accounts.services import make_token
from core.api.throttling import PerUser
from tests.api.caller import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice_a_minute(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(PerUser, "rate", "2/min", raising=False)
    cache.clear()
    yield
    cache.clear()


def test_too_many_requests_are_told_when_to_come_again(sales: User, sales2: User, twice_a_minute: None) -> None:
    caller = Caller(sales)
    assert [caller.get("leads/").status_code for _ in range(2)] == [200, 200]
    answer = caller.get("leads/")
    problem(answer, 429)
    assert 0 < int(answer["Retry-After"]) <= 60
    assert Caller(sales2).get("leads/").status_code == 200, "another person is not counted in"
    text = make_token(sales, label="own")[1]
    assert Caller(token=text).get("leads/").status_code == 200, "a token has a count of its own"


def test_without_the_cache_everybody_passes_and_the_log_says_so(
    sales: User, twice_a_minute: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        def get(self, *args: Any) -> Any:
            raise ConnectionError("Redis is gone")

    monkeypatch.setattr(PerUser, "cache", Gone())
    caller = Caller(sales)
    with caplog.at_level(logging.WARNING, logger="core.api.throttling"):
        assert [caller.get("leads/").status_code for _ in range(3)] == [200, 200, 200]
    assert "the cache cannot be reached" in caplog.text
