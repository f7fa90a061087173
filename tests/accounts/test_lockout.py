"""Seven wrong passwords lock: the account from every address, the address for every account, a code like a password."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import SecurityEntry, User
from core.errors import NotAllowed
from tests.accounts.door import PASSWORD, events, make_guest, wrong

pytestmark = pytest.mark.django_db
LIMIT = 7
HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def guest(db: None) -> User:
    return make_guest("guest")


@pytest.fixture
def other(db: None) -> User:
    return make_guest("other")


def enter(user: User, password: str = PASSWORD, ip: str = HERE) -> Any:
    return Client(REMOTE_ADDR=ip).post("/login/", {"username": user.username, "password": password})


def test_six_wrong_passwords_lock_nothing_and_the_seventh_does(guest) -> None:
    assert [wrong(guest.username, ip=HERE).status_code for _ in range(LIMIT)] == [200] * (LIMIT - 1) + [429]
    assert events(guest) == ["sign_in_failed"] * LIMIT + ["locked"]


def test_the_seventh_try_gets_in_with_the_right_password(guest) -> None:
    for _ in range(LIMIT - 1):
        wrong(guest.username, ip=HERE)
    assert enter(guest).status_code == 302
    assert wrong(guest.username, ip=HERE).status_code == 200, "the count begins anew"


def test_the_right_password_is_refused_while_locked(guest) -> None:
    for _ in range(LIMIT):
        wrong(guest.username, ip=HERE)
    for ip in (HERE, THERE):
        answer = enter(guest, ip=ip)
        assert answer.status_code == 429
        assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_an_account_is_locked_however_many_addresses_were_used(guest, other) -> None:
    codes = [wrong(guest.username, ip=f"203.0.113.{number}").status_code for number in range(1, LIMIT + 1)]
    assert codes == [200] * (LIMIT - 1) + [429]
    assert enter(guest, ip=THERE).status_code == 429
    assert enter(other, ip="203.0.113.1").status_code == 302, "one wrong password came from there, no more"


def test_an_address_is_locked_however_many_accounts_were_tried(guest, other) -> None:
    codes = [wrong(f"somebody{number}", ip=HERE).status_code for number in range(LIMIT)]
    assert codes == [200] * (LIMIT - 1) + [429]
    assert enter(other).status_code == 429
    assert enter(other, ip=THERE).status_code == 302, "the account itself is free"


def test_signing_in_as_oneself_does_not_free_an_address_for_more_guessing(guest, other) -> None:
    for _ in range(LIMIT - 1):
        wrong(other.username, ip=HERE)
    assert enter(guest).status_code == 302
    assert wrong(other.username, ip=HERE).status_code == 429


def test_a_name_nobody_has_is_locked_in_the_same_words(guest) -> None:
    def last(username: str, ip: str) -> str:
        answers = [wrong(username, ip=ip) for _ in range(LIMIT)]
        return answers[-1].content.decode().partition("<main")[2]

    assert last("nobody-of-this-name", HERE).partition("csrf")[0] == last(guest.username, THERE).partition("csrf")[0]


def test_it_ends_after_half_an_hour_and_trying_does_not_prolong_it(guest) -> None:
    for _ in range(LIMIT):
        wrong(guest.username, ip=HERE)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=29), tick=False):
        assert enter(guest).status_code == 429
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31), tick=False):
        assert enter(guest).status_code == 302


def test_the_security_administrator_unlocks(guest, security, admin, auditor) -> None:
    for _ in range(LIMIT):
        wrong(guest.username, ip=HERE)
    for nobody in (admin, auditor, guest):
        with pytest.raises(NotAllowed):
            services.unlock(guest, by=nobody)
    assert enter(guest).status_code == 429
    assert services.unlock(guest, by=security) >= 1
    assert enter(guest).status_code == 302
    assert "unlocked" in events(guest)


def test_redis_has_no_part_in_it(guest, settings, caplog) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert enter(guest).status_code == 302
    assert [wrong(guest.username, ip=THERE).status_code for _ in range(LIMIT)][-1] == 429


def test_a_typed_name_that_is_nobodys_is_not_kept_in_the_log() -> None:
    """It may be a password typed into the wrong field."""
    wrong("my-secret-typed-here", ip=HERE)
    entry = SecurityEntry.objects.get(event="sign_in_failed")
    assert entry.user is None
    assert "my-secret" not in f"{entry.by_name} {entry.details}"


def test_tries_while_locked_write_no_lines(guest) -> None:
    for _ in range(LIMIT + 5):
        wrong(guest.username, ip=HERE)
    assert events(guest).count("sign_in_failed") == LIMIT


def test_the_old_password_cannot_be_guessed_at_the_change_of_password_either(guest) -> None:
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(guest)
    typed = {"old_password": "wrong", "new_password1": "another long secret", "new_password2": "another long secret"}
    assert [client.post("/password/", typed).status_code for _ in range(LIMIT)] == [200] * (LIMIT - 1) + [429]
    answer = client.post("/password/", {**typed, "old_password": PASSWORD})
    assert answer.status_code == 429
    guest.refresh_from_db()
    assert guest.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("proxies", "header", "seen"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 192.0.2.5", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_behind_proxies_the_address_is_what_the_outermost_of_ours_saw(guest, settings, proxies, header, seen) -> None:
    settings.LTC_PROXIES = proxies
    Client().post("/login/", {"username": guest.username, "password": "wrong"}, headers={"x-forwarded-for": header})
    assert SecurityEntry.objects.get(user=guest).ip == seen
