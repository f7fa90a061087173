"""What the tests of the door share: a guest with a password, wrong tries, factors, the security log."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from accounts.models import SecurityEntry, User
from tests.people import make_user

PASSWORD = "a long enough secret"


def make_guest(name: str, *, roles: tuple[str, ...] = (), department: str = "hr", **fields: Any) -> User:
    """A person who signs in with PASSWORD."""
    made = make_user(name, department=department, roles=roles, **fields)
    made.set_password(PASSWORD)
    made.save()
    return made


def wrong(username: str, *, ip: str = "127.0.0.1") -> Any:
    """The answer to a wrong password."""
    return Client(REMOTE_ADDR=ip).post("/login/", {"username": username, "password": "wrong"})


def events(user: User) -> list[str]:
    """What the security log says of an account, oldest first."""
    return list(SecurityEntry.objects.filter(user=user).order_by("pk").values_list("event", flat=True))


def give_app(user: User) -> str:
    """Set an app with codes up for the user; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or some half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def kinds(user: User) -> list[str]:
    """The second factors of a user."""
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def came_in(client: Client) -> bool:
    """Whether the browser is signed in all the way."""
    return client.get("/profile/").status_code == 200
