"""Sessions: where a person is signed in, and ending that. The list is allauth's; an ended session is gone at once."""

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actor import Actor
from accounts.duties import require_duty
from accounts.models import ApiToken, Duty, SecurityEntry, User
from accounts.services.security import enter


def touch_session(key: str, *, ip: str) -> None:
    """Keep when and from where a session was seen last."""
    seen = {"last_seen_at": timezone.now(), **({"ip": ip} if ip else {})}
    UserSession.objects.filter(session_key=key).update(**seen)


def move_session(old_key: str, new_key: str) -> None:
    """The same session under the key it has been given anew."""
    UserSession.objects.filter(session_key=old_key).update(session_key=new_key)


def _end(sessions: Iterable[UserSession], person: User, by: Actor | User) -> int:
    ended = 0
    for session in sessions:
        details = {"address": session.ip, "device": session.user_agent, "since": session.created_at.isoformat()}
        session.end()
        enter(SecurityEntry.Event.SESSION_ENDED, user=person, by=by, details=details)
        ended += 1
    return ended


@transaction.atomic
def end_session(person: User, session_id: int, *, by: Actor | User) -> int:
    """End one session of a person; 0 when it is not theirs or has ended already."""
    return _end(UserSession.objects.filter(user=person, pk=session_id), person, by)


@transaction.atomic
def end_other_sessions(person: User, current_key: str, *, by: Actor | User) -> int:
    """End every session of a person but the one with this key; returns how many."""
    return _end(UserSession.objects.filter(user=person).exclude(session_key=current_key), person, by)


@transaction.atomic
def end_all_sessions(person: User, *, by: Actor | User) -> int:
    """End every session of somebody else; returns how many. NotAllowed for all but the security administrator."""
    return _end(UserSession.objects.filter(user=person), person, require_duty(by, Duty.SECURITY))


def purge_sessions() -> int:
    """Forget sessions that have run out, and their rows in people's lists; returns how many rows went."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    return UserSession.objects.filter(~Exists(alive)).delete()[0]


def end_access(person: User, *, by: Actor | User, current_key: str = "") -> None:
    """Everything that lets a person in without signing in anew ends: tokens, and sessions but the one with this key."""
    end_other_sessions(person, current_key, by=by)
    for token in ApiToken.objects.filter(user=person):
        token.delete()
        enter(SecurityEntry.Event.TOKEN_REVOKED, user=person, by=by, details={"token": token.label})
