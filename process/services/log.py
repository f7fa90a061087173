"""Writing the chained log. Whoever writes has locked the case before."""

import datetime as dt
import hashlib
import hmac
import json
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.actor import Actor
from process.models import Case, LogEntry


def lock_case(case_id: int) -> Case:
    """The case row, locked until the transaction ends: the log's chain head is kept there."""
    return Case.objects.select_for_update(no_key=True).get(pk=case_id)


def mac_of(entry: LogEntry, previous: str) -> str:
    """HMAC-SHA256 over the entry's content and the previous entry's MAC; the key lives outside the database."""
    content = [
        previous,
        entry.case_id,
        entry.seq,
        entry.at.astimezone(dt.UTC).isoformat(),
        entry.kind,
        entry.object_id,
        entry.action,
        entry.state_from,
        entry.state_to,
        entry.actor_kind,
        entry.actor_name,
        entry.user_id,
        entry.ip,
        entry.note,
        entry.changes,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(settings.LTC_LOG_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


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
) -> LogEntry:
    """Append one entry to the chain of a locked case."""
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
    entry.save(force_insert=True)
    case.log_length, case.log_head = entry.seq, entry.mac
    case.save(update_fields=["log_length", "log_head"])
    return entry
