"""The id of a request, and whose address it comes from."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.functional import SimpleLazyObject

from ltc.observe.requests import RequestLogMiddleware
from ltc.proxies import ClientAddressMiddleware

pytestmark = pytest.mark.django_db


def test_every_answer_carries_an_id_of_its_own(client: Client) -> None:
    first, second = client.get("/healthz")["X-Request-ID"], client.get("/nowhere/")["X-Request-ID"]
    assert len(first) == 36 and first != second


def test_the_id_of_a_proxy_is_kept(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "7d3f-abc-12345"})["X-Request-ID"] == "7d3f-abc-12345"


@pytest.mark.parametrize(
    "given", ["", "short", "李雷-13912345678", "a b c d e f g h", "x" * 65, "<script>alert</script>"]
)
def test_an_id_that_could_carry_anything_else_is_not(client: Client, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] != given


def test_the_log_asks_nobody_who_it_is(rf) -> None:
    """Only what is known already is written: a health check must not fail with the database."""
    request = rf.get("/healthz")
    request.user = SimpleLazyObject(lambda: pytest.fail("asked for the user"))
    RequestLogMiddleware(lambda request: HttpResponse())(request)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "unknown", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(rf, settings, proxies: int, forwarded: str, address: str) -> None:
    settings.LTC_PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})
    ClientAddressMiddleware(lambda request: None)(request)
    assert request.META["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "secure"),
    [(0, "203.0.113.9", False), (1, "203.0.113.9", True), (1, None, False), (2, "203.0.113.9", False)],
)
def test_only_our_own_proxies_say_that_it_was_https(
    rf, settings, proxies: int, forwarded: str | None, secure: bool
) -> None:
    settings.LTC_PROXIES, settings.SECURE_PROXY_SSL_HEADER = proxies, ("HTTP_X_FORWARDED_PROTO", "https")
    told = {"X-Forwarded-Proto": "https"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    request = rf.get("/", headers=told)
    ClientAddressMiddleware(lambda request: None)(request)
    assert request.is_secure() is secure
