"""The door of the house: passwords, where one is led, and what answers without signing in."""

import pytest
from django.conf import settings

from accounts.models import User
from tests.people import make_user

PASSWORD = "a long enough secret"


@pytest.fixture
def user(db: None) -> User:
    made = make_user("signing", department="hr")
    made.set_password(PASSWORD)
    made.save()
    return made


def test_passwords_are_kept_as_argon2(user) -> None:
    assert user.password.startswith("argon2")


EVIL = [
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\evil.example",
    "javascript:alert(1)",
    "//evil.example@testserver/",
    "https://testserver.evil.example/",
    "\t//evil.example",
    "/\t/evil.example",
]


@pytest.mark.parametrize("target", ["/leads/", "", *EVIL])
def test_the_right_password_leads_on_within_the_house(client, user, target) -> None:
    answer = client.post("/login/", {"username": user.username, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/leads/" if target == "/leads/" else "/")
    session = client.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"] and session["samesite"] == "Lax"
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize("typed", ["wrong", "", PASSWORD + " ", PASSWORD.upper(), "\x00"])
def test_a_wrong_password_leads_nowhere(client, user, typed) -> None:
    answer = client.post("/login/", {"username": user.username, "password": typed, "next": "/leads/"})
    assert answer.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert client.get("/leads/").status_code == 302


def test_unknown_and_inactive_users_get_the_same_answer_as_a_wrong_password(client, user) -> None:
    def answer(username: str, password: str) -> str:
        found = client.post("/login/", {"username": username, "password": password})
        assert found.status_code == 200
        return found.content.decode().replace(username, "").partition("<main")[2].partition("csrf")[0]

    wrong = answer(user.username, "wrong")
    assert answer("nobody-of-this-name", "wrong") == wrong
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert answer(user.username, PASSWORD) == wrong


def test_signing_out_needs_a_post(client, user) -> None:
    client.force_login(user)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert client.get("/leads/").status_code == 302


def test_changing_ones_password(client, user) -> None:
    client.force_login(user)
    new = "another long secret"
    weak = {"old_password": PASSWORD, "new_password1": "12345678", "new_password2": "12345678"}
    assert client.post("/password/", weak).status_code == 200
    strong = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/password/", strong).status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)


@pytest.mark.django_db
def test_health_answers_without_signing_in(client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "missing": {}})
    assert client.post("/healthz").status_code == 405
    assert "sessionid" not in client.cookies


@pytest.mark.django_db
def test_not_ready_without_redis(client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert set(answer.json()["missing"]) == {"redis"}


def test_the_profile_shows_the_roles(client, user) -> None:
    from accounts.models import Role

    role = Role.objects.get(code="pmo")
    user.roles.add(role)
    client.force_login(user)
    assert role.zh in client.get("/profile/").content.decode()
