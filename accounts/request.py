"""A request of a signed-in person, as every view behind the sign-in sees it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class Request(HttpRequest):
    """LoginRequiredMiddleware guarantees the user, HtmxMiddleware the details; this only names the types."""

    user: User
    htmx: HtmxDetails
