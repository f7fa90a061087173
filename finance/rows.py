"""The four-costings matrix and the ledger as plain strings, ready for the page."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from core.money import ZERO, format_money
from finance import costing
from finance.models import CostBook, LedgerEntry
from finance.selectors import FourCostings, FourRow, FourSummary, LineChange
from process.outlet import outlet_of
from process.shapes import Cell, Column, Row

PANEL = ("estimate", "budget", "committed", "actual", "forecast", "settlement")
PAGE = ("estimate", "budget", "committed", "closed_month", "actual", "forecast", "settlement")
_LEDGER = {"committed": "commitment", "actual": "cost"}
_SHEET = {"estimate": "estimate", "budget": "budget", "closed_month": "actual", "settlement": "settlement"}


def amount(value: Decimal | None) -> Cell:
    """A figure; nothing is an en dash, a negative one is red."""
    if value is None:
        return Cell("–")
    return Cell(format_money(value), cls="neg" if value < 0 else "")


def percent(value: Decimal | None) -> Cell:
    """A percentage; nothing is an en dash."""
    if value is None:
        return Cell("–")
    return Cell(f"{value} %", cls="neg" if value < 0 else "")


def figure_label(figure: str, four: FourCostings) -> str:
    """The head of a column."""
    if figure == "closed_month":
        sheet = four.sheets.get("actual")
        month = f"{sheet.period.month:%Y-%m}" if sheet is not None and sheet.period is not None else ""
        return _("Actuals to %(month)s (closed)") % {"month": month}
    return {
        "estimate": _("Estimate"),
        "budget": _("Budget"),
        "committed": _("Committed"),
        "actual": _("Actuals (live)"),
        "forecast": _("Forecast at completion"),
        "settlement": _("Final accounts"),
    }[figure]


def entries_url(book: CostBook, **query: str) -> str:
    """The ledger of a book behind one figure."""
    address = reverse("finance:book-entries", args=[book.pk])
    return f"{address}?{urlencode(query)}" if query else address


def _cell_url(four: FourCostings, figure: str, code: str) -> str:
    if figure in _LEDGER:
        query = {"nature": _LEDGER[figure]} | ({"category": code} if code else {})
        return entries_url(four.book, **query)
    sheet = four.sheets.get(_SHEET.get(figure, ""))
    return sheet.get_absolute_url() if sheet is not None else ""


def _row(four: FourCostings, row: FourRow, figures: tuple[str, ...], *, total: bool = False) -> dict[str, Any]:
    cells = []
    for figure in figures:
        cell = amount(row.amounts[figure] or None)
        if row.amounts[figure]:
            cell.url = _cell_url(four, figure, row.code)
        cells.append(cell)
    used = row.used_percent
    return {
        "label": row.label,
        "level": row.level,
        "total": total,
        "cells": cells,
        "pct": None if used is None else f"{used:.0f}",
        "over": row.over if row.amounts["budget"] else "",
    }


def _plain(label: str, cells: list[Cell], *, total: bool = False, level: int = 0) -> dict[str, Any]:
    return {"label": label, "level": level, "total": total, "cells": cells, "pct": None, "over": ""}


def matrix(four: FourCostings, *, full: bool = False, brief: bool = False) -> dict[str, Any]:
    """概算 | 预算 | 承诺 | 核算 | 预计完工 | 决算 by category, with revenue and the three margin lines below.

    `full` adds the last closed month; `brief` keeps the groups and the first margin line.
    """
    figures = PAGE if full and "actual" in four.sheets else PANEL
    rows = [_row(four, row, figures) for row in four.rows if not (brief and row.level)]
    rows.append(_row(four, four.total, figures, total=True))
    rows.append(_plain(_("Revenue"), [_revenue(four, figure) for figure in figures], total=True))
    margins = ((1, _("Project margin")), (2, _("Contribution")), (3, _("Profit after capital cost")))
    for upto, label in margins[:1] if brief else margins:
        rows.append(_plain(label, [amount(_shown(four, figure, upto)) for figure in figures], total=True))
        rows.append(_plain(f"{label} %", [percent(_shown_percent(four, figure, upto)) for figure in figures], level=1))
    columns = [{"label": figure_label(figure, four)} for figure in figures]
    return {"columns": columns, "rows": rows, "basis": _("net of VAT, CNY")}


def _revenue(four: FourCostings, figure: str) -> Cell:
    cell = amount(four.revenue[figure])
    if figure == "actual" and four.revenue[figure]:
        cell.url = entries_url(four.book, nature="recognised")
    return cell


def _has_margin(four: FourCostings, figure: str) -> bool:
    """Live actuals have a margin once revenue is recognised: before, cost alone would look like a loss."""
    return bool(four.revenue[figure]) or (figure == "settlement" and four.revenue[figure] is not None)


def _shown(four: FourCostings, figure: str, upto: int) -> Decimal | None:
    return four.margin(figure, upto) if _has_margin(four, figure) else None


def _shown_percent(four: FourCostings, figure: str, upto: int) -> Decimal | None:
    return four.margin_percent(figure, upto) if _has_margin(four, figure) else None


def cash_chart(curve: list[costing.CashPoint]) -> dict[str, Any] | None:
    """The cash curve as a picture with its table; None where no month of cash is planned."""
    if not curve:
        return None
    series = (
        (_("Cash in"), [point.gross_in for point in curve]),
        (_("Cash out"), [point.gross_out for point in curve]),
        (_("Balance"), [point.gross_balance for point in curve]),
    )
    return {
        "id": "chart-cash",
        "title": _("Cash curve"),
        "note": _("incl. VAT; below zero, our own money is out"),
        "spec": {
            "kind": "line",
            "unit": "money",
            "categories": [f"{point.month:%Y-%m}" for point in curve],
            "series": [{"name": name, "data": [float(one) for one in data]} for name, data in series],
        },
        "columns": [{"label": _("Month")}, *({"label": name, "align": "end"} for name, _data in series)],
        "rows": [
            Row([Cell(f"{point.month:%Y-%m}"), *map(_figure, (point.gross_in, point.gross_out, point.gross_balance))])
            for point in curve
        ],
    }


def comparison(changes: list[LineChange], heads: tuple[str, str]) -> dict[str, Any]:
    """Two costings line by line: columns, rows and the sums below."""
    labels = ((heads[0], "end"), (heads[1], "end"), (_("Difference"), "end"))
    columns = [{"label": _("Cost category")}, {"label": _("Item")}]
    columns += [{"label": label, "align": align} for label, align in labels]
    listed = [
        Row([Cell(str(one.category)), Cell(one.text or "–"), *map(_figure, (one.earlier, one.later, one.difference))])
        for one in changes
    ]
    sums = (
        sum((one.earlier or ZERO for one in changes), ZERO),
        sum((one.later or ZERO for one in changes), ZERO),
        sum((one.difference for one in changes), ZERO),
    )
    return {
        "columns": columns,
        "rows": listed,
        "footer_cells": [Cell(_("Total")), Cell(), *map(_figure, sums)],
    }


def document_url(entry: LedgerEntry) -> str:
    """The page of the document an entry comes from, on whatever floor it lives."""
    kind, pk = entry.document_kind, entry.document_id
    if not kind:
        kind, _colon, rest = entry.source.partition(":")
        number = rest.partition(":")[0]
        pk = int(number) if number.isdecimal() else None
    outlet = outlet_of(kind)
    return outlet.url("detail", pk) if outlet is not None and pk is not None else ""


def entry_columns() -> list[Column]:
    """The ledger's columns."""
    return [
        Column("day", _("Day")),
        Column("month", _("Month")),
        Column("nature", _("Nature")),
        Column("category", _("Cost category")),
        Column("text", _("Posting text")),
        Column("net_amount", _("Net amount"), "end"),
        Column("posted_by", _("Posted by")),
    ]


