"""Reading orders and bills: what is open on a deal, what was collected against what was paid."""

from django.db.models import QuerySet

from purchasing.models import Bill, PurchaseOrder


def open_orders(case_id: int) -> QuerySet[PurchaseOrder]:
    """Orders of a case that are not closed or cancelled."""
    return PurchaseOrder.objects.filter(case_id=case_id, state__in=PurchaseOrder.states.open)


def unpaid_bills(case_id: int) -> QuerySet[Bill]:
    """Bills of a case that are on their way or not fully paid."""
    return Bill.objects.filter(case_id=case_id, state__in=["draft", "in_review", "approved", "posted"])
