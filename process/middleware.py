"""What holds for every page: its methods, answers to what the doors raise, and that no browser keeps it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.errors import DomainError, NotAllowed, Reason, Refused, Stale
from core.text import HIGHEST_KEY, clean_text


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


class AddressMiddleware:
    """No row has a key beyond the database's numbers or a code with what it cannot store: such an address is 404."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for value in kwargs.values():
            if value > HIGHEST_KEY if isinstance(value, int) else clean_text(str(value)) != str(value):
                raise Http404


class PageMethodsMiddleware:
    """Pages are read and posted to; any other method is 405, whatever the address. The API answers for itself."""

    KNOWN = ("GET", "HEAD", "POST")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in self.KNOWN or request.path_info.startswith("/api/"):
            return self.get_response(request)
        return HttpResponseNotAllowed(self.KNOWN)


class PrivatePagesMiddleware:
    """What a signed-in person sees is kept nowhere: the back button asks anew, and shows nothing after signing out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and request.user.is_authenticated:
            response["Cache-Control"] = "private, no-store"
        return response
