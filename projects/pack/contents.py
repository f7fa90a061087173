"""What of a deal goes into the pack, as far as the reader may see it; codes and English words, whoever asks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps

from accounts.models import User
from approvals.api import request_row
from approvals.models import ApprovalRequest, SpecialApproval
from core.api.shapes import ref
from process import handovers, visibility
from process.api.outputs import Shape, represent, shape_of, unseen
from process.models import Attachment, Case, Handover, LogEntry, Seat, StepRecord
from process.outlet import Outlet, outlets
from projects.models import Project

AT_ONCE = 200
# Kinds that have a folder of their own; all others lie under records/.
FOLDERS = {SpecialApproval.record_kind(): "special-approvals", Handover.record_kind(): "handovers"}
# What every answer begins with, besides stored fields.
_ALWAYS = frozenset({"id", "case_id", "version", "code", "title", "state", "owner", "department"})
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\x7f]+')


def project_facts(project: Project) -> dict[str, Any]:
    """The way of the deal: stages, seats, steps."""
    entries = project.stage_entries.select_related("by").order_by("pk")
    seats = Seat.objects.filter(case_id=project.case_id).select_related("user").order_by("pk")
    steps = StepRecord.objects.filter(case_id=project.case_id, definition__isnull=False).select_related("definition")
    return {
        "code": project.code,
        "title": project.title,
        "stage": project.stage,
        "state": project.state,
        "stages": [
            {
                "stage": one.stage,
                "entered_at": one.entered_at.isoformat(),
                "by": ref(one.by),
                "skipped": one.skipped,
                "is_back": one.is_back,
                "note": one.note,
            }
            for one in entries
        ],
        "seats": [
            {
                "seat": one.role,
                "user": ref(one.user),
                "from": one.during.lower.isoformat() if one.during.lower else None,
                "to": one.during.upper.isoformat() if one.during.upper else None,
            }
            for one in seats
        ],
        "steps": [_step(one) for one in steps.order_by("pk")],
    }


def _step(one: StepRecord) -> dict[str, Any]:
    moments = {"opened_at": one.opened_at, "due_at": one.due_at, "ended_at": one.ended_at}
    return {
        "step": one.definition.code if one.definition else "",
        "state": one.state,
        **{name: at.isoformat() if at else None for name, at in moments.items()},
        "ended_by": one.ended_by,
    }


@dataclass(frozen=True)
class Told:
    """A record as the reader may see it, and where it lies in the pack."""

    kind: str
    pk: int
    code: str
    path: str
    content: dict[str, Any]


def records(case: Case, reader: User) -> Iterator[Told]:
    """Every record of the deal that the reader may see, kind by kind, without cost for those who may not see it."""
    for outlet in sorted(outlets(), key=lambda one: one.model.record_kind()):
        found = outlet.queryset(reader).filter(case=case).order_by("pk").iterator(chunk_size=AT_ONCE)
        while batch := list(islice(found, AT_ONCE)):
            yield from _told(outlet, batch, case, reader)


def _told(outlet: Outlet, batch: list[Any], case: Case, reader: User) -> Iterator[Told]:
    shape, kind = shape_of(outlet, False), outlet.model.record_kind()
    hidden = unseen(batch, shape, reader)
    entries: dict[int, list[int]] = {}
    logged = LogEntry.objects.filter(case=case, kind=kind, object_id__in=[one.pk for one in batch]).order_by("seq")
    for pk, seq in logged.values_list("object_id", "seq"):
        entries.setdefault(pk, []).append(seq)
    folder = FOLDERS.get(kind, f"records/{kind}")
    for record in batch:
        content = {"kind": kind, **_stored(record, shape, reader, hidden), "log": entries.get(record.pk, [])}
        if isinstance(record, Handover):
            content["package"] = handovers.told(record.package, reader)
        name = _UNSAFE.sub("_", record.code)
        if name != record.code:  # two numbers may look alike then
            name = f"{name}-{record.pk}"
        yield Told(kind, record.pk, record.code, f"{folder}/{name}.json", content)


def _stored(record: Any, shape: Shape, reader: User, hidden: dict[str, set[int]]) -> dict[str, Any]:
    """What is stored, without what depends on the day or the language it is asked in."""
    told = represent(record, shape, reader, hidden)
    return {
        name: value
        for name, value in told.items()
        if name in _ALWAYS or name in shape.lines or (name != "url" and shape.model.has_field(name))
    }


def decisions(case: Case, reader: User) -> Iterator[dict[str, Any]]:
    """Every request for a decision on a record that the reader may see, in the order they were asked."""
    found = ApprovalRequest.objects.filter(case=case).select_related("rule", "submitted_by").order_by("pk")
    requests = list(found.prefetch_related("decisions__decided_by", "decisions__on_behalf_of", "decisions__letter"))
    seen = visibility.seen({(one.document_kind, one.document_id) for one in requests}, reader)
    names = _names(pk for one in requests for asked in one.decisions.all() for pk in asked.assignees)
    for one in requests:
        if (one.document_kind, one.document_id) in seen:
            yield _decision(one, reader, names)


def _decision(one: ApprovalRequest, reader: User, names: dict[int, str]) -> dict[str, Any]:
    row = request_row(one, reader)
    for opinion, asked in zip(row["opinions"], one.decisions.all(), strict=True):
        opinion["asked"] = [{"id": pk, "text": names.get(pk, "")} for pk in asked.assignees]
    document: Any = apps.get_model(one.document_kind)
    frozen: dict[str, Any] = {"withheld": ["rule", "snapshot"]}
    if document.tells_cost_to(reader):
        # Values and rule tell cost and margin between the lines, so they are told whole or not at all.
        frozen = {"rule": one.frozen_rule, "snapshot": one.snapshot}
    return {
        **row,
        "title": one.title,
        "document": {"kind": one.document_kind, "id": one.document_id},
        "submitted_by": ref(one.submitted_by),
        "submitted_at": one.created_at.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "digest": one.digest,
        **frozen,
    }


def _names(pks: Iterable[int]) -> dict[int, str]:
    return {pk: str(user) for pk, user in User.objects.in_bulk(set(pks)).items()}


def files(case: Case, reader: User) -> list[Attachment]:
    """The files of the deal that the reader may open: those of records that are visible."""
    found = list(Attachment.objects.filter(case=case).select_related("added_by").order_by("pk"))
    seen = visibility.seen({(one.kind, one.object_id) for one in found}, reader)
    return [one for one in found if (one.kind, one.object_id) in seen]


def path_of(file: Attachment) -> str:
    """Where a file lies in the pack: under its number, with a name that every system can unpack."""
    name = _UNSAFE.sub("_", file.name).strip(" .")[-100:] or "file"
    return f"files/{file.pk:08d}/{name}"
