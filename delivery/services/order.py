"""What is done with a delivery order: plan, ship, report, have it accepted, hand it over, close it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import add_months, today
from core.errors import Refused
from delivery.models import DeliveryOrder, Milestone
from delivery.models.order import OFFERERS
from delivery.services.parts import (
    add_milestone,
    add_risk,
    add_shipment,
    add_work_record,
    close_risk,
    finish_milestone,
    report,
    sign_for_goods,
)
from process.models import Handover, Seat
from process.services import act, counter, doors, offer, seat, take_seat

__all__ = [
    "accept",
    "add_milestone",
    "add_risk",
    "add_shipment",
    "add_work_record",
    "close",
    "close_risk",
    "edit",
    "finish_milestone",
    "offer_next",
    "open",
    "report",
    "request_acceptance",
    "resume",
    "returned",
    "sign_for_goods",
    "start",
    "suspend",
    "sweep",
]

# A delivery is reported on at least this often.
REPORT_DAYS = 14


@transaction.atomic
def open(
    *, by: Actor | User, project: Any, contract: Any = None, title: str = "", note: str = "", **fields: Any
) -> DeliveryOrder:
    """Plan one delivery of a project; a project may have several.

    Raises Refused when the contract is of another project or the project keeps no cost book.
    """
    reasons = []
    if contract is not None and contract.project_id != project.pk:
        reasons.append(_("The contract belongs to another project."))
    if project.book_id is None:
        reasons.append(_("The project has no cost book."))
    if reasons:
        raise Refused(reasons)
    order = DeliveryOrder(
        project=project, contract=contract, book=project.book, title=title or (contract or project).title, **fields
    )
    order.owner = order.owner or seat(project.case_id, "fr")
    return doors.open(order, by=by, note=note, case=project.case)


@transaction.atomic
def edit(
    order: DeliveryOrder, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> DeliveryOrder:
    """Change the plan: scope, dates, owner."""
    return doors.edit(order, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def start(order: DeliveryOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> DeliveryOrder:
    """Begin to deliver. Raises Refused without approved budget and taken handover, unless an early start permits it."""
    return doors.fire(order, "start", by=by, note=note, version=version)


@transaction.atomic
def request_acceptance(
    order: DeliveryOrder, *, by: Actor | User, note: str = "", version: int | None = None
) -> DeliveryOrder:
    """Ask the customer to accept. Raises Refused naming every deliverable not yet submitted."""
    return doors.fire(order, "request_acceptance", by=by, note=note, version=version)


@transaction.atomic
def resume(order: DeliveryOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> DeliveryOrder:
    """Go on with the work."""
    return doors.fire(order, "resume", by=by, note=note, version=version)


@transaction.atomic
def suspend(order: DeliveryOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> DeliveryOrder:
    """Let the work rest, for a reason."""
    return doors.fire(order, "suspend", by=by, note=note, version=version)


@transaction.atomic
def accept(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    service_manager: User | None = None,
) -> DeliveryOrder:
    """The customer has accepted finally: offer the installed base and the warranty dates to operations.

    Raises Refused without a signed final acceptance or with deliverables not accepted.
    """
    accepted = order.final_acceptance()
    changes: dict[str, Any] = {}
    if accepted is not None and order.contract is not None:
        months = order.contract.warranty_months
        changes = {
            "accepted_on": accepted.signed_on,
            "warranty_from": accepted.signed_on,
            "warranty_until": months_after(accepted.signed_on, months),
        }
    doors.fire(order, "accept", by=by, note=note, version=version, changes=changes)
    if service_manager is not None:
        take_seat(order.case, "service", service_manager, by=by)
    _offer(order, "operations", by)
    return order


@transaction.atomic
def close(order: DeliveryOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> DeliveryOrder:
    """Nothing is left to do. The last order of a project offers it to the final accounts."""
    doors.fire(order, "close", by=by, note=note, version=version)
    others = DeliveryOrder.objects.filter(project_id=order.project_id).exclude(state="closed")
    if not others.exists():
        _offer(order, "closing", by)
    return order


def _offer(order: DeliveryOrder, to: str, by: Actor | User, note: str = "") -> Handover:
    package = installed_base(order)
    if to == "closing":
        package = {"project": order.project, "accepted_on": order.accepted_on}
    return offer(order, to=to, package=package, by=by, note=note)


@transaction.atomic
def offer_next(order: DeliveryOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> DeliveryOrder:
    """Offer what came back with gaps to operations or to the final accounts once more.

    Raises Refused where nothing came back, or where another delivery of the project is still to be closed first.
    """
    states = ("accepted", "closed")
    act(order, "offer_next", by=by, who=OFFERERS, states=states, note=note, version=version)
    targets = counter.came_back(order)
    if not targets:
        raise Refused(_("Nothing of this delivery came back."))
    others = DeliveryOrder.objects.filter(project_id=order.project_id).exclude(state="closed")
    if targets == ["closing"] and others.exists():
        text = _("%(record)s is still %(state)s.")
        raise Refused([text % {"record": one, "state": one.state_label} for one in others[:20]])
    for to in targets:
        if to != "closing" or not others.exists():
            _offer(order, to, by, note)
    return order


def returned(order: DeliveryOrder, handover: Handover, *, by: Actor | User) -> None:
    """Operations or the final accounts gave the package back: its gaps are closed and it is offered again."""
    # The counter has told who offered it and given the work back; the acceptance stands.


def installed_base(order: DeliveryOrder) -> dict[str, Any]:
    """What operations take over: things, dates and promises."""
    things = [{"name": one.title, "quantity": str(one.quantity)} for one in order.deliverables.order_by("pk")]
    if not things and order.contract is not None:
        things = [{"name": one.name, "quantity": str(one.quantity)} for one in order.contract.lines.all()]
    return {
        "items": things,
        "warranty_from": order.warranty_from,
        "warranty_until": order.warranty_until,
        "promises": order.promises,
    }


def months_after(day: dt.date, months: int) -> dt.date:
    """The last day of `months` months beginning on `day`: 12 months from 1 March end on the last of February."""
    return add_months(day, months) - dt.timedelta(days=1)


@transaction.atomic
def sweep() -> int:
    """Every day: late milestones, and deliveries nobody has reported on for two weeks; how many people were told."""
    told, day = 0, today()
    late = Milestone.objects.filter(done_on=None, planned_on__lt=day, order__state="in_progress")
    for milestone in late.select_related("order"):
        message = gettext_noop("%(order)s: the milestone %(what)s was due on %(day)s")
        told += _tell(
            milestone.order, message, f"milestone:{milestone.pk}", what=str(milestone), day=milestone.planned_on
        )
    limit = day - dt.timedelta(days=REPORT_DAYS)
    running = DeliveryOrder.objects.filter(state__in=("in_progress", "in_acceptance"), state_since__date__lt=limit)
    for order in running.exclude(reports__on__gte=limit):
        message = gettext_noop("%(order)s: nobody has reported how it goes for two weeks")
        told += _tell(order, message, f"report:{day.isocalendar().year}-{day.isocalendar().week}")
    return told


def _tell(order: DeliveryOrder, message: str, key: str, **params: Any) -> int:
    people = set(Seat.objects.current().filter(case_id=order.case_id, role="fr").values_list("user_id", flat=True))
    if not people and order.owner_id:
        people = {order.owner_id}
    return notify(
        people,
        message,
        key=f"delivery:{order.pk}:{key}",
        params={"order": str(order), **params},
        link=order.get_absolute_url(),
        level="warning",
    )
