"""Passwords chosen by a link: by mail, the same answer for everyone; or handed over by the security administrator."""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import services, tasks
from accounts.models import ResetRequest, User
from core.errors import NotAllowed, Refused
from ltc.mail import mail_settings
from tests.accounts.door import PASSWORD, came_in, events, make_guest

pytestmark = pytest.mark.django_db
NEW = "another long secret"
ADDRESS = "guest@example.com"


@pytest.fixture(autouse=True)
def mail_works(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's own mailbox of the tests stands for the mail server; nobody rings, the tests send by hand."""
    settings.LTC_MAIL = True
    monkeypatch.setattr(tasks.send_resets, "delay", lambda: None)


@pytest.fixture
def guest(db: None) -> User:
    return make_guest("guest", email=ADDRESS, language="en")


def ask(address: str, ip: str = "192.0.2.1") -> Any:
    return Client(REMOTE_ADDR=ip).post("/password/forgotten/", {"email": address})


def link_in(text: str) -> str:
    found = re.search(r"http://testserver(/password/choose/\S+/)", text)
    assert found, text
    return found[1]


def choose(link: str, password: str = NEW, client: Client | None = None) -> Any:
    client = client or Client()
    page = client.get(link, follow=True)
    form = {"new_password1": password, "new_password2": password}
    return client.post(page.request["PATH_INFO"], form)


# By mail --------------------------------------------------------------------------------------------------
def test_a_link_by_mail_chooses_a_new_password_once(guest) -> None:
    client = Client()
    client.force_login(guest)
    ask(ADDRESS)
    assert services.send_resets() == 1
    (message,) = mail.outbox
    assert message.to == [ADDRESS] and message.extra_headers["Message-ID"]
    link = link_in(message.body)
    assert choose(link)["Location"] == "/password/chosen/"
    guest.refresh_from_db()
    assert guest.check_password(NEW)
    assert not came_in(client), "sessions from before have ended"
    assert choose(link, "a third long secret").status_code == 200
    guest.refresh_from_db()
    assert guest.check_password(NEW), "a link works once"
    assert events(guest) == ["reset_asked", "password_reset"]


def test_it_is_sent_once(guest) -> None:
    ask(ADDRESS)
    assert [services.send_resets(), services.send_resets()] == [1, 0]


def test_a_mail_that_fails_is_tried_again_with_the_same_id(guest, settings) -> None:
    ask(ADDRESS)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    assert services.send_resets() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert services.send_resets() == 1


def test_the_answer_does_not_tell_whether_an_account_exists(guest, django_assert_num_queries) -> None:
    answers = []
    statements = []
    for address in (ADDRESS, "nobody@example.com"):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            answers.append(ask(address))
        statements.append([re.sub(r"'[^']*'", "?", query["sql"]) for query in asked.captured_queries])
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/password/forgotten/sent/")] * 2
    assert answers[0].content == answers[1].content
    assert statements[0] == statements[1], "the same work"
    assert mail.outbox == [], "nothing is sent while the page is answered"
    assert services.send_resets() == 1


def test_a_link_is_too_old_after_an_hour(guest) -> None:
    ask(ADDRESS)
    services.send_resets()
    link = link_in(mail.outbox[0].body)
    # In the company's zone: the token counts in local time, and time_machine would change the zone with the hour.
    with time_machine.travel(timezone.localtime() + dt.timedelta(minutes=61), tick=False):
        assert choose(link).status_code == 200
    guest.refresh_from_db()
    assert guest.check_password(PASSWORD)


@pytest.mark.parametrize(
    "link", ["/password/choose/MQ/abc-def/", "/password/choose/!!/x/", "/password/choose/OTk5/y-z/"]
)
def test_a_link_made_up_leads_nowhere(guest, link) -> None:
    answer = Client().get(link)
    assert answer.status_code == 200 and b"new_password1" not in answer.content


def test_who_has_left_gets_no_mail_and_no_password(guest, admin) -> None:
    ask(ADDRESS)
    services.send_resets()
    services.let_go(guest, by=admin)
    assert choose(link_in(mail.outbox[0].body)).status_code == 200
    ask(ADDRESS)
    assert services.send_resets() == 0


def test_asking_again_and_again_sends_no_heap_of_mail(guest) -> None:
    for number in range(6):
        assert ask(ADDRESS, ip=f"192.0.2.{number}").status_code == 302
    assert ResetRequest.objects.count() == 3
    for number in range(30):
        ask(f"nobody{number}@example.com", ip="198.51.100.7")
    assert ResetRequest.objects.filter(ip="198.51.100.7").count() == 20


def test_a_weak_password_is_refused_and_the_link_still_works(guest) -> None:
    ask(ADDRESS)
    services.send_resets()
    link, client = link_in(mail.outbox[0].body), Client()
    assert choose(link, "12345678", client).status_code == 200
    assert choose(link, NEW, client).status_code == 302


def test_a_host_that_is_not_ours_is_not_put_into_a_mail(guest) -> None:
    assert (
        Client().post("/password/forgotten/", {"email": ADDRESS}, headers={"host": "evil.example"}).status_code == 400
    )
    assert not ResetRequest.objects.exists()


def test_without_a_mail_server_the_page_says_whom_to_ask(settings, client) -> None:
    settings.LTC_MAIL = False
    assert b'name="email"' not in client.get("/password/forgotten/").content
    assert client.post("/password/forgotten/", {"email": ADDRESS}).status_code == 404
    assert not ResetRequest.objects.exists()


def test_without_redis_the_wish_is_kept_and_the_page_the_same(guest, monkeypatch) -> None:
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.send_resets, "delay", away)
    assert ask(ADDRESS).status_code == 302
    assert services.send_resets() == 1


