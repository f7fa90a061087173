"""Pages of orders and supplier bills."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.request import Request
from core.money import ZERO, format_money
from core.text import row_key
from finance import selectors as finance_selectors
from process import show
from process.outlet import Outlet
from process.shapes import Action, Cell, Column, Lines, Row, Table
from purchasing import forms
from purchasing.filters import BillFilter, PurchaseOrderFilter
from purchasing.models import Bill, BillLine, GoodsReceipt, Payment, PurchaseLine, PurchaseOrder, plain_quantity
from purchasing.services import bill as bill_services
from purchasing.services import order as order_services


def _stored_order_lines(order: Any) -> list[dict[str, Any]]:
    names = ("category", "text", "quantity", "unit", "gross_price", "tax_rate", "deductible")
    lines = order.lines.select_related("category", "unit", "tax_rate")
    return [{name: getattr(line, name) for name in names} for line in lines]


def _stored_bill_lines(bill: Any) -> list[dict[str, Any]]:
    names = ("order_line", "quantity", "gross_amount")
    return [{name: getattr(line, name) for name in names} for line in bill.lines.select_related("order_line")]


class PurchaseOrderOutlet(Outlet):
    """Purchase orders and subcontracts."""

    model = PurchaseOrder
    services = order_services
    form = forms.PurchaseOrderForm
    verb_forms = {"receive": forms.ReceiveForm}
    lines = {
        "lines": Lines(
            forms.PurchaseLineForm, _("Order lines"), read=_stored_order_lines, add_label=_("Add line"), cost=True
        )
    }
    filterset = PurchaseOrderFilter
    icon = "shopping-cart"
    columns = ("code", "title", "kind", "supplier", "gross_amount", "deliver_on", "owner", "state")
    related = ("owner", "supplier", "book")
    panel_columns = ("code", "title", "supplier", "gross_amount", "deliver_on", "state")
    facts = (
        (_("Order details"), ("kind", "supplier", "supplier_number", "book", "deliver_on", "payment_text", "owner")),
        (_("Amounts"), ("gross_amount", "net_amount", "tax_amount", "net_cost", "approved_at")),
    )
    board_states = ("draft", "in_review", "approved", "part_received", "received")
    amount_field = "gross_amount"
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    create_label = _("New purchase order")
    empty_text = _("What a deal buys stands here: an approved order is committed against its budget.")

    def initial(self, request: Request, form: type) -> dict[str, Any]:
        given = super().initial(request, form)
        case_id = row_key(request.GET.get("case", ""))
        if "book" not in given and case_id is not None:
            book = finance_selectors.book_for(request.user, case_id)
            if book is not None:
                given["book"] = book.pk
        return given

    def stats(self, record: Any, user: User) -> list[dict[str, Any]]:
        """Ordered, still committed, billed, paid: for those who may see cost."""
        if not record.tells_cost_to(user):
            return []
        lines = list(record.lines.all())
        bills = [one for one in record.bills.all() if one.state in ("posted", "paid")]
        committed = sum((line.net_open for line in lines), ZERO) if record.state in self._committed else ZERO
        paid = sum((one.gross_paid for one in bills), ZERO)
        return [
            {"label": _now("Ordered, incl. VAT"), "value": format_money(record.gross_amount)},
            {"label": _now("Still committed, net"), "value": format_money(committed)},
            {"label": _now("Billed, incl. VAT"), "value": format_money(sum((one.gross_amount for one in bills), ZERO))},
            {"label": _now("Paid, incl. VAT"), "value": format_money(paid)},
        ]

    _committed = ("approved", "part_received", "received", "cancelled")

    def tables(self, record: Any, user: User) -> list[Table]:
        """Lines, what came in, bills."""
        return [self._lines(record), self._receipts(record), self._bills(record)]

    def _lines(self, record: Any) -> Table:
        head = ("category", "text", "quantity", "gross_price", "tax_rate", "gross_amount", "net_cost")
        counts = ("quantity_received", "quantity_billed")
        columns = [show.column(PurchaseLine, name) for name in (*head, *counts)]
        rows = []
        for line in record.lines.select_related("category", "unit", "tax_rate"):
            cells = [show.cell(line, name) for name in head]
            cells[2] = Cell(plain_quantity(line.quantity), cls="num", sub=str(line.unit or ""))
            cells[4].sub = _now("deductible") if line.deductible else ""
            cells += [Cell(plain_quantity(getattr(line, name)), cls="num") for name in counts]
            rows.append(Row(cells))
        empty = _("No lines yet: edit the order to enter them.")
        return Table(_("Order lines"), columns, rows, id="lines", empty_text=empty)

    def _receipts(self, record: Any) -> Table:
        columns = [
            *(show.column(GoodsReceipt, name) for name in ("code", "received_on")),
            Column("line", _("Goods or service")),
            show.column(GoodsReceipt, "quantity"),
            show.column(GoodsReceipt, "received_by"),
            show.column(GoodsReceipt, "text"),
        ]
        found = GoodsReceipt.objects.filter(line__order=record).select_related("line", "received_by")
        rows = [
            Row(
                [
                    Cell(one.code),
                    Cell(show.text_of(one.received_on)),
                    Cell(one.line.text),
                    Cell(plain_quantity(one.quantity), cls="num"),
                    Cell(show.text_of(one.received_by)),
                    Cell(one.text),
                ]
            )
            for one in found[:200]
        ]
        return Table(_("Goods receipts"), columns, rows, id="receipts", empty_text=_("Nothing came in yet."))

    def _bills(self, record: Any) -> Table:
        names = ("code", "supplier_number", "dated_on", "due_on", "gross_amount", "state")
        columns = [show.column(Bill, name) for name in names]
        rows = [
            Row([show.cell(one, name) for name in names], url=one.get_absolute_url())
            for one in record.bills.order_by("pk")
        ]
        takes_bills = record.state in self._committed
        return Table(
            _("Supplier bills"),
            columns,
            rows,
            id="bills",
            add_url=f"{reverse('purchasing:bill-new')}?order={record.pk}" if takes_bills else "",
            add_label=_("Enter bill"),
            empty_text=_("No bill yet."),
        )

    def actions(self, record: Any, user: User) -> list[Action]:
        return [Action(_("Four costings"), record.book.get_absolute_url())] if user.has_right("see_cost") else []


class BillOutlet(Outlet):
    """Supplier bills and their payment."""

    model = Bill
    services = bill_services
    form = forms.BillForm
    edit_form = forms.BillEditForm
    verb_forms = {"pay": forms.PayForm}
    lines = {
        "lines": Lines(forms.BillLineForm, _("Bill lines"), read=_stored_bill_lines, add_label=_("Add line"), cost=True)
    }
    filterset = BillFilter
    icon = "receipt-2"
    columns = ("code", "supplier", "supplier_number", "dated_on", "due_on", "gross_amount", "order", "state")
    related = ("owner", "supplier", "order")
    panel_columns = ("code", "supplier", "supplier_number", "due_on", "gross_amount", "state")
    facts = (
        (_("Bill"), ("supplier", "supplier_number", "dated_on", "due_on", "order", "owner", "approved_at")),
        (_("Amounts"), ("gross_amount", "net_amount", "tax_amount", "net_cost", "gross_paid")),
    )
    amount_field = "gross_amount"
    sorts = {"code": ("code", "id"), "due": ("due_on", "id"), "amount": ("gross_amount", "id")}
    create_label = _("Enter bill")
    empty_text = _("Suppliers' invoices stand here. Enter one from the order it belongs to.")

    def tables(self, record: Any, user: User) -> list[Table]:
        """Lines and payments."""
        return [self._lines(record), self._payments(record)]

    def _lines(self, record: Any) -> Table:
        names = ("gross_amount", "net_amount", "tax_amount", "net_cost")
        columns = [
            Column("line", _("Order line")),
            show.column(BillLine, "quantity"),
            *(show.column(BillLine, name) for name in names),
        ]
        rows = [
            Row(
                [
                    Cell(line.order_line.text),
                    Cell(plain_quantity(line.quantity), cls="num"),
                    *(show.cell(line, name) for name in names),
                ]
            )
            for line in record.lines.select_related("order_line")
        ]
        empty = _("No lines: nothing was received and not billed when it was entered.")
        return Table(_("Bill lines"), columns, rows, id="lines", empty_text=empty)

    def _payments(self, record: Any) -> Table:
        names = ("code", "paid_on", "gross_amount", "account", "reference", "paid_by")
        columns = [show.column(Payment, name) for name in names]
        rows = [
            Row([show.cell(one, name) for name in names])
            for one in record.payments.select_related("account", "paid_by")
        ]
        return Table(_("Payments"), columns, rows, id="payments", empty_text=_("Nothing is paid yet."))
