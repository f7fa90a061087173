"""Steps that no verb ends: a review the company added, done by a person who says what was found."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from process import catalogue
from process.models import StageRecord, StepRecord
from process.services import doors
from process.services.files import attach


@transaction.atomic
def confirm(record: StageRecord, code: str, *, by: Actor | User, note: str, file: Any = None) -> StepRecord:
    """Say that a step done by hand (a review the company added) is done on the record's case, with words and a file.

    Raises NotAllowed for anybody but who is accountable or consulted, Refused for a step that is not by hand or done.
    """
    step = next((one for one in catalogue.of_case(record.case_id).steps if one.code == code and one.by_hand), None)
    if step is None:
        raise Refused(_("There is no such step to confirm."))
    if not note.strip():
        raise Refused(_("Please say what was found."))
    who, changes = (step.accountable, *step.consulted), {"step": f"{step.code} {step}"}
    states = record.states.by_code
    doors.act(record, "confirm_step", by=by, who=who, states=states, note=note, changes=changes)
    running = StepRecord.objects.select_for_update(of=("self",)).filter(case_id=record.case_id, definition__code=code)
    found = running.first() or StepRecord(case_id=record.case_id, definition=step)
    if found.pk and found.state != StepRecord.State.OPEN:
        raise Refused(_("%(step)s was ended before.") % {"step": f"{step.code} {step}"})
    found.state, found.ended_at, found.ended_by = StepRecord.State.DONE, timezone.now(), str(Actor.of(by))[:120]
    found.save()
    if file is not None:
        attach(record, file=file, by=by, purpose="evidence", note=f"{step.code} {step}")
    return found
