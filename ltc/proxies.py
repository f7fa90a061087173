"""Who is asking, when a proxy asks for them."""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    """Puts the client's address into REMOTE_ADDR: the log, lock-outs and limits are about people, not about proxies.

    Each proxy appends the address it was asked from to X-Forwarded-For. With LTC_PROXIES of our own in front, the
    entry that many places from the end was written by the outermost of them; what stands before it anybody may make up.
    What did not come through all of them says nothing about TLS either: X-Forwarded-Proto is believed from them only.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "")
        entries = told.split(",") if told else []
        if 0 < settings.LTC_PROXIES <= len(entries):
            with suppress(ValueError):  # no address: the proxy's own stays
                request.META["REMOTE_ADDR"] = str(ip_address(entries[-settings.LTC_PROXIES].strip()))
        elif "HTTP_X_FORWARDED_PROTO" in request.META:
            request.META["HTTP_X_FORWARDED_PROTO"] = ""  # believed no more, and still a sign that somebody forwarded
        return self.get_response(request)