# Handed over ----------------------------------------------------------------------------------------------
def test_the_security_administrator_hands_a_link_over(guest, security, admin, auditor) -> None:
    for nobody in (admin, auditor, guest):
        with pytest.raises(NotAllowed):
            services.make_link(guest, by=nobody)
    link = services.make_link(guest, by=security)
    assert choose(link).status_code == 302
    guest.refresh_from_db()
    assert guest.check_password(NEW)
    assert events(guest) == ["link_made", "password_reset"]


def test_not_to_oneself_and_not_for_a_closed_account(guest, security, admin) -> None:
    with pytest.raises(NotAllowed):
        services.make_link(security, by=security)
    services.let_go(guest, by=admin)
    guest.refresh_from_db()
    with pytest.raises(Refused):
        services.make_link(guest, by=security)


def test_a_token_used_meanwhile_is_refused(guest, security) -> None:
    token = services.make_link(guest, by=security).rstrip("/").rpartition("/")[2]
    services.reset_password(guest, NEW, token=token, ip="")
    with pytest.raises(Refused):
        services.reset_password(guest, "a third long secret", token=token, ip="")


def test_it_arrives_at_a_real_mail_server(guest, mail_server) -> None:
    guest.language = "zh-hans"
    guest.save()
    ask(ADDRESS)
    assert services.send_resets() == 1
    (read,) = mail_server.taken
    assert read["To"] == ADDRESS and "LTC" in read["Subject"]
    body = read.get_content()
    assert "一小时内" in body
    assert choose(link_in(body)).status_code == 302


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 25, "", "", False, False)),
        ("smtps://a:b@mail.example.com", ("mail.example.com", 465, "a", "b", True, False)),
        ("starttls://a%40x:p%2Fq@mail.example.com:2525", ("mail.example.com", 2525, "a@x", "p/q", False, True)),
    ],
)
def test_the_address_of_the_mail_server(url, expected) -> None:
    found = mail_settings(url)
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
    assert tuple(found[f"EMAIL_{name}"] for name in names) == expected


@pytest.mark.parametrize("url", ["http://user:secret@x", "smtp://", "mail.example.com:25"])
def test_an_address_that_makes_no_sense_is_named_without_its_password(url) -> None:
    with pytest.raises(ValueError, match="LTC_SMTP_URL") as caught:
        mail_settings(url)
    assert "secret" not in str(caught.value)
