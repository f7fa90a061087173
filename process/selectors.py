"""Reading the kernel: whether the log, the seats and the case records are what they should be."""

import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import CharField, OuterRef, Subquery

from process.guards import stage_models
from process.models import Case, CaseRecord, LogEntry, Seat
from process.models.case import SINGLE_SEATS
from process.services.log import mac_of

Finding = tuple[str, str]


def broken_chains() -> Iterator[Finding]:
    """Altered, missing, inserted or cut-off log rows: the HMAC chain of every case, from its first entry.

    Yields (invariant, sentence). Reads the whole log once, in order, with flat memory.
    """
    heads = {pk: (length, head) for pk, length, head in Case.objects.values_list("pk", "log_length", "log_head")}
    case_id, seq, mac = None, 0, ""
    for entry in LogEntry.objects.order_by("case_id", "seq").iterator(chunk_size=5000):
        if entry.case_id != case_id:
            if case_id is not None:
                yield from _end_of_chain(case_id, seq, mac, heads.pop(case_id, (0, "")))
            case_id, seq, mac = entry.case_id, 0, ""
        if entry.seq != seq + 1:
            yield "log", f"case {case_id}: entry {seq + 1} is missing"
        if mac_of(entry, mac) != entry.mac:
            yield "log", f"case {case_id}: entry {entry.seq} ({entry.action}) was altered"
        seq, mac = entry.seq, entry.mac
    if case_id is not None:
        yield from _end_of_chain(case_id, seq, mac, heads.pop(case_id, (0, "")))
    for rest, (length, _head) in heads.items():
        if length:
            yield "log", f"case {rest}: all {length} entries are missing"


def _end_of_chain(case_id: int, seq: int, mac: str, head: tuple[int, str]) -> Iterator[Finding]:
    if (seq, mac) != head:
        yield "log", f"case {case_id}: the chain ends at entry {seq}, the case says {head[0]}"


def broken_anchors(path: Path | None = None) -> Iterator[Finding]:
    """Heads anchored outside the database that the log no longer contains: rows and case rewritten together."""
    anchors = path or settings.LTC_ANCHOR_FILE
    if not anchors.exists():
        return
    with anchors.open(encoding="utf-8") as lines:
        for line in lines:
            anchor = json.loads(line)
            known = LogEntry.objects.filter(case_id=anchor["case"], seq=anchor["seq"]).values_list("mac", flat=True)
            if list(known) != [anchor["mac"]]:
                yield (
                    "anchor",
                    f"case {anchor['case']}: entry {anchor['seq']} is not the one anchored on {anchor['at']}",
                )


def double_seats() -> Iterator[Finding]:
    """Single seats with more than one holder now (the exclusion constraint forbids it)."""
    held = Seat.objects.current().filter(role__in=SINGLE_SEATS).order_by("case_id", "role", "pk")
    before: tuple[int, str] | None = None
    for case_id, role in held.values_list("case_id", "role").iterator():
        if (case_id, role) == before:
            yield "seat", f"case {case_id}: the seat {role} has two holders"
        before = (case_id, role)


def drifted_case_records() -> Iterator[Finding]:
    """Records whose kept row says another state than the record itself, or that have none."""
    for model in stage_models():
        if not model.tracked:
            continue
        kept = CaseRecord.objects.filter(kind=model.record_kind(), object_id=OuterRef("pk")).values("state")[:1]
        rows = model._default_manager.annotate(kept_state=Subquery(kept, output_field=CharField()))
        for code, state, kept_state in rows.values_list("code", "state", "kept_state").iterator():
            if state != kept_state:
                yield "case record", f"{model.noun()} {code} is {state}, its case says {kept_state or 'nothing'}"


def kernel_findings() -> Iterator[Finding]:
    """Every invariant of the kernel, checked."""
    yield from broken_chains()
    yield from broken_anchors()
    yield from double_seats()
    yield from drifted_case_records()
