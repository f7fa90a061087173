"""Locked out after too many wrong passwords or codes: per account and per address, kept in the database.

Redis has no part in it. The counters are django-axes's; who tries while locked is not counted further, so that
nobody can keep an account locked for good.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

TOO_MANY = 429


class LockOut(AxesDatabaseHandler):
    """Signing in clears what this account mistyped at this address, not what others mistyped there."""

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Else anyone with an account could go on guessing for ever, signing in now and then."""
        username = get_client_username(request, credentials)
        address = request.axes_ip_address  # type: ignore[attr-defined]  # set by the middleware of axes
        return AccessAttempt.objects.filter(username=username, ip_address=address).delete()[0]


def is_locked(request: HttpRequest, user: User) -> bool:
    """Whether the account or the address of the request is locked out."""
    return not AxesProxyHandler.is_allowed(request, {"username": user.username})


def count_wrong_code(request: HttpRequest, user: User) -> None:
    """A wrong second factor counts like a wrong password."""
    AxesProxyHandler.user_login_failed(sender=User, credentials={"username": user.username}, request=request)


def with_locks(people: QuerySet[User]) -> QuerySet[User]:
    """The people with `locked_out`: whether their account is, wherever the wrong passwords were typed."""
    since = timezone.now() - get_cool_off()
    counted = AccessAttempt.objects.filter(username=OuterRef("username"), attempt_time__gte=since).values("username")
    reached = counted.annotate(wrong=Sum("failures_since_start")).filter(wrong__gte=settings.AXES_FAILURE_LIMIT)
    return people.annotate(locked_out=Exists(reached))


def answer(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """What everyone is told who is locked out, whether such an account exists or not."""
    sentence = _("Too many wrong passwords. Try again in half an hour, or ask the security administrator.")
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": sentence, "status": TOO_MANY}
        return JsonResponse(problem, status=TOO_MANY, content_type="application/problem+json")
    context = {"title": _("Signing in is locked"), "sentence": sentence}
    return render(request, "registration/locked.html", context, status=TOO_MANY)
