"""What hangs on a delivery order: milestones, work, shipments, reports and risks."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from delivery.models import DeliveryOrder, Milestone, Risk, Shipment, StatusReport, WorkRecord
from process.services import act, attach

TEAM = ("fr", "owner", "member")


@transaction.atomic
def add_milestone(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    name: str,
    planned_on: dt.date,
    weight: Decimal = Decimal(0),
    kind: Term | None = None,
    planned_net_cost: Decimal | None = None,
    note: str = "",
    version: int | None = None,
) -> DeliveryOrder:
    """Add a dated goal. Raises Refused when the weights would exceed 100 %."""
    act(order, "add_milestone", by=by, who=TEAM, note=note, version=version, changes={"milestone": name})
    total = order.milestones.aggregate(total=Sum("weight"))["total"] or Decimal(0)
    if total + weight > 100:
        raise Refused(_("The weights of the milestones would add up to %(total)s %%.") % {"total": total + weight})
    Milestone.objects.create(
        order=order, name=name, planned_on=planned_on, weight=weight, kind=kind, planned_net_cost=planned_net_cost
    )
    return order


@transaction.atomic
def finish_milestone(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    milestone: Milestone,
    done_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> DeliveryOrder:
    """A goal is reached."""
    act(order, "finish_milestone", by=by, who=TEAM, note=note, version=version, changes={"milestone": str(milestone)})
    if milestone.order_id != order.pk or milestone.done_on is not None:
        raise Refused(_("This milestone is not open here."))
    milestone.done_on = _not_later(done_on)
    milestone.save(update_fields=["done_on"])
    return order


def _not_later(day: dt.date | None) -> dt.date:
    """A day on which something happened: today unless given, never in the future."""
    if day is not None and day > today():
        raise Refused(_("The day lies in the future."))
    return day or today()


@transaction.atomic
def add_work_record(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    kind: str,
    text: str,
    on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> DeliveryOrder:
    """Write down what was installed, configured or tested."""
    act(order, "add_work_record", by=by, who=TEAM, note=note, version=version, changes={"work": text[:200]})
    WorkRecord.objects.create(order=order, kind=kind, on=_not_later(on), text=text, by=Actor.of(by).user)
    return order


@transaction.atomic
def add_shipment(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    text: str,
    on: dt.date | None = None,
    carrier: str = "",
    note: str = "",
    version: int | None = None,
) -> DeliveryOrder:
    """Goods leave for the customer. Raises Refused while the order is only planned: shipping is delivering."""
    who = (*TEAM, "stockkeeper")
    states = ("in_progress", "in_acceptance")
    act(order, "add_shipment", by=by, who=who, states=states, note=note, version=version, changes={"goods": text[:200]})
    Shipment.objects.create(order=order, on=_not_later(on), carrier=carrier, text=text)
    return order


@transaction.atomic
def sign_for_goods(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    shipment: Shipment,
    signer: str,
    signed_on: dt.date | None = None,
    receipt: Any = None,
    note: str = "",
    version: int | None = None,
) -> DeliveryOrder:
    """到货签收: the customer signed for a shipment; the signed paper may come along."""
    changes = {"shipment": str(shipment), "signer": signer}
    act(order, "sign_for_goods", by=by, who=TEAM, note=note, version=version, changes=changes)
    if shipment.order_id != order.pk or shipment.signed_on is not None:
        raise Refused(_("This shipment does not wait for a signature here."))
    day = _not_later(signed_on)
    if day < shipment.on:
        raise Refused(_("It was signed for before it was shipped."))
    shipment.signed_on, shipment.signer = day, signer
    shipment.save(update_fields=["signed_on", "signer"])
    if receipt is not None:
        attach(order, file=receipt, by=by, purpose="goods_receipt")
    return order


@transaction.atomic
def report(
    order: DeliveryOrder,
    *,
    by: Actor | User,
    health: str,
    text: str,
    on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> DeliveryOrder:
    """Say how it goes: on track, at risk or off track, and why."""
    act(order, "report", by=by, who=TEAM, note=note, version=version, changes={"health": health, "text": text})
    StatusReport.objects.create(order=order, health=health, text=text, on=_not_later(on), by=Actor.of(by).user)
    return order


@transaction.atomic
def add_risk(
    order: DeliveryOrder, *, by: Actor | User, text: str, note: str = "", version: int | None = None, **fields: Any
) -> DeliveryOrder:
    """Name what may go wrong, who watches it and the answer."""
    who = (*TEAM, "ar", "sr", "pfc")
    act(order, "add_risk", by=by, who=who, note=note, version=version, changes={"risk": text[:200]})
    risk = Risk(order=order, text=text, **fields)
    if risk.holder_id is None:
        user = Actor.of(by).user or order.owner
        if user is None:
            raise Refused(_("Please name who watches the risk."))
        risk.holder = user
    risk.save()
    return order


@transaction.atomic
def close_risk(
    order: DeliveryOrder, *, by: Actor | User, risk: Risk, note: str = "", version: int | None = None
) -> DeliveryOrder:
    """The risk is over."""
    act(
        order,
        "close_risk",
        by=by,
        who=(*TEAM, "ar", "sr", "pfc"),
        note=note,
        version=version,
        changes={"risk": risk.text},
    )
    if risk.order_id != order.pk or risk.closed_on is not None:
        raise Refused(_("This risk is not open here."))
    risk.closed_on = today()
    risk.save(update_fields=["closed_on"])
    return order
