"""The log of the case in the pack: every entry has its place and its seal, whoever may see what it says.

An entry that is told whole can be sealed again by whoever has the key. Of one told in part, or not at all, stand number
and seal: the chain has no gap, and nothing of what is withheld can be read out of a seal.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.conf import settings

from accounts.models import User
from approvals.models import ApprovalRequest
from process import visibility
from process.models import Case, LogEntry
from process.outlet import outlet_of
from process.services.anchors import anchors_in
from process.services.log import sealed_values
from process.views import history

AT_ONCE = 500


def lines(case: Case, reader: User, counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Every entry of the case as the reader may see it, in order; `counts` learns how many are told whole."""
    counts.update(entries=0, whole=0)
    entries = LogEntry.objects.filter(case=case).order_by("seq").iterator(chunk_size=AT_ONCE)
    papers = _papers(case)
    while batch := list(islice(entries, AT_ONCE)):
        keys = {_subject(entry, papers) for entry in batch}
        seen = visibility.seen({key for key in keys if outlet_of(key[0]) is not None}, reader)
        for entry in batch:
            line = _line(entry, reader, seen, papers)
            counts["entries"] += 1
            counts["whole"] += "withheld" not in line
            yield line


def _papers(case: Case) -> dict[int, visibility.Key]:
    """{request: the record that was decided on}: who may see the record may read how it was decided."""
    rows = ApprovalRequest.objects.filter(case=case).values_list("pk", "document_kind", "document_id")
    return {pk: (kind, document) for pk, kind, document in rows}


def _subject(entry: LogEntry, papers: dict[int, visibility.Key]) -> visibility.Key:
    """The record whose visibility decides whether the entry is told."""
    key = (entry.kind, entry.object_id)
    return papers.get(entry.object_id, key) if entry.kind in visibility.PAPER_KINDS else key


def _line(
    entry: LogEntry, reader: User, seen: set[visibility.Key], papers: dict[int, visibility.Key]
) -> dict[str, Any]:
    kind, pk = _subject(entry, papers)
    hidden = outlet_of(kind) is not None and (kind, pk) not in seen
    if hidden or (kind.startswith(visibility.COST_APPS) and not reader.has_right("see_cost")):
        return {"seq": entry.seq, "mac": entry.mac, "withheld": ["entry"]}
    untold = history.untold(entry, reader)
    values = {**sealed_values(entry), "mac": entry.mac}
    values["changes"] = {name: change for name, change in entry.changes.items() if name not in untold}
    withheld = [f"changes.{name}" for name in sorted(untold)]
    if entry.ip is not None and not reader.has_right("see_people"):
        # From where a colleague worked is personal: the seal of such an entry is checked by who may see it.
        del values["ip"]
        withheld.append("ip")
    return {**values, "withheld": withheld} if withheld else values


def anchors(case: Case) -> Iterator[dict[str, Any]]:
    """The heads of this chain that were anchored before the present one.

    The present head may be anchored at any time, without anything being done to the deal: it is compared with the file
    of anchors itself, which is kept outside (`verify_pack`).
    """
    for anchor in anchors_in(settings.LTC_ANCHOR_FILE):
        if anchor is not None and anchor["case"] == case.pk and anchor["seq"] < case.log_length:
            yield anchor
