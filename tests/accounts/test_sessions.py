"""Where one is signed in, and ending that: by oneself, by a new password, by leaving."""

import datetime as dt

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from core.errors import NotAllowed
from tests.accounts.door import PASSWORD, came_in, events, make_guest

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"


@pytest.fixture
def guest(db: None) -> User:
    return make_guest("guest")


def browser(user: User, *, agent: str = FIREFOX, ip: str = "192.0.2.1") -> Client:
    client = Client(REMOTE_ADDR=ip, HTTP_USER_AGENT=agent)
    assert client.post("/login/", {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def test_the_profile_lists_device_address_and_which_is_this_one(guest) -> None:
    first = browser(guest)
    browser(guest, agent=PHONE, ip="198.51.100.7")
    rows = first.get("/profile/").context["sessions"]
    assert [(row.device, row.ip, row.is_current) for row in rows] == [
        ("Firefox · Windows", "192.0.2.1", True),
        ("Safari · iPhone", "198.51.100.7", False),
    ]


def test_ending_one_really_ends_it(guest) -> None:
    first, second = browser(guest), browser(guest, agent=PHONE)
    ended = next(row for row in first.get("/profile/").context["sessions"] if not row.is_current)
    assert first.get(f"/profile/sessions/{ended.pk}/end/").status_code == 405
    assert first.post(f"/profile/sessions/{ended.pk}/end/").status_code == 302
    assert came_in(first) and not came_in(second)
    assert Session.objects.count() == 1
    assert events(guest)[-1] == "session_ended"


def test_nobody_ends_somebody_elses(guest) -> None:
    theirs = browser(guest)
    session = UserSession.objects.get(user=guest)
    other = browser(make_guest("other"))
    assert other.post(f"/profile/sessions/{session.pk}/end/").status_code == 302
    assert came_in(theirs)
    assert "session_ended" not in events(guest)


def test_ending_all_others(guest) -> None:
    first, second, third = browser(guest), browser(guest), browser(guest)
    assert first.post("/profile/sessions/end-others/").status_code == 302
    assert [came_in(client) for client in (first, second, third)] == [True, False, False]


def test_a_new_password_ends_the_others(guest) -> None:
    first, second = browser(guest), browser(guest)
    new = "another long secret"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert first.post("/password/", typed).status_code == 302
    assert came_in(first) and not came_in(second)
    assert UserSession.objects.filter(user=guest).count() == 1
    assert "password_changed" in events(guest)


def test_leaving_ends_them_at_once(guest, admin, security) -> None:
    client = browser(guest)
    for nobody in (security, guest):
        with pytest.raises(NotAllowed):
            services.let_go(guest, by=nobody)
    assert came_in(client)
    services.let_go(guest, by=admin)
    assert not came_in(client)
    assert not UserSession.objects.filter(user=guest).exists()
    assert Client().post("/login/", {"username": guest.username, "password": PASSWORD}).status_code == 200
    services.bring_back(guest, by=admin)
    guest.refresh_from_db()
    assert not guest.has_usable_password() and not guest.roles.exists(), "one who comes back begins anew"


def test_the_security_administrator_ends_them(guest, security, admin) -> None:
    client = browser(guest)
    with pytest.raises(NotAllowed):
        services.end_all_sessions(guest, by=admin)
    assert services.end_all_sessions(guest, by=security) == 1
    assert not came_in(client)


def test_signing_out_leaves_nothing_behind(guest) -> None:
    client = browser(guest)
    client.post("/logout/")
    assert browser(guest).get("/profile/").context["sessions"][0].is_current
    assert UserSession.objects.filter(user=guest).count() == 1
    assert events(guest) == ["sign_in", "sign_out", "sign_in"]


def test_when_it_was_seen_last_is_kept_every_few_minutes(guest, django_assert_num_queries) -> None:
    client = browser(guest)
    begun = UserSession.objects.get(user=guest).last_seen_at
    client.get("/notices/")
    assert UserSession.objects.get(user=guest).last_seen_at == begun
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6), tick=False):
        client.get("/notices/")
    seen = UserSession.objects.get(user=guest).last_seen_at
    assert seen - begun > dt.timedelta(minutes=5)


def test_sessions_that_have_run_out_are_forgotten(guest) -> None:
    client = browser(guest)
    old = browser(guest)
    Session.objects.filter(pk=old.session.session_key).update(expire_date=timezone.now() - dt.timedelta(minutes=1))
    assert services.purge_sessions() == 1
    assert Session.objects.count() == UserSession.objects.count() == 1
    assert came_in(client)
