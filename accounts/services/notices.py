"""Telling people something, once."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Notice, User
from accounts.services.mail import queue


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
    now = timezone.now()
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
            created_at=now,
        )
        for user_id in sorted(ids)
    ]
    before = Notice.objects.filter(user_id__in=ids, key=key).count() if rows else 0
    with transaction.atomic(savepoint=False):
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        if settings.LTC_MAIL and len(rows) > before:
            queue(Notice.objects.filter(user_id__in=ids, key=key, created_at=now))
    return len(rows) - before


def read_notices(user: User, *, ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices (all, or those with `ids`) as read; returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at__isnull=True)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=timezone.now())
