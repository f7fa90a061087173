"""The collection plan: month by month what was to come in and what did; every figure opens; as a page or a file."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.request import Request
from billing.filters import NARROWED, PlanAsked, PlanForm, PlanItemsForm, read_plan
from billing.plan.figures import Plan, PlanRow, plan
from billing.plan.items import FIGURES, ORDER, Item, amount_of, item_of, items
from billing.plan.scope import BY, Span
from billing.views.tables import NUMBER, money
from core.money import format_money
from core.paging import capped_count, page
from core.parameters import one_of
from core.selectors import base_currency
from process.shapes import Cell, Column, Row, Table
from process.views.exports import FORMATS, as_file
from process.views.lists import PAGE_SIZE

OF_PLAN = ("opening", "planned", "prepaid", "collected", "other", "left", "closing", "disputed", "promised", "moved")
OF_MONEY = ("received", "collected", "late", "early", "cash", "bills", "free")
OF_GROUP = ("opening", "planned", "prepaid", "collected", "late", "early", "closing", "moved", "free")
RATES = (("rate", _("Rate %")), ("cumulative", _("Rate so far %")))
# A breakdown is for a person to read: whoever wants more takes the file.
GROUPS = 50


def _asked(request: Request, form: type[PlanForm] = PlanForm, also: tuple[str, ...] = ()) -> PlanAsked:
    asked, wrong = read_plan(request.GET, request.user, form, also)
    if asked is None:
        raise BadRequest("; ".join(" ".join(found) for found in wrong.values()))
    return asked


def collection_plan(request: Request) -> HttpResponse:
    """Plan and actual of the months of what the person may see, one month broken down by department and manager."""
    asked = _asked(request)
    found = plan(asked.scope, asked.span)
    context = {
        "title": _("Collection plan"),
        "form": asked.form,
        "first": f"{asked.span.first:%Y-%m}",
        "last": f"{asked.span.last:%Y-%m}",
        "stats": _stats(found, asked),
        "notes": _notes(found, asked),
        "chart": _chart(found, asked),
        "tables": [
            _table(_("Plan and what came of it"), OF_PLAN, found, asked, after=("collected", RATES)),
            _table(_("What came in, and for what"), OF_MONEY, found, asked),
            *_breakdowns(asked),
        ],
        "export_url": f"{reverse('billing:collection-plan-export')}?{asked.query(month=None, by=None)}",
        "collection_url": reverse("billing:collection"),
        "ageing_url": reverse("billing:ageing"),
    }
    return render(request, "billing/plan.html", context)


def _link(asked: PlanAsked, figure: str, row: PlanRow, group: dict[str, Any]) -> str:
    if row.month is None or not getattr(row, figure):
        return ""
    query = asked.query(**{"figure": figure, "month": f"{row.month:%Y-%m}", "by": None, **group})
    return f"{reverse('billing:collection-plan-items')}?{query}"


def _cell(asked: PlanAsked, figure: str, row: PlanRow, group: dict[str, Any]) -> Cell:
    amount = getattr(row, figure)
    if amount is None:
        return Cell("–", cls=NUMBER)
    cell = money(amount)
    cell.url = _link(asked, figure, row, group)
    if not amount:
        cell.cls = f"{NUMBER} muted"
    if figure == "promised" and (row.kept or row.broken):
        said = {"kept": format_money(row.kept), "broken": format_money(row.broken)}
        cell.sub = _t("kept %(kept)s, broken %(broken)s") % said
    return cell


def percent(rate: Any) -> str:
    """A rate in percent as it is shown; a dash where nothing was planned."""
    return "–" if rate is None else f"{rate:f}"


def _cells(asked: PlanAsked, row: PlanRow, figures: Sequence[str], after: Any, group: dict[str, Any]) -> list[Cell]:
    cells = []
    for figure in figures:
        cells.append(_cell(asked, figure, row, group))
        if after and after[0] == figure:
            cells += [Cell(percent(getattr(row, name)), cls=NUMBER) for name, _label in after[1]]
    return cells


def _columns(label: Any, figures: Sequence[str], after: Any = None) -> list[Column]:
    columns = [Column("of", label)]
    for figure in figures:
        columns.append(Column(figure, FIGURES[figure].label, "end"))
        if after and after[0] == figure:
            columns += [Column(name, text, "end") for name, text in after[1]]
    return columns


def _table(title: Any, figures: Sequence[str], found: Plan, asked: PlanAsked, after: Any = None) -> Table:
    rows = []
    for row in found.rows:
        url = f"?{asked.query(month=f'{row.month:%Y-%m}')}#month"
        rows.append(Row([Cell(f"{row.month:%Y-%m}", url=url), *_cells(asked, row, figures, after, {})]))
    total = [Cell(_t("Total")), *_cells(asked, found.total, figures, after, {})]
    note = _t("gross, %(currency)s") % {"currency": found.currency}
    return Table(title, _columns(_("Month"), figures, after), rows, footer_cells=total, note=note)


def _breakdowns(asked: PlanAsked) -> list[Table]:
    """The chosen month by department and by account manager."""
    tables = []
    for number, by in enumerate(("department", "owner")):
        found = plan(asked.scope, Span(asked.month, asked.month), by)
        after = ("collected", RATES[:1])
        rows = [
            Row([Cell(row.label), *_cells(asked, row, OF_GROUP, after, _group(by, row))]) for row in found.rows[:GROUPS]
        ]
        title = _t("%(month)s by department") if by == "department" else _t("%(month)s by account manager")
        note = _t("gross, %(currency)s") % {"currency": found.currency}
        if len(found.rows) > GROUPS:
            shown = {"shown": GROUPS, "all": len(found.rows)}
            note += " · " + _t("the first %(shown)s of %(all)s, the sums of all") % shown
        tables.append(
            Table(
                title % {"month": f"{asked.month:%Y-%m}"},
                _columns(BY[by][0], OF_GROUP, after),
                rows,
                id="" if number else "month",
                footer_cells=[Cell(_t("Total")), *_cells(asked, found.total, OF_GROUP, after, {})] if rows else [],
                note=note,
                empty_text=_("Nothing was to come in this month, and nothing did."),
            )
        )
    return tables


def _group(by: str, row: PlanRow) -> dict[str, Any]:
    return {"by": by} if row.key is None else {"by": by, "key": row.key}


def _stats(found: Plan, asked: PlanAsked) -> list[dict[str, Any]]:
    """The chosen month in figures, and what no month holds."""
    row = next((row for row in found.rows if row.month == asked.month), PlanRow(asked.month))
    month = f"{asked.month:%Y-%m}"
    late = row.opening or 0
    planned = f"{reverse('billing:receivable-line-list')}?state=planned&is_retention="
    return [
        {
            "label": _t("Overdue at its beginning"),
            "value": _text(row.opening),
            "sub": month,
            "tone": "bad" if late else "",
        },
        {"label": _t("Plan"), "value": _text(row.planned), "sub": month},
        {"label": _t("Received"), "value": _text(row.received), "sub": month},
        {"label": _t("Rate %"), "value": percent(row.rate), "sub": month},
        {
            "label": _t("Without a due day"),
            "value": _text(found.undated),
            "sub": _t("waits for its event"),
            "url": f"{planned}false",
        },
        {
            "label": _t("Retention (outside)"),
            "value": _text(found.retention),
            "sub": _t("waits for the end of warranty"),
            "url": f"{planned}true",
        },
    ]


def _text(amount: Any) -> str:
    return "–" if amount is None else format_money(amount)


def _notes(found: Plan, asked: PlanAsked) -> list[str]:
    """How it is counted: said where the reader wonders, in as few words as it takes."""
    notes = [
        _t(
            "By due day, promised day and value date; what was taken off or refused since no longer counts. A bill of "
            "exchange counts on the day it was taken, and is named apart."
        ),
        _t(
            "Moved out: a due day of the month that fell away after the month had begun, because the event behind it "
            "was taken back. Nobody can type another due day."
        ),
    ]
    if any(getattr(asked.scope, name) for name in NARROWED[:3]):
        notes.append(
            _t("Money nobody has claimed yet belongs to no department, manager or payer: it is not counted here.")
        )
    rated = sorted(set(found.foreign) - set(found.missing))
    if rated:
        notes.append(_t("Amounts in %(currencies)s count at today's rate.") % {"currencies": ", ".join(rated)})
    if found.missing:
        text = _t("Amounts in %(currencies)s are left out: there is no exchange rate to %(base)s.")
        notes.append(text % {"currencies": ", ".join(found.missing), "base": found.currency})
    return notes


def _chart(found: Plan, asked: PlanAsked) -> dict[str, Any]:
    series = (
        (_("Plan"), [row.planned for row in found.rows]),
        (_("of it received by its end"), [row.prepaid + row.collected for row in found.rows]),
        (_("Received"), [row.received for row in found.rows]),
    )
    months = [f"{row.month:%Y-%m}" for row in found.rows]
    return {
        "id": "chart-plan",
        "title": _("Plan and actual"),
        "note": _t("gross, %(currency)s") % {"currency": found.currency},
        "spec": {
            "kind": "bar",
            "unit": "money",
            "categories": months,
            "series": [{"name": name, "data": [float(one) for one in data]} for name, data in series],
            "links": [f"?{asked.query(month=month)}#month" for month in months],
        },
        "columns": [{"label": _("Month")}, *({"label": name, "align": "end"} for name, _data in series)],
        "rows": [
            Row([Cell(month), *map(money, amounts)])
            for month, *amounts in zip(months, *(data for _name, data in series), strict=True)
        ],
    }


# One figure ----------------------------------------------------------------------------------------
ITEM_COLUMNS = [
    Column("record", _("Receivable")),
    Column("payer", _("Payer")),
    Column("owner", _("Account manager")),
    Column("day", _("Day")),
    Column("note", _("More")),
    Column("amount", _("Amount"), "end"),
]


def _item_row(one: Item, base: str) -> Row:
    return Row(
        [
            Cell(one.record.code, sub=one.record.title),
            Cell(one.payer),
            Cell(str(one.owner or "–")),
            Cell(one.day.isoformat() if one.day else "–"),
            Cell(one.note, cls="wrap"),
            Cell(format_money(one.amount), cls=NUMBER, sub="" if one.currency == base else one.currency),
        ],
        url=one.record.get_absolute_url(),
    )


def collection_plan_items(request: Request) -> HttpResponse:
    """The rows behind one figure of one month; they sum to it."""
    asked = _asked(request, PlanItemsForm, ("cursor",))
    rows = items(asked.scope, asked.figure, asked.month)
    figure = FIGURES[asked.figure]
    found = page(rows, keyset=ORDER[figure.kind], cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    number, capped = capped_count(rows.select_related(None))
    base, here = base_currency(), asked.query()
    context = {
        "title": f"{asked.month:%Y-%m} · {figure.label}",
        "total": format_money(amount_of(rows)),
        "count_text": f"{number}+" if capped else str(number),
        "table": Table(
            figure.label,
            ITEM_COLUMNS,
            [_item_row(item_of(asked.figure, row), base) for row in found.rows],
            note=_t("gross, %(currency)s") % {"currency": base},
            empty_text=_("Nothing stands behind this figure."),
        ),
        "next_url": f"?{here}&cursor={found.next_cursor}" if found.next_cursor else "",
        "previous_url": f"?{here}&cursor={found.previous_cursor}" if found.previous_cursor else "",
        "plan_url": f"{reverse('billing:collection-plan')}?{asked.query(figure=None, by=None, key=None)}",
    }
    return render(request, "billing/plan_items.html", context)


# The file ------------------------------------------------------------------------------------------
IN_FILE = (*OF_PLAN, *(name for name in OF_MONEY if name not in OF_PLAN))


def collection_plan_export(request: Request) -> HttpResponseBase:
    """The months as `?format=csv` (the default) or `xlsx`; with `by` a row per month and department, manager, payer."""
    asked = _asked(request, also=("format",))
    wanted = one_of(request.GET.get("format", ""), FORMATS)
    found = plan(asked.scope, asked.span, asked.by)
    heads = [
        _t("Month"),
        *([str(BY[asked.by][0])] if asked.by else []),
        *(str(FIGURES[name].label) for name in IN_FILE),
    ]
    heads += [*(_t("Promises kept"), _t("Promises broken")), *(str(label) for _name, label in RATES)]
    columns: Iterable[Any] = zip(*(_file_row(row, bool(asked.by)) for row in found.rows), strict=True)
    batches = iter([list(columns)]) if found.rows else iter(())
    title = _t("Collection plan")
    name = f"collection-plan-{asked.span.first:%Y%m}-{asked.span.last:%Y%m}.{wanted}"
    return as_file(wanted, title, [head[:1].upper() + head[1:] for head in heads], batches, name)


def _file_row(row: PlanRow, grouped: bool) -> list[Any]:
    month = f"{row.month:%Y-%m}"
    amounts = [getattr(row, name) for name in (*IN_FILE, "kept", "broken")]
    figures = (*amounts, row.rate, row.cumulative)
    return [month, *([row.label] if grouped else []), *("" if one is None else one for one in figures)]
