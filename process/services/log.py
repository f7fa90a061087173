"""Writing the chained log. Whoever writes has locked the case before."""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from process.models import Case, LogEntry


def lock_case(case_id: int) -> Case:
    """The case row, locked until the transaction ends: the log's chain head is kept there."""
    return Case.objects.select_for_update(no_key=True).get(pk=case_id)


# What the chain seals of an entry, in this order; whoever has the key can seal it again (docs/architecture.md, 9).
SEALED = (
    "case_id",
    "seq",
    "at",
    "kind",
    "object_id",
    "action",
    "state_from",
    "state_to",
    "actor_kind",
    "actor_name",
    "user_id",
    "ip",
    "note",
    "changes",
)


def sealed_values(entry: LogEntry) -> dict[str, Any]:
    """What the chain seals of an entry, by name, as JSON holds it; the moment in UTC."""
    return {**{name: getattr(entry, name) for name in SEALED}, "at": entry.at.astimezone(dt.UTC).isoformat()}


def seal(previous: str, values: dict[str, Any], key: str) -> str:
    """HMAC-SHA256 in hex over the MAC of the entry before (empty for the first) and the sealed values of an entry."""
    content = [previous, *(values[name] for name in SEALED)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def mac_of(entry: LogEntry, previous: str) -> str:
    """The seal of an entry by our own key, which lives outside the database."""
    return seal(previous, sealed_values(entry), settings.LTC_LOG_KEY)


def write_log(
    case: Case,
    *,
    kind: str,
    object_id: int,
    action: str,
    by: Actor,
    state_from: str = "",
    state_to: str = "",
    note: str = "",
    changes: dict[str, Any] | None = None,
    with_next: bool = False,
) -> LogEntry:
    """Append one entry to the chain of a locked case.

    `with_next`: it is written in one statement with the next entry of this `case`, which the same act must write.
    """
    entry = LogEntry(
        case=case,
        seq=case.log_length + 1,
        at=timezone.now(),
        kind=kind,
        object_id=object_id,
        action=action,
        state_from=state_from,
        state_to=state_to,
        actor_kind=by.kind,
        actor_name=str(by)[:120],
        user_id=by.user_id,
        ip=by.ip or None,
        note=note,
        changes=changes or {},
    )
    entry.mac = mac_of(entry, case.log_head)
    case.log_length, case.log_head = entry.seq, entry.mac
    waiting: list[LogEntry] = case.__dict__.setdefault("_unwritten", [])
    waiting.append(entry)
    if not with_next:
        _append(waiting)
        waiting.clear()
    return entry


def keep_heads(cases: Iterable[Case]) -> None:
    """Write where the chains of many locked cases end, in one statement."""
    ends = [(case.pk, case.log_length, case.log_head) for case in cases]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE process_case SET log_length = ends.length, log_head = ends.head "
            "FROM unnest(%s::bigint[], %s::integer[], %s::text[]) AS ends (id, length, head) "
            "WHERE process_case.id = ends.id",
            [list(column) for column in zip(*ends, strict=True)],
        )


def _append(entries: list[LogEntry]) -> None:
    """Write the entries of a case, and its new head, in one statement."""
    fields = [field for field in LogEntry._meta.concrete_fields if field.name not in ("id", "xid")]
    values = [
        field.get_db_prep_save(getattr(entry, field.attname), connection) for entry in entries for field in fields
    ]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    last = entries[-1]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH head AS (UPDATE process_case SET log_length = %s, log_head = %s WHERE id = %s) "
            f"INSERT INTO process_logentry ({columns}) VALUES {', '.join([row] * len(entries))} RETURNING id",
            [last.seq, last.mac, last.case_id, *values],
        )
        for entry, (pk,) in zip(entries, cursor.fetchall(), strict=True):
            entry.pk = pk
            entry._state.adding = False
