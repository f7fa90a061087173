"""One line per request, with an id that follows it into its jobs and back to the caller as X-Request-ID."""

import re
from typing import TYPE_CHECKING, cast

import structlog
from django_structlog.middlewares import RequestMiddleware

from ltc.observe.logs import plain_path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# What a proxy may hand us as an id: nothing that could carry a name or a second line.
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestLogMiddleware(RequestMiddleware):
    """Names each request: the id of the proxy where it sends one, else a new one."""

    sync_capable, async_capable = True, False

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        self.prepare(request)
        name = structlog.contextvars.get_contextvars()["request_id"]
        response = cast("HttpResponse", self.get_response(request))
        self.handle_response(request, response)
        response["X-Request-ID"] = name
        return response

    def prepare(self, request: "HttpRequest") -> None:
        """Begin with nothing of the request before, then bind the id."""
        structlog.contextvars.clear_contextvars()
        super().prepare(request)
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        if _ID.fullmatch(given):
            structlog.contextvars.bind_contextvars(request_id=given)

    @staticmethod
    def format_request(request: "HttpRequest") -> str:
        """Method and path; a query string holds what people searched for."""
        return f"{request.method} {plain_path(request.path)}"

    @staticmethod
    def bind_user_id(request: "HttpRequest") -> None:
        """The user's number, if somebody has asked who it is: the log costs no query, least of all a health check."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.pk:
            structlog.contextvars.bind_contextvars(user_id=user.pk)
