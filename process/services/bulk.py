"""The first door for many records at once: the lines of a file are opened like one record, in a few statements."""

from collections.abc import Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from core.numbering import next_codes
from process import access, catalogue, segregation
from process.models import Case, CaseRecord, LogEntry, StageRecord
from process.services import doors, steps
from process.services.cases import new_case
from process.services.log import mac_of

Record = TypeVar("Record", bound=StageRecord)


@transaction.atomic
def open_many(records: Sequence[Record], *, by: Actor | User, note: str = "") -> list[Record]:
    """Open records of one kind, each with its number, log line and steps, and a case of its own.

    As `open`, but what is unique is left to the database. Raises NotAllowed, or Refused with every reason.
    """
    made = list(records)
    if not made:
        return made
    actor = Actor.of(by)
    first = made[0]
    actor = doors.require(first, access.words_for(first, "open"), actor)
    for record, bars in zip(made, segregation.bars_of_many(made, "open", actor), strict=True):
        if bars:
            raise Refused(bars)
        _prepare(record, actor)
    cases = Case.objects.bulk_create(new_case(record.title) for record in made)
    codes = next_codes(first.code_prefix, len(made))
    for record, case, code in zip(made, cases, codes, strict=True):
        record.case, record.code = case, code
        doors.index(record)
    type(first)._default_manager.bulk_create(made)
    _keep(made, actor, note)
    return made


def _prepare(record: StageRecord, actor: Actor) -> None:
    if record.owner_id is None and actor.user is not None and record.owner_defaults_to_actor:
        record.owner = actor.user
    if record.department_id is None:
        source = record.owner or actor.user
        record.department_id = source.department_id if source else None
    record.created_by = actor.user
    reasons = list(record.open_checks())
    # References are objects read before; the database knows them without being asked one by one.
    spared = {field.name for field in record._meta.concrete_fields if isinstance(field, models.ForeignKey)}
    try:
        record.clean_fields(exclude={*spared, "code", "search_text"})
    except ValidationError as error:
        reasons += doors.sentences(record, error)
    if reasons:
        raise Refused(reasons)


def _keep(records: Sequence[StageRecord], actor: Actor, note: str) -> None:
    """What the kernel keeps about each: its open row, its log entry, the steps its opening ends or starts."""
    first = records[0]
    action = f"{first.noun()}.open"
    if first.tracked:
        CaseRecord.objects.bulk_create(
            CaseRecord(
                case_id=record.case_id,
                kind=record.record_kind(),
                object_id=record.pk,
                code=record.code,
                title=record.title[:200],
                state=record.state,
                stage=record.home_stage,
                is_open=record.is_open,
                holder_id=record.holder_id() if record.is_open else None,
                department_id=record.department_id,
                since=record.state_since,
            )
            for record in records
        )
    entries = [_entry(record, action, actor, note) for record in records]
    LogEntry.objects.bulk_create(entries)
    Case.objects.bulk_update([record.case for record in records], ["log_length", "log_head"])
    found = catalogue.current()
    if action in found.by_action or action in found.starts:
        for record in records:
            steps.on_action(record, action, actor)


def _entry(record: StageRecord, action: str, actor: Actor, note: str) -> LogEntry:
    case = record.case
    entry = LogEntry(
        case=case,
        seq=1,
        at=timezone.now(),
        kind=record.record_kind(),
        object_id=record.pk,
        action=action,
        state_to=record.state,
        actor_kind=actor.kind,
        actor_name=str(actor)[:120],
        user_id=actor.user_id,
        ip=actor.ip or None,
        note=note,
    )
    entry.mac = mac_of(entry, "")
    case.log_length, case.log_head = 1, entry.mac
    return entry
