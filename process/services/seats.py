"""Who sits where on a case. A change is logged; one seat has one holder, the database sees to it."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.errors import Refused
from process.machine import message_id
from process.models import Case, Seat
from process.models.case import SEATS, SINGLE_SEATS
from process.services.log import lock_case, write_log


def seat(case_id: int, role: str) -> User | None:
    """The person who holds a seat now."""
    held = Seat.objects.current().filter(case_id=case_id, role=role).select_related("user").first()
    return held.user if held else None


@transaction.atomic
def take_seat(case: Case | int, role: str, user: User, *, by: Actor | User, note: str = "") -> Seat:
    """Put `user` on a seat of the case; on a single seat the one before leaves in the same moment."""
    actor = Actor.of(by)
    if role not in SEATS:
        raise Refused(_("There is no such seat."))
    if not user.is_active:
        raise Refused(_("%(who)s is no longer active.") % {"who": user})
    locked = lock_case(case.pk if isinstance(case, Case) else case)
    held = list(Seat.objects.current().filter(case=locked, role=role).select_related("user"))
    for one in held:
        if one.user_id == user.pk:
            return one
    leaving = held if role in SINGLE_SEATS else []
    now = _moment(leaving)
    for one in leaving:
        _end(one, now)
    taken = Seat.objects.create(case=locked, role=role, user=user, during=(now, None))
    _forget(user, actor.user)
    before = ", ".join(str(one.user) for one in leaving)
    write_log(
        locked,
        kind="process.case",
        object_id=locked.pk,
        action="case.seat",
        by=actor,
        note=note,
        changes={role: [before, str(user)]},
    )
    if user.pk != actor.user_id:
        notify(
            [user],
            gettext_noop("You are now %(seat)s of %(case)s"),
            key=f"seat:{taken.pk}",
            params={"case": str(locked)},
            words={"seat": message_id(SEATS[role])},
        )
    return taken


def _moment(leaving: Iterable[Seat]) -> dt.datetime:
    """Now, but after all of these began: a range that ends where it begins would be empty, and be held forever."""
    return max([timezone.now(), *(one.during.lower + dt.timedelta(microseconds=1) for one in leaving)])


def _end(held: Seat, moment: dt.datetime) -> None:
    held.during = (held.during.lower, moment)
    held.save(update_fields=["during"])


def _forget(*users: User | None) -> None:
    """Their seats were read before this change."""
    for user in users:
        if user is not None:
            user.forget()


@transaction.atomic
def leave_seat(case: Case | int, role: str, user: User, *, by: Actor | User, note: str = "") -> None:
    """Take `user` off a seat without a successor; refused for the iron triangle by the callers' gates."""
    actor = Actor.of(by)
    locked = lock_case(case.pk if isinstance(case, Case) else case)
    held = Seat.objects.current().filter(case=locked, role=role, user=user).first()
    if held is None:
        raise Refused(_("%(who)s does not hold this seat.") % {"who": user})
    _end(held, _moment([held]))
    _forget(user, actor.user)
    write_log(
        locked,
        kind="process.case",
        object_id=locked.pk,
        action="case.leave_seat",
        by=actor,
        note=note,
        changes={role: [str(user), ""]},
    )
