"""The language of a page, when a session was seen last, and the second factor that a role asks for."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts import services
from accounts.duties import check_wall
from accounts.sign_in import SEEN, has_proven_factor
from core.errors import NotAllowed

# Often enough to tell people where they are signed in, seldom enough to cost nothing.
SEEN_EVERY = 300


class UserLanguageMiddleware:
    """Activates the language a person chose; the browser's own list does not decide, the company's default does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = self._chosen(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    def _chosen(self, request: HttpRequest) -> str:
        # Files and health checks never look at the session, so they cost no query.
        if request.path.startswith((settings.STATIC_URL, "/healthz", "/readyz")):
            return settings.LANGUAGE_CODE
        if request.user.is_authenticated:
            return request.user.language
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return cookie if cookie in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class SessionSeenMiddleware:
    """Keeps when and from where a session was used last, once in a few minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = int(timezone.now().timestamp())
        seen = request.session.get(SEEN)
        if seen is not None and now - seen > SEEN_EVERY and request.user.is_authenticated:
            request.session[SEEN] = now
            services.touch_session(request.session.session_key or "", ip=request.META.get("REMOTE_ADDR", ""))
        return self.get_response(request)


class SecondFactorMiddleware:
    """Whoever holds a role that needs a second factor reaches nothing but setting it up, or showing it, before.

    It is asked of every session, so one opened before the role was given is held as well. The API asks for itself
    (`accounts.permissions`).
    """

    ALWAYS = frozenset({"logout", "set-language"})
    SHOW = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user: Any = request.user
        if not getattr(view, "login_required", True) or not user.is_authenticated or not user.needs_second_factor:
            return None
        if has_proven_factor(request, user):
            return None
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        has_one = is_mfa_enabled(user)
        open_to = self.SHOW if has_one else {"account_reauthenticate"}
        if name in self.ALWAYS or name in open_to or (not has_one and name.startswith("mfa_")):
            return None
        target = get_adapter(request).get_reauthentication_methods(user)[0]["url"] if has_one else reverse("mfa_index")
        url = f"{target}?{urlencode({'next': request.get_full_path()})}"
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)


class DutyMiddleware:
    """The wall between administrators and business, for pages; `accounts.permissions` is the API's."""

    OWN = frozenset({"", "accounts", "admin"})  # the door has no namespace
    SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user: Any = request.user
        if not user.is_authenticated or not getattr(view, "login_required", True):
            return None
        area = request.resolver_match.namespace if request.resolver_match else ""
        if area == "admin" and not user.duty:
            raise NotAllowed(_("The back room opens to administrators only."))
        try:
            check_wall(
                user,
                own=area in self.OWN,
                reads=request.method in self.SAFE,
                kept_by=getattr(view, "duty", ""),
            )
        except Http404:
            if request.path == "/":
                return HttpResponseRedirect(reverse("admin:index"))
            raise
        return None
