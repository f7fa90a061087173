"""The ageing of open money as of any day, by both clocks, each currency for itself."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.request import Request
from billing.ageing import AGES, BUCKETS, BY, AgeingRow, ageing_for
from billing.views.tables import money
from core.money import ZERO, format_money
from core.parameters import day_of, one_of, takes
from process.shapes import Cell, Column, Row, Table

# Clock → title, its buckets, where a row keeps them.
CLOCKS: dict[str, tuple[Any, Any, str]] = {
    "late": (_("By days past due"), BUCKETS, "buckets"),
    "age": (_("By time since it arose"), AGES, "ages"),
}
ROWS = 200


def ageing_tables(rows: list[AgeingRow], label: Any) -> list[Table]:
    """A table per currency and clock: the rows with the most overdue, and the sums of all."""
    tables = []
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        tables += [_table(mine, label, clock, currency) for clock in CLOCKS]
    return tables


def _table(rows: list[AgeingRow], label: Any, clock: str, currency: str) -> Table:
    title, buckets, kept = CLOCKS[clock]
    columns = [
        Column("of", label),
        *(Column(code, text, "end") for code, text, _end in buckets),
        Column("total", _("Total"), "end"),
        Column("retention", _("Retention (outside)"), "end"),
        Column("bills", _("Bills not yet paid"), "end"),
    ]
    shown = [Row([Cell(row.label), *map(money, _amounts(row, kept))]) for row in rows[:ROWS]]
    sums = [sum(column, ZERO) for column in zip(*(_amounts(row, kept) for row in rows), strict=True)]
    note = _t("gross, %(currency)s") % {"currency": currency}
    if len(rows) > ROWS:
        note += " · " + _t("the first %(shown)s of %(all)s, the sums of all") % {"shown": ROWS, "all": len(rows)}
    return Table(title, columns, shown, footer_cells=[Cell(_t("Total")), *map(money, sums)], note=note)


def _amounts(row: AgeingRow, kept: str) -> list[Any]:
    return [*getattr(row, kept).values(), row.total, row.retention, row.bills]


@takes("on", "by")
def ageing_page(request: Request) -> HttpResponse:
    """Open money of what the person may see, as it stood at the end of a day."""
    on, by = day_of(request.GET.get("on", "")), one_of(request.GET.get("by", ""), BY)
    rows = ageing_for(request.user, on, by)
    label = BY[by][0]
    context = {
        "title": _("Ageing"),
        "on": on,
        "by": by,
        "choices": [(code, text) for code, (text, _lookup, _model) in BY.items()],
        "stats": [stat for currency in sorted({row.currency for row in rows}) for stat in _stats(rows, currency)],
        "tables": ageing_tables(rows, label),
        "empty_text": _("Nothing was open on that day."),
        "collection_url": reverse("billing:collection"),
    }
    return render(request, "billing/ageing.html", context)


def _stats(rows: list[AgeingRow], currency: str) -> list[dict[str, Any]]:
    mine = [row for row in rows if row.currency == currency]
    overdue = sum((row.overdue for row in mine), ZERO)
    figures = (
        (_t("Payable"), sum((row.total for row in mine), ZERO), ""),
        (_t("Overdue"), overdue, "bad" if overdue else ""),
        (_t("Retention (outside)"), sum((row.retention for row in mine), ZERO), ""),
        (_t("Bills not yet paid"), sum((row.bills for row in mine), ZERO), ""),
    )
    return [
        {"label": label, "value": format_money(value), "sub": currency, "tone": tone} for label, value, tone in figures
    ]
