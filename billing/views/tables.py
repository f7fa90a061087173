"""Tables that several pages of billing show."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from billing.matching import Proposal
from billing.models import Allocation, ClaimPart, Promise, ReceivableLine, Refund
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


# How sure a proposal is, as colour and word.
STRENGTHS = {"strong": ("green", _("sure")), "likely": ("blue", _("likely")), "weak": ("secondary", _("possible"))}


def score_cell(one: Proposal) -> Cell:
    """The score with its word."""
    colour, word = STRENGTHS[one.strength]
    return Cell(f"{one.score} · {word}", badge=colour)


def proposals_table(found: Iterable[Proposal]) -> Table:
    """What a receipt may pay, the best first."""
    rows = [
        Row(
            [
                Cell(" + ".join(line.code for line, _amount in one.parts), sub=parts_text(one)),
                money(sum((amount for _line, amount in one.parts), ZERO)),
                score_cell(one),
                Cell(" ".join(one.reasons), cls="wrap"),
            ]
        )
        for one in found
    ]
    columns = [
        Column("lines", _("Receivables")),
        Column("gross", _("Amount"), "end"),
        Column("score", _("Score")),
        Column("why", _("Why")),
    ]
    empty = _("No open receivable fits: look for the payer's contract.")
    return Table(_("It may be for"), columns, rows, empty_text=empty)


def parts_text(one: Proposal) -> str:
    """The lines of a proposal in words: contract and title, with amounts where there are several."""
    if len(one.parts) == 1:
        line = one.parts[0][0]
        return f"{line.contract_code} {line.title}"
    return " · ".join(f"{line.contract_code} {format_money(amount)}" for line, amount in one.parts)


def claim_table(parts: Iterable[ClaimPart]) -> Table:
    """What a claim wants, line by line; confirmed, it is allocated so."""
    rows = [
        Row(
            [Cell(str(part.receivable), sub=str(part.receivable.contract)), money(part.gross_amount)],
            url=part.receivable.get_absolute_url(),
        )
        for part in parts
    ]
    columns = [Column("receivable", _("Receivable")), Column("gross", _("Amount"), "end")]
    return Table(_("Claimed for"), columns, rows)


def refunds_table(refunds: Iterable[Refund]) -> Table:
    """What goes back of a receipt."""
    rows = [
        Row(
            [
                Cell(one.code, sub=one.reason),
                Cell(one.state_label, badge=one.state_colour),
                money(one.gross_amount),
                Cell(one.paid_on.isoformat() if one.paid_on else "–", sub=one.bank_reference),
            ],
            url=one.get_absolute_url(),
        )
        for one in refunds
    ]
    columns = [
        Column("refund", _("Refund")),
        Column("state", _("State")),
        Column("gross", _("Amount"), "end"),
        Column("paid", _("Paid back on")),
    ]
    return Table(_("Refunds"), columns, rows)


PROMISES = {"open": "blue", "kept": "green", "broken": "red", "replaced": "secondary"}


def promises_table(promises: Iterable[Promise]) -> Table:
    """What was promised on a receivable, and whether the money kept the word."""
    rows = [
        Row(
            [
                Cell(one.promised_on.isoformat(), sub=one.promised_by),
                money(one.gross_amount),
                Cell(one.get_outcome_display(), badge=PROMISES[one.outcome]),
                money(one.gross_paid) if one.decided_on else Cell("–", cls=NUMBER),
                Cell(str(one.by or "–")),
            ]
        )
        for one in promises
    ]
    columns = [
        Column("on", _("Promised for")),
        Column("gross", _("Amount"), "end"),
        Column("outcome", _("Outcome")),
        Column("paid", _("Paid in time"), "end"),
        Column("by", _("Taken down by")),
    ]
    return Table(_("Promises to pay"), columns, rows, empty_text=_("Nothing is promised."))
