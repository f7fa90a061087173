"""What is done with an early start."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals.services import approve as approve_record
from approvals.services import send_back, submit, withdraw
from core.calendar import today
from delivery.models import DeliveryOrder, EarlyStart
from delivery.models.early import book_cost
from delivery.services import order as orders
from delivery.services import releases as money
from process.models import Seat
from process.services import doors

__all__ = ["approve", "edit", "lapse", "open", "regularise", "send_back", "submit", "sweep", "withdraw"]

JOB = "early start"


@transaction.atomic
def open(*, by: Actor | User, project: Any, title: str = "", note: str = "", **fields: Any) -> EarlyStart:
    """Ask for a permit to work or ship before the contract is signed."""
    permit = EarlyStart(project=project, title=title or project.title, **fields)
    return doors.open(permit, by=by, note=note, case=project.case)


@transaction.atomic
def edit(
    permit: EarlyStart, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> EarlyStart:
    """Change the draft."""
    changes.pop("project", None)
    return doors.edit(permit, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def approve(
    permit: EarlyStart,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> EarlyStart:
    """Give the opinion or the decision; the last one puts the permit in force and opens a delivery order for it."""
    approve_record(permit, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if permit.state == "active":
        _put_in_force(permit, Actor.of(by))
    return permit


def _put_in_force(permit: EarlyStart, actor: Actor) -> None:
    project = permit.project
    order = DeliveryOrder.objects.filter(project=project, contract=None).exclude(state="closed").first()
    if order is None:
        order = orders.open(by=Actor.system(JOB), project=project, scope=permit.scope, planned_start_on=today())
    # Kept values, not a change anybody makes: what the exposure is counted from.
    EarlyStart.objects.filter(pk=permit.pk).update(
        order=order, started_on=today(), net_exposure_before=book_cost(project.book_id)
    )
    permit.refresh_from_db()
    money.allow_before_budget(project.book, permit.net_cap_amount, by=actor)
    _tell(permit, gettext_noop("%(permit)s is in force: work may begin up to %(cap)s"), "in_force")


def _tell(permit: EarlyStart, message: str, key: str, level: str = "info") -> None:
    seated = Seat.objects.current().filter(case_id=permit.case_id, role__in=("ar", "fr", "director", "pfc"))
    notify(
        seated.values_list("user_id", flat=True),
        message,
        key=f"early_start:{permit.pk}:{key}",
        params={"permit": str(permit), "cap": str(permit.net_cap_amount), "day": permit.ends_on.isoformat()},
        link=permit.get_absolute_url(),
        level=level,
    )


@transaction.atomic
def regularise(permit: EarlyStart, *, by: Actor | User, note: str = "", version: int | None = None) -> EarlyStart:
    """The contract is effective and covers what was done. Raises Refused before."""
    doors.fire(permit, "regularise", by=by, note=note, version=version)
    money.allow_before_budget(permit.project.book, -permit.net_cap_amount, by=Actor.of(by))
    return permit


@transaction.atomic
def lapse(permit: EarlyStart, *, by: Actor, note: str = "", version: int | None = None) -> EarlyStart:
    """The end date has passed without a contract: nothing more may be committed."""
    doors.fire(permit, "lapse", by=by, note=note, version=version)
    money.allow_before_budget(permit.project.book, -permit.net_cap_amount, by=by)
    _tell(
        permit,
        gettext_noop("%(permit)s has lapsed: work must stop until the contract is effective"),
        "lapsed",
        "danger",
    )
    return permit


@transaction.atomic
def sweep() -> int:
    """Every day: let permits lapse whose end has passed, warn when the end or the cap is near; how many lapsed."""
    lapsed = 0
    for permit in EarlyStart.objects.select_for_update(skip_locked=True, of=("self",)).filter(Q(state="active")):
        if permit.ends_on < today():
            lapse(permit, by=Actor.system(JOB))
            lapsed += 1
            continue
        if permit.exposure() * 100 >= permit.net_cap_amount * 80:
            _tell(permit, gettext_noop("%(permit)s has used more than 80 %% of its cap of %(cap)s"), "cap", "warning")
        if (permit.ends_on - today()).days <= 7:
            _tell(
                permit, gettext_noop("%(permit)s ends on %(day)s and the contract is not effective"), "end", "warning"
            )
    return lapsed
