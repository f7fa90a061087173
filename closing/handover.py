"""交付 → 决算: project finance takes the last closed delivery order over and drafts the final accounts."""

from accounts.actor import Actor
from closing import services
from closing.models import Closing
from delivery.models import DeliveryOrder
from process.models import Handover
from process.services import seat, take_seat


def take(handover: Handover, *, by: Actor) -> Closing:
    """Draft the final accounts of the project; those that exist are gone on with."""
    order = DeliveryOrder.objects.select_related("project__book").get(pk=handover.source_id)
    if by.user is not None and seat(order.case_id, "pfc") is None:
        take_seat(order.case, "pfc", by.user, by=by)
    existing = Closing.objects.filter(project=order.project).first()
    return existing or services.open(by=by, project=order.project, note=handover.code)
