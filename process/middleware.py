"""Turns what the doors raise into answers, where a view did not."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.errors import DomainError, NotAllowed, Reason, Refused, Stale


class DomainErrorMiddleware:
    """Not allowed is 403, refused 409, stale 412: each with the sentences the page shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotAllowed):
            return render(request, "errors/403.html", {"reasons": [Reason(str(error))]}, status=403)
        if isinstance(error, Refused):
            return render(request, "errors/409.html", {"reasons": error.reasons}, status=409)
        if isinstance(error, Stale):
            text = _("Somebody else changed this meanwhile. Please reload the page.")
            return render(request, "errors/409.html", {"reasons": [Reason(text)]}, status=412)
        if isinstance(error, DomainError) and not isinstance(error, BadRequest):
            return render(request, "errors/409.html", {"reasons": [Reason(str(error))]}, status=error.status)
        return None
