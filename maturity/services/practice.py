"""Every write on a current practice."""

from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.models import User
from maturity.models import Practice
from process.models import Case
from process.services import edit as edit_record
from process.services import fire
from process.services import open as open_record


@transaction.atomic
def open(*, by: Actor | User, note: str = "", case: Case | None = None, **fields: Any) -> Practice:
    """Say how a department does a step today.

    Raises NotAllowed for anybody but the head of the department and the keeper, Refused for a step that the process
    does not have, and for one that stands in the department's inventory already.
    """
    practice = Practice(**fields)
    step = practice.definition
    practice.title = f"{practice.step} {step.zh if step else ''} · {practice.department.zh}"[:200]
    return open_record(practice, by=by, note=note, case=case)


@transaction.atomic
def edit(
    practice: Practice, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Practice:
    """Change how the step is done, how well that fits, what hurts, what lacks, who moves it to LTC and until when."""
    return edit_record(practice, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def exclude(practice: Practice, *, by: Actor | User, note: str = "", version: int | None = None) -> Practice:
    """The step is no business of the department (reason mandatory): it leaves the denominator of coverage."""
    return fire(practice, "exclude", by=by, note=note, version=version, changes={"reason": note.strip()})


@transaction.atomic
def include(practice: Practice, *, by: Actor | User, note: str = "", version: int | None = None) -> Practice:
    """The step is business of the department after all (reason mandatory)."""
    return fire(practice, "include", by=by, note=note, version=version, changes={"reason": ""})
