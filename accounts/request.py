"""A request of a signed-in person, as every view behind the sign-in sees it."""

from typing import Any

from django.http import HttpRequest, QueryDict
from django_htmx.middleware import HtmxDetails

from accounts.actor import Actor
from accounts.models import User


class Request(HttpRequest):
    """LoginRequiredMiddleware guarantees the user, HtmxMiddleware the details; this only names the types."""

    user: User
    htmx: HtmxDetails


class ApiRequest(Request):
    """The same for a view of the API: DRF's request hands on what it does not know to Django's."""

    data: Any
    query_params: QueryDict
    auth: Any


def actor_of(request: Request) -> Actor:
    """The person behind a request, with the address the log keeps."""
    return Actor(kind="user", name=str(request.user), user=request.user, ip=request.META.get("REMOTE_ADDR", ""))
