"""Notices by mail, against a real SMTP server on this machine."""

import datetime as dt
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts import services
from accounts.models import Mail, Notice, User
from core.errors import Refused
from ltc.celery import app
from tests.helpers import signed_in
from tests.processes import wait_until, worker

pytestmark = pytest.mark.django_db


def wants(user: User, wish: str, email: str = "somebody@example.com") -> User:
    user.email = email
    user.save(update_fields=["email"])
    return services.choose_mail(user, wish)


def tell(user: User, level: str = "warning", key: str = "k") -> None:
    message = gettext_noop("%(record)s: the first response is overdue")
    services.notify([user], message, key=key, params={"record": "LD-1"}, link="/leads/1/", level=level)


def later(minutes: float) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=True)


def test_a_notice_arrives_in_the_language_of_its_reader_with_a_link(mail_server, sales) -> None:
    wants(sales, "all")
    services.choose_language(sales, "en")
    tell(sales)
    assert services.send_mails() == 1
    assert services.send_mails() == 0
    (mail,) = mail_server.taken
    assert mail["Subject"] == "LTC: LD-1: the first response is overdue"
    assert (mail["To"], mail["From"]) == ("somebody@example.com", "LTC <ltc@example.com>")
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "https://ltc.example.com/leads/1/" in plain and "https://ltc.example.com/leads/1/" in html
    row = Mail.objects.get()
    assert (row.status, row.attempts, row.message_id) == ("sent", 1, mail["Message-ID"])


@pytest.mark.parametrize(
    ("wish", "level", "count"),
    [("none", "danger", 0), ("urgent", "info", 0), ("urgent", "danger", 1), ("all", "info", 1)],
)
def test_only_what_the_person_wants_is_queued(mail_server, sales, wish: str, level: str, count: int) -> None:
    wants(sales, wish)
    tell(sales, level)
    assert Mail.objects.count() == count
    assert Notice.objects.filter(user=sales, key="k").count() == 1


def test_nobody_without_address_and_nothing_twice(mail_server, sales, sales2) -> None:
    wants(sales, "all", email="")
    wants(sales2, "all")
    tell(sales)
    tell(sales2)
    tell(sales2)
    assert [mail.user for mail in Mail.objects.all()] == [sales2]
    services.choose_mail(sales2, "none")
    tell(sales2, key="another")
    services.choose_mail(sales2, "all")
    tell(sales2, key="another")  # was told before the wish: no mail of old news
    assert Mail.objects.count() == 1


def test_without_a_server_nothing_is_queued_and_nothing_waits_for_ever(settings, sales) -> None:
    wants(sales, "all")
    assert not settings.LTC_MAIL
    tell(sales)
    assert Mail.objects.count() == 0
    settings.LTC_MAIL = True
    tell(sales, key="queued")
    settings.LTC_MAIL = False
    assert services.send_mails() == 0
    assert Mail.objects.get().status == "waiting"
    with later(4 * 24 * 60):
        services.send_mails()
    assert Mail.objects.get().status == "dead"


def test_a_server_that_refuses_is_asked_again_later_and_later(mail_server, sales) -> None:
    wants(sales, "all")
    tell(sales)
    mail_server.refuse = "451 not now"
    assert services.send_mails() == 0
    row = Mail.objects.get()
    assert (row.status, row.attempts, row.last_error) == ("waiting", 1, "SMTPDataError 451")
    assert services.send_mails() == 0 and Mail.objects.get().attempts == 1
    with later(1.1):
        services.send_mails()
        assert Mail.objects.get().due_at > timezone.now() + dt.timedelta(seconds=100)
        mail_server.refuse = ""
        with later(3):
            assert services.send_mails() == 1
    assert [mail["Message-ID"] for mail in mail_server.taken] == [row.message_id]


def test_no_server_at_all_stops_the_sweep_after_one_try(mail_server, sales, sales2) -> None:
    for person in (sales, sales2):
        wants(person, "all")
        tell(person)
    mail_server.stop()
    assert services.send_mails() == 0
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 1]
    mail_server.start()
    with later(2):
        assert services.send_mails() == 2


def test_a_server_that_goes_silent_after_the_mail_gets_it_again_under_the_same_id(mail_server, sales) -> None:
    wants(sales, "all")
    tell(sales)
    mail_server.hang_up = 1
    assert services.send_mails() == 0
    with later(2):
        assert services.send_mails() == 1
    first, second = mail_server.taken
    assert first["Message-ID"] == second["Message-ID"] == Mail.objects.get().message_id


def test_a_recipient_refused_for_good_ends_it_and_can_be_taken_up_again(mail_server, sales) -> None:
    wants(sales, "all")
    tell(sales)
    mail_server.refuse_recipient = "550 no such person"
    assert services.send_mails() == 0
    row = Mail.objects.get()
    assert (row.status, row.last_error) == ("dead", "SMTPRecipientsRefused 550")
    assert "somebody" not in row.last_error
    mail_server.refuse_recipient = ""
    assert services.send_again([row]) == 1
    assert services.send_mails() == 1
    assert mail_server.taken[0]["Message-ID"] == row.message_id


def test_too_many_tries_end_it(mail_server, sales, monkeypatch) -> None:
    monkeypatch.setattr("accounts.services.mail.MOST_TRIES", 2)
    wants(sales, "all")
    tell(sales)
    mail_server.refuse = "451 not now"
    services.send_mails()
    with later(2):
        services.send_mails()
    assert Mail.objects.get().status == "dead"


def test_a_leaver_gets_no_mail(mail_server, sales) -> None:
    wants(sales, "all")
    tell(sales)
    User.objects.filter(pk=sales.pk).update(is_active=False)
    assert services.send_mails() == 0
    assert (Mail.objects.get().status, mail_server.taken) == ("dead", [])


def test_the_wish_is_chosen_on_the_profile_page(sales) -> None:
    client = signed_in(sales)
    assert b'name="mail_wish"' in client.get("/profile/").content
    assert client.post("/profile/mail/", {"mail_wish": "urgent"}).status_code == 302
    sales.refresh_from_db()
    assert sales.mail_wish == "urgent"
    client.post("/profile/mail/", {"mail_wish": "by pigeon"})
    sales.refresh_from_db()
    assert sales.mail_wish == "urgent"
    with pytest.raises(Refused):
        services.choose_mail(sales, "by pigeon")


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_writing_it_down_sends_it_again(mail_server, sales, tmp_path: Path) -> None:
    wants(sales, "all")
    tell(sales)
    environ = {"LTC_SMTP_URL": mail_server.url, "LTC_SITE_URL": "https://ltc.example.com"}
    with worker(tmp_path / "first.log", "--pool", "solo", **environ) as process:
        mail_server.hold = lambda: os.kill(process.pid, signal.SIGKILL)
        app.send_task("accounts.tasks.send_mails")
        wait_until(lambda: process.poll() is not None, "the worker is killed")
    mail_server.hold = None
    assert (len(mail_server.taken), Mail.objects.get().status) == (1, "waiting")
    with worker(tmp_path / "second.log", **environ):
        app.send_task("accounts.tasks.send_mails")
        wait_until(lambda: Mail.objects.get().status == "sent", "the mail is sent again")
    assert len({mail["Message-ID"] for mail in mail_server.taken}) == 1
    assert len(mail_server.taken) == 2
