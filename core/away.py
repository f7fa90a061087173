"""What a request failed for when it is nobody's mistake: a database that does not answer, a disk that is full."""

import errno
from collections.abc import Iterator
from enum import StrEnum

from django.db import InterfaceError, OperationalError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DISK_FULL = "53100"  # PostgreSQL's disk_full


class Away(StrEnum):
    """What is away; the page says what that means."""

    DATABASE = "database"
    DISK = "disk"


def cause_of(error: BaseException | None) -> Away | None:
    """What was away when this was raised; None for a mistake of ours."""
    found = None
    for link in _chain(error):
        if isinstance(link, OSError) and link.errno in _FULL:
            return Away.DISK
        if getattr(link, "sqlstate", None) == _DISK_FULL:
            return Away.DISK
        if isinstance(link, OperationalError | InterfaceError):
            found = Away.DATABASE
    return found


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__
