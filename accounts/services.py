"""Writes on people: telling them something, choosing a language, naming a deputy."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Delegation, Notice, User
from core.calendar import today
from core.errors import Refused

# A deputation is for a time: one without an end in sight is a role.
LONGEST_AHEAD = dt.timedelta(days=730)


def notify(
    users: Iterable[User | int],
    message: str,
    *,
    key: str,
    params: dict[str, Any] | None = None,
    words: dict[str, str] | None = None,
    link: str = "",
    level: str = "info",
) -> int:
    """Tell each of `users` once per `key`; returns how many were told now.

    `message` is an English message id marked with gettext_noop; `params` are plain values and
    `words` further message ids, both filled in when the notice is read, in the reader's language.
    """
    ids = {user if isinstance(user, int) else user.pk for user in users}
    rows = [
        Notice(
            user_id=user_id,
            key=key,
            message=message,
            params={name: str(value) for name, value in (params or {}).items()},
            words=words or {},
            link=link,
            level=level,
        )
        for user_id in sorted(ids)
    ]
    before = Notice.objects.filter(user_id__in=ids, key=key).count() if rows else 0
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) - before


def read_notices(user: User, *, ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices (all, or those with `ids`) as read; returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at__isnull=True)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=timezone.now())


def choose_language(user: User, language: str) -> User:
    """Keep the language the user wants to work in ("zh-hans" or "en")."""
    if language not in {"zh-hans", "en"}:
        raise Refused(_("This language is not available."))
    user.language = language
    user.save(update_fields=["language"])
    return user


@transaction.atomic
def delegate(principal: User, deputy: User, *, first_day: dt.date, last_day: dt.date, reason: str = "") -> Delegation:
    """Let `deputy` act for `principal` from `first_day` to `last_day`, both included.

    Raises Refused for an impossible period, for oneself, for an overlapping delegation and for a circle.
    """
    # Both people are locked, in one order: two delegations written at once would not see each other.
    list(User.objects.select_for_update(no_key=True).filter(pk__in=[principal.pk, deputy.pk]).order_by("pk"))
    reasons = []
    if last_day < first_day:
        reasons.append(_("The last day lies before the first day."))
    elif last_day < today():
        reasons.append(_("The period lies in the past."))
    elif last_day > today() + LONGEST_AHEAD:
        reasons.append(_("The period ends more than two years from now."))
    if principal == deputy:
        reasons.append(_("Nobody can be the own deputy."))
    if not deputy.is_active:
        reasons.append(_("The deputy is no longer active."))
    if reasons:
        raise Refused(reasons)
    period = (first_day, last_day + dt.timedelta(days=1))
    overlapping = Delegation.objects.filter(during__overlap=period)
    if overlapping.filter(principal=principal).exists():
        reasons.append(_("A deputy is named for this period already."))
    if overlapping.filter(principal=deputy, deputy=principal).exists():
        reasons.append(_("The two would be each other's deputies."))
    if reasons:
        raise Refused(reasons)
    deputy.forget()
    return Delegation.objects.create(principal=principal, deputy=deputy, during=period, reason=reason)
