"""Second factors: set up, asked for, forced by role, confirmed before they are changed, reset when lost."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client

from accounts import services
from accounts.models import Role, User
from core.errors import NotAllowed
from tests.accounts.door import PASSWORD, came_in, code_of, events, give_app, kinds, make_guest

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(db: None) -> User:
    return make_guest("guest")


@pytest.fixture
def keeper(db: None) -> User:
    """Holds a role that needs a second factor."""
    return make_guest("keeper", roles=("sysadmin",), department="it")


def signed_in_by_password(user: User, **extra: Any) -> Client:
    client = Client(**extra)
    client.post("/login/", {"username": user.username, "password": PASSWORD})
    return client


def confirm(client: Client, **typed: str) -> Any:
    return client.post("/confirm/", {"password": PASSWORD, **typed})


def set_up_app(client: Client) -> str:
    """As people do: confirm, read the secret off the page, type what the app shows."""
    confirm(client)
    page = client.get("/profile/factors/app/")
    secret = page.context["form"].secret
    assert client.post("/profile/factors/app/", {"code": code_of(secret)}).status_code == 302
    return secret


# Setting up and using -----------------------------------------------------------------------------------
def test_an_app_is_set_up_with_recovery_codes(guest) -> None:
    client = signed_in_by_password(guest)
    set_up_app(client)
    assert kinds(guest) == ["recovery_codes", "totp"]
    assert "factor_added" in events(guest)
    codes = client.get("/profile/factors/codes/").context["unused_codes"]
    assert len(set(codes)) == 10


def test_a_wrong_first_code_sets_nothing_up(guest) -> None:
    client = signed_in_by_password(guest)
    confirm(client)
    client.get("/profile/factors/app/")
    assert client.post("/profile/factors/app/", {"code": "000000"}).status_code == 200
    assert kinds(guest) == [] and "factor_added" not in events(guest)


def test_the_secret_is_not_readable_in_the_database(guest) -> None:
    secret = give_app(guest)
    assert secret not in str(Authenticator.objects.get(user=guest).data)


def test_the_password_alone_no_longer_opens(guest) -> None:
    secret = give_app(guest)
    client = Client()
    answer = client.post("/login/", {"username": guest.username, "password": PASSWORD, "next": "/leads/"})
    assert (answer.status_code, answer["Location"]) == (302, "/login/code/")
    assert not came_in(client)
    assert client.post("/login/code/", {"code": "000000"}).status_code == 200
    assert not came_in(client)
    answer = client.post("/login/code/", {"code": code_of(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/leads/")
    assert came_in(client)
    assert events(guest) == ["sign_in_failed", "sign_in"]


def test_a_code_works_once(guest) -> None:
    secret = give_app(guest)
    code = code_of(secret)
    first, second = signed_in_by_password(guest), signed_in_by_password(guest)
    first.post("/login/code/", {"code": code})
    assert second.post("/login/code/", {"code": code}).status_code == 200
    assert came_in(first) and not came_in(second)


def test_a_recovery_code_opens_once(guest) -> None:
    give_app(guest)
    code = RecoveryCodes.activate(guest).get_unused_codes()[0]
    for expected in (True, False):
        client = signed_in_by_password(guest)
        client.post("/login/code/", {"code": code})
        assert came_in(client) is expected


def test_wrong_codes_lock_like_wrong_passwords(guest) -> None:
    secret = give_app(guest)
    client = signed_in_by_password(guest)
    answers = [client.post("/login/code/", {"code": "000000"}).status_code for _ in range(7)]
    assert answers == [200] * 6 + [429]
    assert client.post("/login/code/", {"code": code_of(secret)}).status_code == 429
    assert not came_in(client)
    assert Client().post("/login/", {"username": guest.username, "password": PASSWORD}).status_code == 429


def test_one_can_turn_back_before_the_second_step(guest) -> None:
    give_app(guest)
    client = signed_in_by_password(guest)
    assert client.get("/login/")["Location"] == "/login/code/"
    assert client.post("/logout/").status_code == 302
    assert client.get("/login/").status_code == 200


# Forced by role -----------------------------------------------------------------------------------------
def test_a_role_leads_to_set_up_and_to_nothing_else(keeper) -> None:
    client = signed_in_by_password(keeper)
    for path in ("/", "/leads/", "/profile/", "/admin/", "/admin/accounts/user/", "/notices/", "/password/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/profile/factors/"), path
    assert client.post("/profile/sessions/end-others/").status_code == 302
    assert client.get("/profile/factors/").status_code == 200
    set_up_app(client)
    assert client.get("/admin/").status_code == 200


def test_an_htmx_request_is_sent_there_too(keeper) -> None:
    answer = signed_in_by_password(keeper).get("/notices/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Redirect"].partition("?")[0]) == (204, "/profile/factors/")


def test_a_session_from_before_the_role_is_held_as_well(guest) -> None:
    client = signed_in_by_password(guest)
    assert client.get("/leads/").status_code == 200
    role = Role.objects.get(code="ar")
    guest.roles.add(role)
    Role.objects.filter(pk=role.pk).update(requires_second_factor=True)
    assert client.get("/leads/").status_code == 302


def test_programs_do_not_come_in_without_it(keeper) -> None:
    """Neither by a session opened with the password alone, nor by a token from before the role was given."""
    client = signed_in_by_password(keeper)
    bearer = {"authorization": f"Bearer {services.make_token(keeper, label='before', scope='write')[1]}"}
    for path in ("/api/v1/me/", "/api/v1/process/", "/api/schema/"):
        assert client.get(path).status_code == 403, path
        assert Client().get(path, headers=bearer).status_code == 403, path
    assert client.post("/api/v1/me/language/", {"language": "en"}, "application/json").status_code == 403
    set_up_app(client)
    assert client.get("/api/v1/me/").status_code == 200
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200


def test_a_session_without_the_factor_must_show_it_and_cannot_exchange_it(keeper) -> None:
    """The password alone, in a session opened before the factor was set up elsewhere."""
    client = signed_in_by_password(keeper)
    secret = give_app(keeper)
    for path in ("/admin/", "/profile/factors/", "/profile/factors/key/", "/profile/factors/app/remove/", "/confirm/"):
        assert client.get(path)["Location"].startswith("/confirm/code/"), path
    answer = client.post("/confirm/code/", {"code": code_of(secret), "next": "/admin/"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_the_last_factor_stays_where_a_role_needs_one(keeper) -> None:
    client = signed_in_by_password(keeper)
    secret = set_up_app(client)
    client.post("/confirm/code/", {"code": code_of(secret, steps=1)})
    client.post("/profile/factors/app/remove/")
    assert "totp" in kinds(keeper)


# Changing ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["app/remove/", "key/", "codes/", "codes/new/"])
def test_factors_are_shown_and_changed_only_after_confirming(guest, path) -> None:
    secret = give_app(guest)
    RecoveryCodes.activate(guest)
    client = signed_in_by_password(guest)
    client.post("/login/code/", {"code": code_of(secret)})
    assert client.get(f"/profile/factors/{path}")["Location"].startswith("/confirm/code/")
    before = kinds(guest)
    client.post(f"/profile/factors/{path}")
    assert kinds(guest) == before


def test_confirming_by_password_is_not_enough_beside_a_factor(guest) -> None:
    secret = give_app(guest)
    client = signed_in_by_password(guest)
    client.post("/login/code/", {"code": code_of(secret)})
    assert confirm(client)["Location"].startswith("/confirm/code/")
    assert client.get("/profile/factors/key/").status_code == 302


def test_removing_the_last_factor_ends_the_other_sessions(guest) -> None:
    secret = give_app(guest)
    first, second = signed_in_by_password(guest), signed_in_by_password(guest)
    first.post("/login/code/", {"code": code_of(secret)})
    second.post("/login/code/", {"code": code_of(secret, steps=-1)})
    assert came_in(first) and came_in(second)
    first.post("/confirm/code/", {"code": code_of(secret, steps=1)})
    assert first.post("/profile/factors/app/remove/").status_code == 302
    assert kinds(guest) == []
    assert came_in(first) and not came_in(second)
    assert "factor_removed" in events(guest)


# Lost ----------------------------------------------------------------------------------------------------
def test_the_security_administrator_takes_lost_factors_away(guest, security, admin, auditor) -> None:
    secret = give_app(guest)
    client = signed_in_by_password(guest)
    client.post("/login/code/", {"code": code_of(secret)})
    for nobody in (admin, auditor, guest):
        with pytest.raises(NotAllowed):
            services.reset_factors(guest, by=nobody)
    assert kinds(guest) == ["totp"] and came_in(client)
    assert services.reset_factors(guest, by=security) == 1
    assert kinds(guest) == [] and not came_in(client)
    assert "factors_reset" in events(guest)


def test_nobody_resets_the_own_factors_so(security) -> None:
    give_app(security)
    with pytest.raises(NotAllowed):
        services.reset_factors(security, by=security)
    assert kinds(security) == ["totp"]
