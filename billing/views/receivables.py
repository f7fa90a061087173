"""Pages of receivables: what is owed, on both axes, and what the collector does next."""

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.filters import ReceivableFilter
from billing.forms import DisputeForm, EscalateForm, PromiseForm, RemindForm, RequestInvoiceForm
from billing.models import Invoice, ReceivableLine
from billing.services import receivable as services
from billing.services.promise import FOLLOW
from billing.views.tables import allocations_table, money, promises_table, taxes_table
from core.money import format_money
from process.outlet import Outlet
from process.shapes import Act, Cell, Column, MenuPage, Row, Table


class ReceivableOutlet(Outlet):
    """Receivables: the hub of invoicing and collecting."""

    model = ReceivableLine
    services = services
    filterset = ReceivableFilter
    icon = "report-money"
    menu_pages = (
        MenuPage(_("Collection"), "billing:collection", "calendar-due"),
        MenuPage(_("Collection plan"), "billing:collection-plan", "chart-bar"),
        MenuPage(_("Ageing"), "billing:ageing", "hourglass"),
    )
    acts = {
        "request_invoice": Act(_("Request invoice"), RequestInvoiceForm, who=("ar", "owner", "finance", "pfc", "tax")),
        "remind": Act(_("Log a reminder"), RemindForm, who=FOLLOW, states=("eligible",)),
        "propose_letter": Act(_("Propose dunning letter"), who=FOLLOW, states=("eligible",)),
        "escalate": Act(_("Escalate to the head"), EscalateForm, who=FOLLOW, states=("eligible",)),
        "promise": Act(_("Promise to pay"), PromiseForm, who=FOLLOW),
        "dispute": Act(_("Dispute"), DisputeForm, who=FOLLOW),
    }
    columns = ("code", "title", "customer", "gross_amount", "gross_invoiced", "gross_received", "due_on", "state")
    panel_columns = ("code", "gross_amount", "gross_invoiced", "gross_received", "due_on", "state")
    related = ("owner", "customer")
    sorts = {"code": ("code", "id"), "due": ("due_on", "id"), "amount": ("gross_amount", "id")}
    empty_text = _("Receivables open by themselves when a contract takes effect.")
    facts = (
        (_("Receivable"), ("contract", "term", "customer", "owner", "is_retention", "part_of", "released_by")),
        (_("Dates"), ("arises_on", "due_on", "days_overdue", "promised_on", "disputed_until", "dispute_note")),
        (_("Dunning"), ("dunning_level", "dunned_on", "contacted_on")),
        (
            _("Amounts"),
            ("gross_amount", "net_amount", "tax_amount", "gross_uninvoiced", "gross_open", "gross_deducted"),
        ),
    )

    def stats(self, record: ReceivableLine, user: User) -> list[dict[str, Any]]:
        """The two axes and what is open."""
        late = record.days_overdue
        sub = _t("%(days)s days overdue") % {"days": late} if late else ""
        return [
            {"label": _t("Owed"), "value": format_money(record.gross_amount)},
            {"label": _t("Invoiced"), "value": format_money(record.gross_invoiced)},
            {"label": _t("Received"), "value": format_money(record.gross_received)},
            {
                "label": _t("Still open"),
                "value": format_money(record.gross_open),
                "sub": sub,
                "tone": "bad" if late else "",
            },
        ]

    def tables(self, record: ReceivableLine, user: User) -> list[Table]:
        invoices = (
            Invoice.objects.filter(lines__receivable=record).distinct().select_related("title_customer").order_by("pk")
        )
        rows = [
            Row(
                [
                    Cell(invoice.code, sub=invoice.platform_number),
                    Cell(invoice.state_label, badge=invoice.state_colour),
                    money(invoice.gross_amount),
                    Cell(invoice.issued_on.isoformat() if invoice.issued_on else "–"),
                ],
                url=invoice.get_absolute_url(),
            )
            for invoice in invoices
        ]
        columns = [
            Column("invoice", _("Invoice")),
            Column("state", _("State")),
            Column("gross", _("With tax"), "end"),
            Column("issued", _("Issued on")),
        ]
        allocations = record.allocations.select_related("receipt", "difference", "invoice", "by")
        return [
            taxes_table(record.taxes.select_related("tax_rate")),
            Table(_("Invoices"), columns, rows, empty_text=_("No invoice yet.")),
            promises_table(record.promises.select_related("by")),
            allocations_table(allocations, side="receipt"),
        ]
