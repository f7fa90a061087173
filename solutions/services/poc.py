"""The verbs of a proof of concept."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import today
from process.services import doors
from solutions.models import Poc


@transaction.atomic
def open(*, by: Actor | User, note: str = "", **fields: Any) -> Poc:
    """Plan a trial for a solution."""
    poc = Poc(**fields)
    return doors.open(poc, by=by, note=note, case=poc.solution.project.case)


@transaction.atomic
def edit(poc: Poc, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Poc:
    """Change a planned trial; once it runs the criteria stand."""
    return doors.edit(poc, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def start(poc: Poc, *, by: Actor | User, note: str = "", version: int | None = None) -> Poc:
    """Begin; Refused before the criteria are agreed with the customer."""
    return doors.fire(poc, "start", by=by, note=note, version=version)


@transaction.atomic
def pass_(poc: Poc, *, by: Actor | User, note: str = "", version: int | None = None, result: str = "") -> Poc:
    """The criteria are met."""
    return doors.fire(poc, "pass", by=by, note=note, version=version, changes={"result": result})


@transaction.atomic
def fail(poc: Poc, *, by: Actor | User, note: str = "", version: int | None = None, result: str = "") -> Poc:
    """The criteria are not met."""
    return doors.fire(poc, "fail", by=by, note=note, version=version, changes={"result": result})


@transaction.atomic
def stop(poc: Poc, *, by: Actor | User, note: str = "", version: int | None = None) -> Poc:
    """End the trial before a result."""
    return doors.fire(poc, "stop", by=by, note=note, version=version)


def remind_of_ends() -> int:
    """Tell the owner of every running trial whose end date has come, once."""
    told = 0
    poc: Any
    for poc in Poc.objects.filter(state="running", ends_on__lte=today(), owner__isnull=False).order_by("pk"):
        told += notify(
            [poc.owner_id],
            gettext_noop("%(poc)s was to end on %(day)s"),
            key=f"poc:{poc.pk}:{poc.ends_on}",
            params={"poc": str(poc), "day": str(poc.ends_on)},
            link=poc.get_absolute_url(),
            level="warning",
        )
    return told
