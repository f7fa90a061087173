"""Pages of bank statements: upload, look, take in."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.filters import BankStatementFilter
from billing.forms import BankStatementForm, ExtendForm
from billing.models import BankStatement
from billing.models.receipt import CASH
from billing.services import bank_statement as services
from billing.views.tables import money
from core.money import format_money
from process.outlet import Outlet
from process.shapes import Act, Action, Cell, Column, Row, Table

LINES = 200


class BankStatementOutlet(Outlet):
    """Bank statements: a file is looked at, then taken in."""

    model = BankStatement
    services = services
    form = BankStatementForm
    filterset = BankStatementFilter
    icon = "building-bank"
    acts = {"extend": Act(_("Nothing has moved since"), ExtendForm, who=CASH, states=("taken",))}
    columns = ("code", "account", "period_from", "period_until", "lines_new", "lines_known", "gross_in_new", "state")
    related = ("owner", "account")
    sorts = {"code": ("code", "id"), "until": ("period_until", "id")}
    create_label = _("Upload bank statement")
    empty_text = _("Upload what the bank exports: money in becomes receipts to be claimed.")
    facts = (
        (_("File"), ("account", "file_name", "format", "preset", "period_from", "period_until", "reaches_until")),
        (_("Lines"), ("lines_read", "lines_new", "lines_known", "opening_balance", "closing_balance")),
    )

    def shown_to(self, user: User) -> bool:
        return bool(user.role_codes & set(CASH)) or user.has_right("see_all")

    def stats(self, record: BankStatement, user: User) -> list[dict[str, Any]]:
        known = _t("%(count)s known before") % {"count": record.lines_known}
        shown = [
            {"label": _t("New lines"), "value": str(record.lines_new), "sub": known if record.lines_known else ""},
            {
                "label": _t("Money in"),
                "value": format_money(record.gross_in_new),
                "sub": _t("in the file %(amount)s") % {"amount": format_money(record.gross_in)},
            },
            {
                "label": _t("Money out"),
                "value": format_money(record.gross_out_new),
                "sub": _t("in the file %(amount)s") % {"amount": format_money(record.gross_out)},
            },
        ]
        if record.state == "taking":
            done = f"{services.progress(record)} / {record.lines_read}"
            shown.append({"label": _t("Taken in so far"), "value": done})
        return shown

    def actions(self, record: BankStatement, user: User) -> list[Action]:
        return [Action(_t("Unclaimed money"), reverse("billing:unclaimed"))] if record.state == "taken" else []

    def tables(self, record: BankStatement, user: User) -> list[Table]:
        if record.state in ("taken",):
            return [_lines_table(record)]
        return [_preview_table(record)]


_COLUMNS = [
    Column("number", _("Line")),
    Column("booked", _("Booked on")),
    Column("name", _("Other side")),
    Column("in", _("Money in"), "end"),
    Column("out", _("Money out"), "end"),
    Column("reference", _("Bank reference")),
]


def _amounts(is_credit: bool, amount: Any) -> list[Cell]:
    return [money(amount), Cell("")] if is_credit else [Cell(""), money(amount)]


def _preview_table(statement: BankStatement) -> Table:
    """The first lines as they were understood."""
    rows = [
        Row(
            [
                Cell(str(line["number"])),
                Cell(line["booked_on"]),
                Cell(line["name"] or "–", sub=line["summary"]),
                *_amounts(line["is_credit"], Decimal(line["gross_amount"])),
                Cell(line["reference"] or "–"),
                Cell(_t("known"), badge="secondary") if line["known"] else Cell(_t("new"), badge="green"),
            ]
        )
        for line in statement.preview
    ]
    shown = {"shown": len(rows), "lines": statement.lines_read}
    note = _t("The first %(shown)s of %(lines)s lines as they were read.") % shown
    return Table(_("Preview"), [*_COLUMNS, Column("known", _("State"))], rows, note=note)


def _lines_table(statement: BankStatement) -> Table:
    """What was taken in, with the receipts it became."""
    lines = statement.lines.select_related("receipt").order_by("pk")[:LINES]
    rows = [
        Row(
            [
                Cell(str(line.number)),
                Cell(line.booked_on.isoformat()),
                Cell(line.name or "–", sub=line.summary),
                *_amounts(line.is_credit, line.gross_amount),
                Cell(line.reference or "–"),
                Cell(line.receipt.state_label, badge=line.receipt.state_colour) if line.receipt else Cell("–"),
            ],
            url=line.receipt.get_absolute_url() if line.receipt else "",
        )
        for line in lines
    ]
    note = ""
    if statement.lines_new > LINES:
        note = _t("The first %(shown)s of %(lines)s lines.") % {"shown": LINES, "lines": statement.lines_new}
    columns = [*_COLUMNS, Column("receipt", _("Receipt"))]
    empty = _("Every line of this file was known before.")
    return Table(_("New lines"), columns, rows, note=note, empty_text=empty)
