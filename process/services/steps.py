"""What happened to each L3 step on each case, and which decisions are asked of whom."""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from accounts.actor import Actor
from core.calendar import due
from process import catalogue
from process.models import CaseRecord, StageRecord, StepDefinition, StepRecord


def _due(step: StepDefinition, start: dt.datetime) -> dt.datetime | None:
    return due(start, step.sla_hours, "natural" if step.clock == "natural" else "working") if step.sla_hours else None


def on_action(record: StageRecord, action: str, by: Actor, *, fresh: bool = False) -> None:
    """An act happened: the step it ends is done, the steps it starts are expected from now.

    The case's own version of the catalogue counts. A step that began under an earlier one is ended as that. A `fresh`
    case has no steps yet.
    """
    found = catalogue.of_case(record.case_id)
    ended, started = found.by_action.get(action), found.starts.get(action, [])
    codes = {step.code for step in (ended, *started) if step is not None}
    if not codes:
        return
    known = {} if fresh else _known(record.case_id, codes)
    now = timezone.now()
    done = {"state": StepRecord.State.DONE, "ended_at": now, "ended_by": str(by)[:120]}
    begun = [
        StepRecord(case_id=record.case_id, definition=step, opened_at=now, due_at=_due(step, now))
        for step in started
        if step.code not in known
    ]
    if ended is not None and ended.code not in known:
        begun.append(StepRecord(case_id=record.case_id, definition=ended, opened_at=now, **done))
    elif ended is not None:
        StepRecord.objects.filter(pk=known[ended.code].pk, state=StepRecord.State.OPEN).update(**done)
    StepRecord.objects.bulk_create(begun)


def _known(case_id: int, codes: set[str]) -> dict[str, StepRecord]:
    records = StepRecord.objects.filter(case_id=case_id, definition__code__in=codes)
    return {one.definition.code: one for one in records.select_related("definition") if one.definition}


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


def ask_instead(step: StepRecord, *, assignees: Iterable[int]) -> None:
    """Ask these people (user ids) for a decision that is asked for already; its due time stays."""
    StepRecord.objects.filter(pk=step.pk, state=StepRecord.State.OPEN).update(assignees=sorted(set(assignees)))


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
