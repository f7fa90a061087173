"""The outbox: notices that also go out by mail. A row is the truth, SMTP may be tried as often as it takes.

A mail is sent at least once, always under the same Message-ID, by which mail programs show it once: SMTP cannot
tell whether a server that went silent has taken it.
"""

import datetime as dt
import logging
from collections.abc import Iterable
from email.utils import parseaddr
from enum import Enum, auto
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Mail, MailWish, Notice, User
from core.errors import Refused

logger = logging.getLogger(__name__)
URGENT = ("warning", "danger")
BATCH = 200
FIRST_PAUSE = dt.timedelta(minutes=1)  # before the second try; doubled each time
LONGEST_PAUSE = dt.timedelta(hours=2)
MOST_TRIES = 20
OLDEST = dt.timedelta(days=3)  # nobody wants to be told later than that
LONGEST_SUBJECT = 150


class Outcome(Enum):
    """How the try of one mail ended."""

    SENT = auto()
    FAILED = auto()
    AWAY = auto()  # no connection: the others need not try
    NONE_DUE = auto()


def choose_mail(user: User, wish: str) -> User:
    """Keep which notices a person wants by mail. Raises Refused for an unknown wish."""
    if wish not in MailWish.values:
        raise Refused(_("This is not available."))
    user.mail_wish = wish
    user.save(update_fields=["mail_wish"])
    return user


def queue(notices: Iterable[Notice]) -> int:
    """Put a mail into the outbox for each notice whose reader wants it; returns how many. Without SMTP, none."""
    if not settings.LTC_MAIL:
        return 0
    found = list(notices)
    wanted = Q(mail_wish=MailWish.ALL)
    if any(notice.level in URGENT for notice in found):
        wanted |= Q(mail_wish=MailWish.URGENT)
    readers = User.objects.filter(wanted, pk__in={notice.user_id for notice in found}, is_active=True)
    ids = set(readers.exclude(email="").values_list("pk", flat=True))
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    rows = [
        Mail(notice=notice, user_id=notice.user_id, message_id=f"<{uuid4().hex}@{host}>")
        for notice in found
        if notice.user_id in ids
    ]
    Mail.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def send_mails() -> int:
    """Send what is due, one transaction per mail; returns how many went out. What fails is tried again later."""
    if not settings.LTC_MAIL:
        _give_up_old()
        return 0
    begun = timezone.now()
    outcomes: list[Outcome] = []
    connection = get_connection()
    try:
        while len(outcomes) < BATCH:
            outcomes.append(_send_next(begun, connection))
            if outcomes[-1] in (Outcome.NONE_DUE, Outcome.AWAY):
                break
    finally:
        connection.close()
    return outcomes.count(Outcome.SENT)


def _give_up_old() -> None:
    """Without a server nothing waits for ever."""
    old = Mail.objects.filter(status=Mail.Status.WAITING, created_at__lt=timezone.now() - OLDEST)
    old.update(status=Mail.Status.DEAD, last_error="too old")


@transaction.atomic
def _send_next(begun: dt.datetime, connection: Any) -> "Outcome":
    """Send the mail that has been due longest.

    The row stays locked until the answer of the server is written down: a worker killed in between has written
    nothing, and the next one sends the mail again.
    """
    waiting = Mail.objects.filter(status=Mail.Status.WAITING, due_at__lte=begun)
    locked = waiting.select_for_update(of=("self",), skip_locked=True).select_related("user", "notice")
    mail = locked.order_by("due_at", "pk").first()
    if mail is None:
        return Outcome.NONE_DUE
    reason = _against(mail)
    if reason:
        _close(mail, Mail.Status.DEAD, reason)
        return Outcome.FAILED
    mail.attempts += 1
    outcome = Outcome.AWAY
    try:
        connection.open()
        outcome = Outcome.FAILED
        connection.send_messages([_message(mail)])
    except (SMTPException, OSError) as error:
        connection.close()
        _failed(mail, error)
        return outcome
    mail.sent_at = timezone.now()
    _close(mail, Mail.Status.SENT, "")
    return Outcome.SENT


def _against(mail: Mail) -> str:
    """Why nobody should get it any more."""
    if not mail.user.is_active or not mail.user.email:
        return "no address"
    if mail.created_at < timezone.now() - OLDEST:
        return "too old"
    return ""


def _close(mail: Mail, status: str, error: str) -> None:
    mail.status, mail.last_error = status, error
    mail.save(update_fields=["status", "last_error", "attempts", "sent_at"])


def _failed(mail: Mail, error: Exception) -> None:
    """Try again later, later each time; a recipient refused for good, or too many tries, ends it."""
    told = describe(error)
    logger.warning("A mail could not be sent (%s); attempt %s.", told, mail.attempts)
    if mail.attempts >= MOST_TRIES or _refused_for_good(error):
        _close(mail, Mail.Status.DEAD, told)
        return
    mail.due_at = timezone.now() + min(FIRST_PAUSE * 2 ** (mail.attempts - 1), LONGEST_PAUSE)
    mail.last_error = told
    mail.save(update_fields=["attempts", "due_at", "last_error"])


def _refused_for_good(error: Exception) -> bool:
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _text in error.recipients.values())


def describe(error: Exception) -> str:
    """Kind of failure and the server's code; its text may quote addresses."""
    name = type(error).__name__
    if isinstance(error, SMTPServerDisconnected):
        return name
    if isinstance(error, SMTPRecipientsRefused):
        return f"{name} {' '.join(str(code) for code, _text in error.recipients.values())}"
    return f"{name} {error.smtp_code}" if isinstance(error, SMTPResponseException) else name


def _message(mail: Mail) -> EmailMultiAlternatives:
    """The mail in the reader's language as it is now."""
    with translation.override(mail.user.language):
        notice = mail.notice
        site = settings.LTC_SITE_URL
        context = {
            "notice": notice,
            "person": mail.user,
            "link": f"{site}{notice.link}" if site and notice.link else "",
            "profile": f"{site}/profile/" if site else "",
        }
        subject = " ".join(f"LTC: {notice.text}".split())[:LONGEST_SUBJECT]
        message = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string("emails/notice.txt", context),
            to=[mail.user.email],
            headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("emails/notice.html", context), "text/html")
    return message


@transaction.atomic
def send_again(mails: Iterable[Mail]) -> int:
    """Put mails that were given up back into the outbox, under their old Message-ID; returns how many."""
    dead = Mail.objects.filter(pk__in=[mail.pk for mail in mails], status=Mail.Status.DEAD)
    now = timezone.now()
    return dead.update(status=Mail.Status.WAITING, due_at=now, created_at=now, attempts=0)
