"""Pages of invoices and credit notes."""

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.filters import InvoiceFilter
from billing.forms import (
    ConfirmationForm,
    CreditNoteEditForm,
    CreditNoteForm,
    CreditNoteLineForm,
    DeliverForm,
    InvoiceEditForm,
    InvoiceForm,
    InvoiceLineForm,
    IssueForm,
    RequestCreditForm,
)
from billing.models import CreditNote, Invoice
from billing.models.invoice import FINANCE
from billing.services import credit_note as credit_services
from billing.services import invoice as invoice_services
from billing.views.tables import MONEY_COLUMNS, money, money_cells
from core.money import format_money, rmb_capital
from process.outlet import Outlet
from process.shapes import Act, Cell, Column, Lines, Row, Section, Table


def _invoice_lines(invoice: Invoice) -> list[dict[str, Any]]:
    """The request's lines as they are typed: one amount per receivable."""
    found: dict[int, dict[str, Any]] = {}
    for line in invoice.lines.select_related("receivable"):
        row = found.setdefault(line.receivable_id, {"receivable": line.receivable, "gross_amount": 0})
        row["gross_amount"] += line.gross_amount
    return list(found.values())


class InvoiceOutlet(Outlet):
    """Invoices: requested, approved, issued on the tax platform, delivered."""

    model = Invoice
    services = invoice_services
    form = InvoiceForm
    edit_form = InvoiceEditForm
    filterset = InvoiceFilter
    icon = "file-invoice"
    lines = {
        "lines": Lines(InvoiceLineForm, _("Receivables"), read=_invoice_lines, add_label=_("Add receivable")),
    }
    verb_forms = {"issue": IssueForm, "deliver": DeliverForm}
    acts = {
        "request_credit": Act(
            _("Request credit note"),
            RequestCreditForm,
            who=("ar", "owner", *FINANCE),
            states=("issued", "delivered"),
            danger=True,
        )
    }
    columns = ("code", "title", "title_customer", "gross_amount", "issued_on", "platform_number", "state")
    panel_columns = ("code", "gross_amount", "issued_on", "platform_number", "state")
    related = ("owner", "title_customer")
    sorts = {"code": ("code", "id"), "issued": ("issued_on", "id"), "amount": ("gross_amount", "id")}
    board_states = ("draft", "in_review", "awaiting", "issued", "delivered")
    amount_field = "gross_amount"
    create_label = _("Request invoice")
    empty_text = _("An invoice is requested over what a customer owes: open a receivable and request one.")
    facts = (
        (_("Invoice"), ("contract", "title_customer", "entity", "fapiao", "remark")),
        (_("Numbers"), ("platform_number", "internal_number", "issued_on", "delivered_on", "delivered_to")),
        (_("Amounts"), ("net_amount", "tax_amount", "gross_credited", "gross_standing", "gross_received")),
        (_("Invoiced early"), ("early_reason", "expected_on")),
    )

    def stats(self, record: Invoice, user: User) -> list[dict[str, Any]]:
        capital = rmb_capital(record.gross_amount) if record.currency == "CNY" else ""
        return [
            {"label": _t("With tax"), "value": format_money(record.gross_amount), "sub": capital},
            {"label": _t("Tax"), "value": format_money(record.tax_amount)},
            {"label": _t("Standing"), "value": format_money(record.gross_standing)},
        ]

    def sections(self, record: Invoice, user: User) -> list[Section]:
        found = super().sections(record, user)
        return found if record.early_reason else found[:-1]

    def tables(self, record: Invoice, user: User) -> list[Table]:
        lines = record.lines.select_related("receivable", "tax_rate")
        rows = [
            Row(
                [Cell(str(line.receivable)), Cell(str(line.tax_rate)), *money_cells(line)],
                url=line.receivable.get_absolute_url(),
            )
            for line in lines
        ]
        columns = [Column("receivable", _("Receivable")), Column("rate", _("Tax rate")), *MONEY_COLUMNS]
        footer = [Cell(_t("Total")), Cell(), *money_cells(record)] if rows else []
        found = [Table(_("Lines"), columns, rows, footer_cells=footer)]
        credits = list(record.credit_notes.select_related("reason").order_by("pk"))
        if credits:
            found.append(_credits_table(credits))
        return found


def _credits_table(credits: list[CreditNote]) -> Table:
    rows = [
        Row(
            [
                Cell(credit.code, sub=str(credit.reason)),
                Cell(credit.state_label, badge=credit.state_colour),
                money(credit.gross_amount),
                Cell(credit.issued_on.isoformat() if credit.issued_on else "–"),
            ],
            url=credit.get_absolute_url(),
        )
        for credit in credits
    ]
    columns = [
        Column("credit", _("Credit note")),
        Column("state", _("State")),
        Column("gross", _("With tax"), "end"),
        Column("issued", _("Issued on")),
    ]
    return Table(_("Credit notes"), columns, rows)


def _credit_lines(credit: CreditNote) -> list[dict[str, Any]]:
    lines = credit.lines.select_related("invoice_line")
    return [{"invoice_line": line.invoice_line, "gross_amount": line.gross_amount} for line in lines]


class CreditNoteOutlet(Outlet):
    """Credit notes: what is taken back of issued invoices."""

    model = CreditNote
    services = credit_services
    form = CreditNoteForm
    edit_form = CreditNoteEditForm
    icon = "receipt-tax"
    lines = {"lines": Lines(CreditNoteLineForm, _("Lines"), read=_credit_lines, add_label=_("Add line"))}
    verb_forms = {"issue": IssueForm}
    acts = {
        "confirm_form": Act(_("Confirmation form is confirmed"), ConfirmationForm, who=FINANCE, states=("confirming",))
    }
    columns = ("code", "title", "invoice", "gross_amount", "reason", "issued_on", "state")
    related = ("owner", "invoice", "reason")
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    create_label = _("Request credit note")
    empty_text = _("An issued invoice is never changed or deleted: a credit note takes it back, in part or in full.")
    facts = (
        (_("Credit note"), ("invoice", "reason", "mode", "gross_amount", "net_amount", "tax_amount")),
        (
            _("Numbers"),
            ("confirmation_number", "confirmed_on", "platform_number", "internal_number", "issued_on"),
        ),
    )

    def tables(self, record: CreditNote, user: User) -> list[Table]:
        lines = record.lines.select_related("invoice_line__receivable", "invoice_line__tax_rate")
        rows = [Row([Cell(str(line.invoice_line)), *money_cells(line)]) for line in lines]
        footer = [Cell(_t("Total")), *money_cells(record)] if rows else []
        return [Table(_("Lines"), [Column("line", _("Invoice line")), *MONEY_COLUMNS], rows, footer_cells=footer)]
