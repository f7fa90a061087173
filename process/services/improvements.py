"""What is done with proposals to improve the process."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import due
from process import pace
from process.models import Improvement, ProcessVersion
from process.services import doors

# Working hours in which the owner of a step answers: ten days.
ANSWER_WITHIN_HOURS = 80


@transaction.atomic
def open(*, by: Actor | User, step: str, note: str = "", **fields: Any) -> Improvement:
    """Propose to change a step; those who answer for it are told. Refused for a step that is not in force."""
    made = doors.open(
        Improvement(step=step, due_at=due(timezone.now(), ANSWER_WITHIN_HOURS), **fields), by=by, note=note
    )
    notify(
        made.deciders(),
        gettext_noop("%(who)s proposes to improve step %(step)s: %(title)s"),
        key=f"improvement:{made.pk}",
        params={"who": str(made.owner), "step": made.step, "title": made.title},
        link=made.get_absolute_url(),
    )
    return made


@transaction.atomic
def edit(
    improvement: Improvement, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Improvement:
    """Say it better, as long as nobody has decided."""
    return doors.edit(improvement, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def accept(
    improvement: Improvement,
    *,
    by: Actor | User,
    target: Decimal | None = None,
    note: str = "",
    version: int | None = None,
) -> Improvement:
    """The step will be changed. `target`: hours or percent in time, as the proposal's figure says."""
    return doors.fire(improvement, "accept", by=by, note=note, version=version, changes={"target": target})


@transaction.atomic
def decline(improvement: Improvement, *, by: Actor | User, note: str = "", version: int | None = None) -> Improvement:
    """The step stays as it is (reason mandatory)."""
    return doors.fire(improvement, "decline", by=by, note=note, version=version)


@transaction.atomic
def withdraw(improvement: Improvement, *, by: Actor | User, note: str = "", version: int | None = None) -> Improvement:
    """The proposer takes it back."""
    return doors.fire(improvement, "withdraw", by=by, note=note, version=version)


@transaction.atomic
def give_up(improvement: Improvement, *, by: Actor | User, note: str = "", version: int | None = None) -> Improvement:
    """It was adopted and will not come after all (reason mandatory)."""
    return doors.fire(improvement, "give_up", by=by, note=note, version=version)


@transaction.atomic
def realise(
    improvement: Improvement,
    *,
    by: Actor | User,
    realised_by: ProcessVersion | None = None,
    note: str = "",
    version: int | None = None,
) -> Improvement:
    """A published version brought the change; how the step went before it is kept with the proposal."""
    changes: dict[str, Any] = {"realised_by": realised_by}
    if realised_by is not None:
        changes["before"] = pace.before(improvement.step, realised_by).told()
    return doors.fire(improvement, "realise", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def conclude(
    improvement: Improvement, *, by: Actor | User, result: str, note: str = "", version: int | None = None
) -> Improvement:
    """Say what the change brought (`result`: better, same, worse; reason mandatory); the figures are kept with it."""
    since = improvement.realised_by
    after = pace.under(improvement.step, since).told() if since is not None else {}
    changes = {"result": result, "after": after}
    return doors.fire(improvement, "conclude", by=by, note=note, version=version, changes=changes)


def remind_undecided() -> int:
    """Tell those who answer for a step, once, of a proposal that has waited ten working days; returns how many.

    As many as there are steps and ideas; a second run tells nobody anything new.
    """
    late = Improvement.objects.filter(state="proposed", due_at__lt=timezone.now()).order_by("pk")
    return sum(
        notify(
            one.deciders(),
            gettext_noop("%(record)s has waited ten working days for your answer"),
            key=f"improvement-late:{one.pk}",
            params={"record": one},
            link=one.get_absolute_url(),
            level="warning",
        )
        for one in late
    )
