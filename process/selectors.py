"""Reading the kernel: whether the log, the seats and the case records are what they should be."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from process import segregation
from process.guards import stage_models
from process.models import Case, CaseRecord, LogEntry, Seat, StageRecord
from process.models.case import SINGLE_SEATS
from process.services.anchors import anchors_in
from process.services.log import mac_of

Finding = tuple[str, str]
ANCHORS_AT_ONCE = 1000


def broken_chains() -> Iterator[Finding]:
    """Altered, missing, inserted or cut-off log rows: the HMAC chain of every case, from its first entry.

    Yields (invariant, sentence). Reads the whole log once, in order, with flat memory.
    """
    entries = LogEntry.objects.annotate(length=F("case__log_length"), head=F("case__log_head"))
    before: Any = None
    for entry in entries.order_by("case_id", "seq").iterator(chunk_size=5000):
        if before is None or entry.case_id != before.case_id:
            yield from _end_of_chain(before)
            seq, mac = 0, ""
        else:
            seq, mac = before.seq, before.mac
        if entry.seq != seq + 1:
            yield "log", f"case {entry.case_id}: entry {seq + 1} is missing"
        elif mac_of(entry, mac) != entry.mac:
            yield "log", f"case {entry.case_id}: entry {entry.seq} ({entry.action}) was altered"
        before = entry
    yield from _end_of_chain(before)
    emptied = Case.objects.filter(~Exists(LogEntry.objects.filter(case=OuterRef("pk"))), log_length__gt=0)
    for pk, length in emptied.values_list("pk", "log_length").iterator():
        yield "log", f"case {pk}: all {length} entries are missing"


def _end_of_chain(last: Any) -> Iterator[Finding]:
    if last is not None and (last.seq, last.mac) != (last.length, last.head):
        yield "log", f"case {last.case_id}: the chain ends at entry {last.seq}, the case says {last.length}"


def broken_anchors(path: Path | None = None) -> Iterator[Finding]:
    """Heads anchored outside the database that the log no longer contains: rows and case rewritten together."""
    lines = enumerate(anchors_in(path or settings.LTC_ANCHOR_FILE), 1)
    while batch := list(islice(lines, ANCHORS_AT_ONCE)):
        cases = {anchor["case"] for _number, anchor in batch if anchor}
        seqs = {anchor["seq"] for _number, anchor in batch if anchor}
        rows = LogEntry.objects.filter(case_id__in=cases, seq__in=seqs).values_list("case_id", "seq", "mac")
        known = {(case_id, seq): mac for case_id, seq, mac in rows}
        for number, anchor in batch:
            if anchor is None:
                yield "anchor", f"line {number} of the anchors cannot be read"
            elif known.get((anchor["case"], anchor["seq"])) != anchor["mac"]:
                sentence = f"case {anchor['case']}: entry {anchor['seq']} is not the one anchored on {anchor['at']}"
                yield "anchor", sentence


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
        rows = model._default_manager.annotate(kept_state=Coalesce(Subquery(kept), Value("nothing")))
        for record in rows.exclude(kept_state=F("state")).only("code", "state").iterator():
            sentence = f"{model.noun()} {record.code} is {record.state}, its case says {record.kept_state}"
            yield "case record", sentence


def kernel_findings() -> Iterator[Finding]:
    """Every invariant of the kernel, checked."""
    yield from broken_chains()
    yield from broken_anchors()
    yield from double_seats()
    yield from drifted_case_records()
    yield from segregation.broken_since_forbidden()


def entries_since(record: StageRecord, seq: int) -> list[LogEntry]:
    """What was done to a record after the log of its case had `seq` entries, oldest first, two hundred at most."""
    found = LogEntry.objects.filter(
        case_id=record.case_id, kind=record.record_kind(), object_id=record.pk, seq__gt=seq
    ).order_by("-seq")
    return list(reversed(found[:200]))
