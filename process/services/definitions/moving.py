"""Moving one running case to another version of the catalogue: previewed, then done and logged."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from process import catalogue
from process.models import Case, ProcessVersion, StageRecord, StepDefinition, StepRecord
from process.services import doors
from process.services.definitions.publishing import Difference, differences

MOVERS = ("pmo", "director")


def preview_move(case: Case, to: ProcessVersion) -> list[Difference]:
    """What would change for this case: steps that come, go, or read differently."""
    before = case.process_version.content if case.process_version else []
    return differences(before, to.content)


@transaction.atomic
def move_case(record: StageRecord, to: ProcessVersion, *, by: Actor | User, note: str) -> Case:
    """Walk the rest of the record's case by the version `to`; logged on the record with the reason.

    Steps that are done stay as they were done. Open ones go on under the new version, or fall away where it has no
    such step. Raises NotAllowed for anybody but the PMO and the project director, Refused when there is nothing to do.
    """
    doors.require(record, MOVERS, Actor.of(by))
    case = Case.objects.select_related("process_version").get(pk=record.case_id)
    if case.process_version_id == to.pk:
        raise Refused(_("The deal is walked by %(version)s already.") % {"version": to})
    if not note.strip():
        raise Refused(_("Please give a reason."))
    before = str(case.process_version or "–")
    changes = {"process_version": f"{before} → {to}"}
    doors.act(record, "move_process", by=by, who=MOVERS, states=record.states.by_code, note=note, changes=changes)
    codes = {definition.code: definition for definition in StepDefinition.objects.filter(version=to)}
    _go_on(StepRecord.objects.filter(case=case, definition__isnull=False, state=StepRecord.State.OPEN), codes)
    Case.objects.filter(pk=case.pk).update(process_version=to)
    catalogue.forget_case(case.pk)
    case.process_version = to
    return case


def _go_on(running: QuerySet[StepRecord], codes: dict[str, StepDefinition]) -> None:
    for step in running.select_related("definition"):
        found = codes.get(step.definition.code)
        if found is None:
            step.state = StepRecord.State.WAIVED
            step.save(update_fields=["state"])
        else:
            step.definition = found
            step.save(update_fields=["definition"])