def entry_row(entry: LedgerEntry) -> Row:
    """One posting, leading to its document."""
    late = entry.month != entry.day.replace(day=1)
    cells = [
        Cell(f"{entry.day:%Y-%m-%d}"),
        Cell(f"{entry.month:%Y-%m}", sub=_("late posting") if late else ""),
        Cell(entry.get_nature_display(), sub=_("reversal") if entry.reverses_id else ""),
        Cell(str(entry.category) if entry.category else "–"),
        Cell(entry.text or entry.source),
        Cell(format_money(entry.net_amount), cls="num neg" if entry.net_amount < 0 else "num"),
        Cell(entry.posted_by_name),
    ]
    return Row(cells, url=document_url(entry))


def book_columns() -> list[Column]:
    """The list of books: the four costings side by side."""
    return [
        Column("code", _("Number")),
        Column("title", _("Title")),
        Column("owner", _("Owner")),
        Column("estimate", _("Estimate"), "end"),
        Column("budget", _("Budget"), "end"),
        Column("actual", _("Actuals (live)"), "end"),
        Column("committed", _("Committed"), "end"),
        Column("used", _("Used"), "end"),
        Column("settlement", _("Final accounts"), "end"),
        Column("margin", _("Margin % (estimate → budget → final)"), "end"),
    ]


def book_row(summary: FourSummary) -> Row:
    """One book with its figures."""
    book = summary.book
    margins = [summary.margin_percent(kind) for kind in ("estimate", "budget", "settlement")]
    used = summary.used_percent
    cells = [
        Cell(book.code),
        Cell(book.title, sub=_("frozen") if book.is_frozen else ""),
        Cell(str(book.owner or "–")),
        _figure(summary.cost.get("estimate")),
        _figure(summary.cost.get("budget")),
        _figure(book.net_cost),
        _figure(book.net_committed),
        Cell(f"{used} %" if used is not None else "–", cls="num neg" if used is not None and used > 100 else "num"),
        _figure(summary.cost.get("settlement")),
        Cell(" → ".join("–" if one is None else f"{one} %" for one in margins), cls="num"),
    ]
    return Row(cells, url=book.get_absolute_url())


def _figure(value: Decimal | None) -> Cell:
    cell = amount(value)
    cell.cls = f"num {cell.cls}".strip()
    return cell
