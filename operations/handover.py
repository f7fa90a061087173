"""运维 takes an accepted delivery over: the agreement, its installed base and its warranty."""

import datetime as dt
from decimal import Decimal

from accounts.actor import Actor
from core.dictionary import Term
from delivery.models import DeliveryOrder
from operations.services import agreement as agreements
from process.models import Handover
from process.services import seat, take_seat
from projects.services import enter_stage


def take(handover: Handover, *, by: Actor) -> None:
    """Prepare the agreement from the delivery's package; the project enters operations."""
    order = DeliveryOrder.objects.select_related("project", "contract").get(pk=handover.source_id)
    if by.user is not None and seat(order.case_id, "service") is None:
        take_seat(order.case, "service", by.user, by=by)
    package = handover.package
    agreements.open(
        by=by,
        project=order.project,
        title=order.title,
        contract=order.contract,
        order=order,
        cover=Term.objects.filter(dictionary="cover", code="5x8").first(),
        scope=package.get("promises", "") or "",
        warranty_from=_day(package.get("warranty_from")),
        warranty_until=_day(package.get("warranty_until")),
        items=[
            {"name": one["name"][:200], "quantity": Decimal(one.get("quantity") or 1)}
            for one in package.get("items", [])
        ],
    )
    enter_stage(order.project, "operations", handover, by=by)


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
