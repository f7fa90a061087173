"""What many tests say: nothing changed, the log tells it, a page answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client

from accounts.models import Notice, User
from accounts.sign_in import SET_UP_HERE
from process.models import LogEntry, StageRecord


@contextmanager
def unchanged(*records: StageRecord) -> Iterator[None]:
    """Re-reads every column of the records, the log and the notices: a refusal leaves all of them as they were."""

    def state() -> Any:
        rows = [type(record)._default_manager.filter(pk=record.pk).values().get() for record in records]
        return rows, LogEntry.objects.count(), Notice.objects.count()

    before = state()
    yield
    assert state() == before


def last_log(record: StageRecord) -> LogEntry:
    """The newest log line of a record."""
    return LogEntry.objects.filter(kind=record.record_kind(), object_id=record.pk).order_by("-id")[0]


def actions(record: StageRecord) -> list[str]:
    """All actions on a record, oldest first."""
    found = LogEntry.objects.filter(kind=record.record_kind(), object_id=record.pk).order_by("id")
    return list(found.values_list("action", flat=True))


def signed_in(user: User) -> Client:
    """A browser in which `user` is signed in, with a second factor where a role asks for one."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[SET_UP_HERE] = user.pk
    session.save()
    return client
