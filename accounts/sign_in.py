"""How allauth behaves in this house: no sign-up, one answer for every wrong sign-in, every step in the security log."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.actor import Actor
from accounts.models import SecurityEntry, User

Event = SecurityEntry.Event
SEEN = "seen"
SET_UP_HERE = "second_factor_set_up"


class AccountAdapter(DefaultAccountAdapter):
    """The door: who comes in is written down, who does not, too."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("User name or password is wrong."),
        "incorrect_password": _("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are opened by the system administrator."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only pages of this very host are gone back to."""
        request = self.request
        if not url.startswith("/"):
            return False
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down whose password was typed wrongly; a name nobody has could be a password: it is not kept."""
        note_failure(request, User.objects.filter(username=credentials.get("username", "")).first())

    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session, and say so in the log."""
        super().login(request, user)
        request.session[SEEN] = int(timezone.now().timestamp())
        by = Actor(kind="user", name=str(user), user=user, ip=request.META.get("REMOTE_ADDR", ""))
        ways = [record["method"] for record in get_authentication_records(request, user)]
        services.enter(Event.SIGNED_IN, user=user, by=by, details={"by": ways})

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """An account closed between password and code: back to the beginning."""
        return redirect("login")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor confirms with it: a password alone must not be able to exchange it.

        The first is what is asked for: the key of somebody without an app, not one of the few recovery codes.
        """
        methods = super().get_reauthentication_methods(user)
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            strong.reverse()
        return strong or methods

    def add_message(
        self, request: HttpRequest, level: int, *args: Any, message: str | None = None, **more: Any
    ) -> None:
        """Pages say themselves what happened; only refusals are passed on."""
        if message:
            super().add_message(request, level, message=message)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: named after the product, and not to be dropped by those who need one."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is wrong or was used already."),
        "cannot_delete_authenticator": _("Your role needs a second factor: add another one first."),
    }

    def _get_site_name(self) -> str:
        return settings.MFA_TOTP_ISSUER

    def encrypt(self, text: str) -> str:
        """What the database keeps of a factor is of no use without LTC_SECRET_KEY."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret as the app knows it."""
        return _box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last factor stays where a role asks for one."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        others = others.exclude(type=Authenticator.Type.RECOVERY_CODES)
        return others.exists() or not User.objects.get(pk=authenticator.user_id).needs_second_factor


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"second factor {key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def note_failure(request: HttpRequest, user: User | None) -> None:
    """One line per wrong password or code; none for tries while locked, which cost nothing and would fill the log."""
    counted = getattr(request, "axes_failures_since_start", None)
    if counted is None:
        return
    ip = request.META.get("REMOTE_ADDR", "")
    services.enter(Event.FAILED, user=user, ip=ip)
    if getattr(request, "axes_locked_out", False):
        services.enter(Event.LOCKED, user=user, ip=ip, details={"wrong": counted})


def has_proven_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened, or confirmed since, with a second factor, or set one up."""
    if request.session.get(SET_UP_HERE) == user.pk:
        return True
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def forget_factor(request: HttpRequest) -> None:
    """The session no longer counts as opened with a second factor."""
    request.session.pop(SET_UP_HERE, None)
    request.session.pop(AUTHENTICATION_METHODS_SESSION_KEY, None)
