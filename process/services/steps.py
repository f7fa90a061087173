"""What happened to each L3 step on each case, and which decisions are asked of whom."""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from accounts.actor import Actor
from core.calendar import due
from process import catalogue
from process.models import CaseRecord, StageRecord, StepDefinition, StepRecord


def _due(step: StepDefinition, start: dt.datetime) -> dt.datetime | None:
    return due(start, step.sla_hours, step.clock) if step.sla_hours else None


def on_action(record: StageRecord, action: str, by: Actor) -> None:
    """An act happened: the step it ends is done, the steps it starts are expected from now."""
    found = catalogue.current()
    now = timezone.now()
    ended = found.by_action.get(action)
    if ended is not None:
        step, created = StepRecord.objects.get_or_create(
            case_id=record.case_id,
            definition=ended,
            defaults={"state": StepRecord.State.DONE, "opened_at": now, "ended_at": now, "ended_by": str(by)[:120]},
        )
        if not created and step.state == StepRecord.State.OPEN:
            step.state, step.ended_at, step.ended_by = StepRecord.State.DONE, now, str(by)[:120]
            step.save(update_fields=["state", "ended_at", "ended_by"])
    expected = [
        StepRecord(case_id=record.case_id, definition=step, opened_at=now, due_at=_due(step, now))
        for step in found.starts.get(action, [])
    ]
    if expected:
        StepRecord.objects.bulk_create(expected, ignore_conflicts=True)


def ask(
    record: StageRecord, *, assignees: Iterable[int], verb: str = "approve", due_at: dt.datetime | None = None
) -> StepRecord:
    """Ask named people (user ids) for a decision on the record: from now on they may fire `verb`."""
    return StepRecord.objects.create(
        case_id=record.case_id,
        kind=record.record_kind(),
        object_id=record.pk,
        verb=verb,
        assignees=sorted(set(assignees)),
        due_at=due_at,
    )


def close_ask(record: StageRecord, *, by: Actor, step_id: int | None = None) -> int:
    """End one decision asked for (or all on the record); returns how many were open."""
    asked = StepRecord.objects.filter(
        kind=record.record_kind(), object_id=record.pk, state=StepRecord.State.OPEN, definition__isnull=True
    )
    if step_id is not None:
        asked = asked.filter(pk=step_id)
    return asked.update(state=StepRecord.State.DONE, ended_at=timezone.now(), ended_by=str(by)[:120])


def hold(record: StageRecord, *, user_id: int | None, department_id: int | None = None) -> None:
    """The record waits for `user_id` from now on, though its owner stays."""
    CaseRecord.objects.filter(kind=record.record_kind(), object_id=record.pk, is_open=True).update(
        holder_id=user_id, department_id=department_id, since=timezone.now()
    )
