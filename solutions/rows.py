"""Quote lines, totals per tax rate and opened prices as plain values."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.money import Split, format_money
from process import show
from process.shapes import Cell, Column, Row, Table
from solutions.models import Quote, QuoteLine, Tender
from solutions.selectors import totals_by_rate


def money(amount: Decimal | None) -> Cell:
    """An amount at the end of its cell."""
    return Cell(format_money(amount) if amount is not None else "–", cls="num neg" if amount and amount < 0 else "num")


def lines_table(lines: list[QuoteLine]) -> Table:
    """The lines as the customer sees them, with net and tax beside gross."""
    names = ("name", "quantity", "gross_price", "discount_percent", "tax_rate")
    amounts = ("net_amount", "tax_amount", "gross_amount")
    columns = [show.column(QuoteLine, name) for name in (*names, *amounts)]
    rows = []
    for line in lines:
        note = _("optional, not in the total") if line.is_optional else line.promise
        cells = [show.cell(line, name) for name in names]
        cells[0] = Cell(line.name, sub=note)
        cells[1] = Cell(f"{line.quantity.normalize():f} {line.unit}".strip(), cls="num")
        rows.append(Row([*cells, *(money(getattr(line, name)) for name in amounts)]))
    return Table(
        _("Lines"), columns, rows, id="lines", empty_text=_("The quote has no lines yet: edit it to add some.")
    )


def totals_table(quote: Quote, lines: list[QuoteLine]) -> Table:
    """Net, tax and gross per tax rate, with the header's totals below."""
    columns = [
        Column("rate", _("Tax rate")),
        Column("net", _("Net"), "end"),
        Column("tax", _("Tax"), "end"),
        Column("gross", _("Gross"), "end"),
    ]
    rows = [
        Row([Cell(total.label), money(total.split.net), money(total.split.tax), money(total.split.gross)])
        for total in totals_by_rate(lines)
    ]
    split = Split(quote.gross_amount, quote.net_amount, quote.tax_amount)
    footer = [Cell(_("Total")), money(split.net), money(split.tax), money(split.gross)]
    return Table(_("Totals per tax rate"), columns, rows, id="totals", footer_cells=footer)


def quotes_table(quotes: list[Quote], title: str = "") -> Table:
    """Quotes, or the revisions under one base number."""
    columns = [show.column(Quote, name) for name in ("code", "gross_amount", "valid_until", "state")]
    rows = [Row([show.cell(one, column.key) for column in columns], url=one.get_absolute_url()) for one in quotes]
    return Table(title or _("Quotes"), columns, rows, id="quotes", empty_text=_("There is no quote yet."))


def prices_table(tender: Tender) -> Table:
    """The opening record, cheapest first."""
    columns = [
        Column("bidder", _("Bidder")),
        Column("price", _("Price incl. tax"), "end"),
        Column("score", _("Score"), "end"),
    ]

    def price(row: dict[str, Any]) -> Decimal:
        return Decimal(row["gross_amount"])

    rows = [
        Row([Cell(row["bidder"]), money(price(row)), Cell(row["score"] or "–", cls="num")])
        for row in sorted(tender.prices, key=price)
    ]
    return Table(_("Prices opened"), columns, rows, id="prices")
