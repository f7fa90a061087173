"""合同 → 交付: what delivery takes over. The order is planned, the budget drafted, early starts regularised."""

from accounts.actor import Actor
from contracts.models import Contract
from core.calendar import today
from delivery.models import DeliveryOrder
from delivery.services import early
from delivery.services import order as orders
from finance.selectors import current_sheet, latest_sheet
from finance.services import sheet as sheets
from process.models import Handover
from process.services import seat, take_seat
from projects.services import enter_stage


def take(handover: Handover, *, by: Actor) -> DeliveryOrder:
    """Open the delivery order of the contract, or give the contract to the order an early start opened."""
    contract = Contract.objects.select_related("project__book").get(pk=handover.source_id)
    project = contract.project
    if by.user is not None and seat(project.case_id, "fr") is None:
        take_seat(project.case, "fr", by.user, by=by)
    enter_stage(project, "delivery", handover, by=by)
    order = DeliveryOrder.objects.filter(project=project, contract=None).exclude(state="closed").first()
    if order is None:
        order = orders.open(
            by=by,
            project=project,
            contract=contract,
            title=contract.title,
            note=handover.code,
            scope=project.scope,
            promises=contract.promises,
            planned_start_on=contract.starts_on or today(),
            planned_end_on=contract.ends_on,
        )
    else:
        orders.edit(order, by=by, note=handover.code, contract=contract, promises=contract.promises)
        for permit in order.early_starts.filter(state="active"):
            early.regularise(permit, by=Actor.system("handover"), note=contract.code)
    _draft_budget(order, by)
    return order


def _draft_budget(order: DeliveryOrder, by: Actor) -> None:
    """预算 from the estimate in force; a project that has a budget already changes it by a change order."""
    estimate = current_sheet(order.book, "estimate")
    if estimate is not None and latest_sheet(order.book, "budget") is None:
        # A delivery manager without the right to cost does not write it either: then the handover itself does.
        reads_cost = by.user is not None and by.user.has_right("see_cost")
        writer = by if reads_cost else Actor.system(f"handover ({by})")
        sheets.copy(estimate, kind="budget", by=writer, note=order.code)
