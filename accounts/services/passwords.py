"""Passwords: changed, chosen by a link, and the link itself, by mail or handed over by the security administrator."""

import datetime as dt
import logging

from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.duties import require_duty
from accounts.models import Duty, ResetRequest, SecurityEntry, User
from accounts.services.security import enter
from accounts.services.sessions import end_access
from core.errors import NotAllowed, Refused

logger = logging.getLogger(__name__)
Event = SecurityEntry.Event
# More than this within an hour, for one address or from one place, is somebody playing.
MOST_PER_EMAIL = 3
MOST_PER_PLACE = 20
HOUR = dt.timedelta(hours=1)
KEPT = dt.timedelta(days=7)


@transaction.atomic
def change_password(person: User, password: str, *, by: Actor | User, current_key: str = "") -> User:
    """Set a new password for oneself; every other session ends."""
    person.set_password(password)
    person.save(update_fields=["password"])
    enter(Event.PASSWORD_CHANGED, user=person, by=by)
    end_access(person, by=by, current_key=current_key)
    return person


@transaction.atomic
def reset_password(person: User, password: str, *, token: str, ip: str) -> User:
    """Set the password chosen by a link; every session ends, and the link is used up.

    Refused when the link was used in the meantime: of two who send it at once, one is told so.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not row.is_active or not default_token_generator.check_token(row, token):
        raise Refused(_("This link was used already or is too old. Ask for a new one."))
    row.set_password(password)
    row.save(update_fields=["password"])
    by = Actor(kind="user", name=str(row), user=row, ip=ip)
    enter(Event.PASSWORD_RESET, user=row, by=by)
    end_access(row, by=by)
    return row


def _path(person: User) -> str:
    """The address at which the person chooses a password; void once it was used, or after PASSWORD_RESET_TIMEOUT."""
    key = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("password_reset_confirm", args=[key, default_token_generator.make_token(person)])


@transaction.atomic
def make_link(person: User, *, by: Actor | User) -> str:
    """The path of a link for a person without mail, to be handed over; valid once and for an hour.

    NotAllowed for all but the security administrator, and for oneself; Refused for a closed account.
    """
    actor = require_duty(by, Duty.SECURITY)
    if actor.user_id == person.pk:
        raise NotAllowed(_("Change your own password on your profile page."))
    if not person.is_active:
        raise Refused(_("This account is closed."))
    enter(Event.LINK_MADE, user=person, by=actor)
    return _path(person)


def ask_reset(email: str, *, base_url: str, ip: str) -> None:
    """Write down that a link is wanted. The same work for every address; who it belongs to is looked up by the job."""
    recent = ResetRequest.objects.filter(asked_at__gt=timezone.now() - HOUR)
    too_many = recent.filter(email__iexact=email).count() >= MOST_PER_EMAIL
    if recent.filter(ip=ip).count() >= MOST_PER_PLACE or too_many:
        logger.warning("Too many password links were asked for; this one is left out.")
        return
    ResetRequest.objects.create(email=email, base_url=base_url, ip=ip)


def send_resets() -> int:
    """Send the links that were asked for; returns how many mails went out. A mail that fails is tried again."""
    ResetRequest.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()
    sent = 0
    waiting = ResetRequest.objects.filter(done_at__isnull=True, asked_at__gt=timezone.now() - HOUR)
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        sent += _send(pk)
    return sent


@transaction.atomic
def _send(pk: int) -> int:
    request = ResetRequest.objects.select_for_update(skip_locked=True).filter(pk=pk, done_at__isnull=True).first()
    if request is None:
        return 0
    people = list(User.objects.filter(email__iexact=request.email, is_active=True).exclude(email=""))
    try:
        for person in people:
            _mail(person, request)
    except OSError:
        # No address and no link in the log: who may read the log may not sign in as others.
        logger.exception("A password link could not be sent; it is tried again.")
        return 0
    request.done_at = timezone.now()
    request.save(update_fields=["done_at"])
    for person in people:
        enter(Event.RESET_ASKED, user=person, ip=request.ip)
    return len(people)


def _mail(person: User, request: ResetRequest) -> None:
    with translation.override(person.language):
        link = f"{request.base_url}{_path(person)}"
        body = render_to_string("registration/password_reset_mail.txt", {"person": person, "link": link})
        message = EmailMessage(
            subject=_("Choose a new password for LTC"),
            body=body,
            to=[person.email],
            # The same for every try, so that a mail server can drop the second copy.
            headers={"Message-ID": f"<password-{request.pk}-{person.pk}@ltc>"},
        )
        message.send()
