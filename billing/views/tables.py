"""Tables that several pages of billing show."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from billing.models import Allocation, ReceivableLine
from core.money import ZERO, format_money
from process.shapes import Cell, Column, Row, Table

NUMBER = "num"


def money(amount: Any) -> Cell:
    """An amount as a cell."""
    return Cell(format_money(amount), cls=NUMBER)


def money_cells(row: Any) -> list[Cell]:
    """With tax, without, the tax."""
    return [money(row.gross_amount), money(row.net_amount), money(row.tax_amount)]


MONEY_COLUMNS = [
    Column("gross", _("With tax"), "end"),
    Column("net", _("Without tax"), "end"),
    Column("tax", _("Tax"), "end"),
]


def taxes_table(rows: Iterable[Any]) -> Table:
    """The split per rate."""
    shown = [Row([Cell(str(row.tax_rate)), *money_cells(row)]) for row in rows]
    return Table(_("Tax by rate"), [Column("rate", _("Tax rate")), *MONEY_COLUMNS], shown)


def receivables_table(lines: Iterable[ReceivableLine], *, title: Any = "") -> Table:
    """Receivables with their two axes; the retention is marked."""
    found = list(lines)
    rows = [
        Row(
            [
                Cell(line.code, sub=str(line.term.event) if line.term else ""),
                Cell(line.state_label, badge=line.state_colour),
                money(line.gross_amount),
                money(line.gross_invoiced),
                money(line.gross_received + line.gross_deducted),
                Cell(line.due_on.isoformat() if line.due_on else "–", sub=_late(line)),
            ],
            url=line.get_absolute_url(),
        )
        for line in found
    ]
    columns = [
        Column("code", _("Receivable")),
        Column("state", _("State")),
        Column("gross", _("With tax"), "end"),
        Column("invoiced", _("Invoiced"), "end"),
        Column("received", _("Received"), "end"),
        Column("due", _("Due")),
    ]
    footer = []
    if found:
        received = sum((line.gross_received + line.gross_deducted for line in found), ZERO)
        footer = [
            *(Cell(_t("Total")), Cell(), money(sum((line.gross_amount for line in found), ZERO))),
            *(money(sum((line.gross_invoiced for line in found), ZERO)), money(received), Cell()),
        ]
    empty = _("Receivables open when a contract takes effect.")
    return Table(title, columns, rows, footer_cells=footer, empty_text=empty)


def _late(line: ReceivableLine) -> str:
    if line.is_settled:
        return _t("settled")
    if line.days_overdue:
        return _t("%(days)s days overdue") % {"days": line.days_overdue}
    return _t("retention") if line.is_retention else ""


def allocations_table(allocations: Iterable[Allocation], *, side: str) -> Table:
    """Allocations of a receipt (side "receivable") or of a receivable (side "receipt"), taken off ones too."""
    rows = []
    for one in allocations:
        other = getattr(one, side)
        standing = one.removed_at is None
        state = Cell(_t("stands"), badge="green") if standing else Cell(_t("taken off"), badge="secondary")
        rows.append(
            Row(
                [
                    Cell(str(other), sub=str(one.difference or one.invoice or "")),
                    money(one.gross_amount),
                    Cell(one.allocated_on.isoformat()),
                    state,
                    Cell(str(one.by or "–")),
                ],
                url=other.get_absolute_url(),
            )
        )
    columns = [
        Column("other", _("Receivable") if side == "receivable" else _("Receipt")),
        Column("gross", _("Amount"), "end"),
        Column("on", _("On")),
        Column("state", _("State")),
        Column("by", _("By")),
    ]
    return Table(_("Allocations"), columns, rows, empty_text=_("Nothing is allocated yet."))
