"""Reading orders and bills: what is open on a deal, and whether every figure fits its rows."""

from collections.abc import Iterator
from typing import Any

from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core.money import ZERO
from finance.models import LedgerEntry
from purchasing.models import Bill, BillLine, GoodsReceipt, Payment, PurchaseLine, PurchaseOrder


def open_orders(case_id: int) -> QuerySet[PurchaseOrder]:
    """Orders of a case that are not closed or cancelled."""
    return PurchaseOrder.objects.filter(case_id=case_id, state__in=PurchaseOrder.states.open)


def unpaid_bills(case_id: int) -> QuerySet[Bill]:
    """Bills of a case that are on their way or not fully paid."""
    return Bill.objects.filter(case_id=case_id, state__in=["draft", "in_review", "approved", "posted"])


def _summed(rows: QuerySet, key: str, amount: str) -> Coalesce:
    """The sum of `amount` over the rows that belong to the outer row; 0 where there are none."""
    sums = rows.order_by().values(key).annotate(sum=Sum(amount)).values("sum")
    return Coalesce(Subquery(sums), Value(ZERO), output_field=DecimalField(max_digits=20, decimal_places=3))


def check_invariants() -> Iterator[tuple[Any, str]]:
    """(record, sentence) for every order or bill whose figures differ from their rows or from the ledger."""
    lines = PurchaseLine.objects.filter(order=OuterRef("pk"))
    orders = PurchaseOrder.objects.filter(imported=False).annotate(
        true_gross=_summed(lines, "order", "gross_amount"), true_cost=_summed(lines, "order", "net_cost")
    )
    for order in orders.exclude(gross_amount=F("true_gross"), net_cost=F("true_cost")).iterator():
        yield order, _("The lines do not sum to the order.")
    yield from _check_lines()
    rows = BillLine.objects.filter(bill=OuterRef("pk"))
    bills = Bill.objects.filter(imported=False).annotate(
        true_gross=_summed(rows, "bill", "gross_amount"),
        paid=_summed(Payment.objects.filter(bill=OuterRef("pk")), "bill", "gross_amount"),
    )
    for bill in bills.exclude(gross_amount=F("true_gross")).iterator():
        yield bill, _("The lines do not sum to the bill.")
    for bill in bills.filter(paid__gt=F("gross_amount")).iterator():
        yield bill, _("More is paid than the bill says.")


def _check_lines() -> Iterator[tuple[Any, str]]:
    """What came in, what was billed, and what is still committed, line by line."""
    billed = BillLine.objects.filter(order_line=OuterRef("pk"), bill__state__in=["posted", "paid"])
    lines = PurchaseLine.objects.filter(order__imported=False).annotate(
        true_received=_summed(GoodsReceipt.objects.filter(line=OuterRef("pk")), "line", "quantity"),
        true_billed=_summed(billed, "order_line", "quantity"),
        true_share=_summed(billed, "order_line", "net_share"),
    )
    right = {
        "quantity_received": F("true_received"),
        "quantity_billed": F("true_billed"),
        "net_billed": F("true_share"),
    }
    for line in lines.exclude(**right).select_related("order").iterator():
        yield line.order, _("Received or billed differs from what its documents sum to.")
    yield from _check_commitments()


def _check_commitments() -> Iterator[tuple[Any, str]]:
    """The ledger's commitments of an order and its bills are what its lines say is still open."""
    open_net = Sum(F("net_cost") - F("net_billed") - F("net_released"))
    lines = PurchaseLine.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=open_net)
    entries = LedgerEntry.objects.filter(nature="commitment")
    own = entries.filter(document_kind=PurchaseOrder.record_kind(), document_id=OuterRef("pk"))
    bills = Bill.objects.filter(order=OuterRef(OuterRef("pk"))).values("pk")
    billed = entries.filter(document_kind=Bill.record_kind(), document_id__in=bills)
    ordered = PurchaseOrder.objects.filter(imported=False, approved_at__isnull=False).annotate(
        open_net=Coalesce(Subquery(lines.values("sum")), Value(ZERO)),
        posted=_summed(own, "document_kind", "net_amount") + _summed(billed, "document_kind", "net_amount"),
    )
    for order in ordered.exclude(open_net=F("posted")).iterator():
        yield order, _("What is still committed differs from the ledger.")
