"""One dashboard: numbers a director acts on, each with its table."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.request import Request
from approvals.selectors import Leader, leaders
from core.calendar import today
from core.money import format_money
from core.parameters import takes
from core.selectors import InBase
from dashboard import selectors
from process import show, stages
from process.shapes import Cell, Row


def _num(value: Any) -> Cell:
    return Cell(format_money(value), cls="num")


def _columns(*labels: Any) -> list[dict[str, Any]]:
    return [{"label": label, "align": "end" if index else ""} for index, label in enumerate(labels)]


def _funnel(rows: list[selectors.FunnelRow], in_base: InBase) -> dict[str, Any]:
    return {
        "id": "chart-funnel",
        "title": _("Funnel"),
        "note": _("open deals, gross, %(currency)s") % {"currency": in_base.currency},
        "spec": {
            "kind": "bar",
            "horizontal": True,
            "unit": "money",
            "categories": [row.label for row in rows],
            "series": [
                {"name": _("Amount"), "data": [float(row.gross_amount) for row in rows]},
                {"name": _("Weighted"), "data": [float(row.weighted) for row in rows]},
            ],
        },
        "columns": _columns(_("Stage"), _("Deals"), _("Amount"), _("Weighted")),
        "rows": [
            Row(
                [Cell(row.label), Cell(row.count, cls="num"), _num(row.gross_amount), _num(row.weighted)],
                url="/leads/?state=open" if row.code == "lead" else f"/projects/?stage={row.code}",
            )
            for row in rows
        ],
    }


def _ageing(found: selectors.Receivables, in_base: InBase) -> dict[str, Any]:
    return {
        "id": "chart-ageing",
        "title": _("Receivables by days overdue"),
        "note": _("gross, %(currency)s, without retention") % {"currency": in_base.currency},
        "spec": {
            "kind": "bar",
            "unit": "money",
            "categories": [label for label, _amount in found.buckets],
            "series": [{"name": _("Still open"), "data": [float(amount) for _label, amount in found.buckets]}],
        },
        "columns": _columns(_("Days overdue"), _("Still open")),
        "rows": [Row([Cell(label), _num(amount)]) for label, amount in found.buckets],
    }


def _waiting(rows: list[selectors.Waiting]) -> dict[str, Any]:
    return {
        "id": "chart-waiting",
        "title": _("Waiting by department"),
        "note": _("longest wait in days"),
        "spec": {
            "kind": "bar",
            "horizontal": True,
            "unit": "days",
            "categories": [row.department for row in rows],
            "series": [{"name": _("Days"), "data": [row.longest_days for row in rows]}],
        },
        "columns": _columns(_("Department"), _("Open records"), _("Longest wait, days"), _("Since")),
        "rows": [
            Row(
                [
                    Cell(row.department),
                    Cell(row.count, cls="num"),
                    Cell(row.longest_days, cls="num"),
                    Cell(row.oldest, cls="num"),
                ]
            )
            for row in rows
        ],
    }


def _still(rows: list[selectors.Still]) -> dict[str, Any]:
    return {
        "id": "chart-still",
        "title": _("Projects that stand still longest"),
        "note": _("days since anything moved"),
        "spec": {
            "kind": "bar",
            "horizontal": True,
            "unit": "days",
            "categories": [row.project.code for row in rows],
            "series": [{"name": _("Days"), "data": [row.days for row in rows]}],
        },
        "columns": [
            {"label": _("Project")},
            {"label": _("With")},
            {"label": _("Since"), "align": "end"},
            {"label": _("Days"), "align": "end"},
        ],
        "rows": [
            Row(
                [
                    Cell(str(row.project), sub=stages.label(row.project.stage)),
                    Cell(show.text_of(row.holders), sub=show.text_of(row.departments)),
                    Cell(row.since, cls="num"),
                    Cell(row.days, cls="num"),
                ],
                url=row.project.get_absolute_url(),
            )
            for row in rows
        ],
    }


def _leaders(rows: list[Leader]) -> dict[str, Any]:
    return {
        "id": "chart-special",
        "title": _("Special approvals by leader"),
        "note": _("granted this year"),
        "spec": {
            "kind": "bar",
            "horizontal": True,
            "unit": "count",
            "categories": [row.name for row in rows],
            "series": [
                {"name": _("Granted"), "data": [row.granted for row in rows]},
                {"name": _("Conditions open"), "data": [row.conditions_open for row in rows]},
            ],
        },
        "columns": _columns(_("Granted by"), _("Granted"), _("Conditions open"), _("Conditions overdue")),
        "rows": [
            Row(
                [
                    Cell(row.name),
                    Cell(row.granted, cls="num"),
                    Cell(row.conditions_open, cls="num"),
                    Cell(row.conditions_overdue, cls="num neg" if row.conditions_overdue else "num"),
                ],
                url="/special-approvals/",
            )
            for row in rows
        ],
    }


def _costs(found: selectors.Costings, in_base: InBase) -> dict[str, Any]:
    pairs = (
        (_("Estimate"), found.estimate),
        (_("Budget"), found.budget),
        (_("Actual"), found.actual),
        (_("Committed"), found.committed),
    )
    return {
        "id": "chart-costs",
        "title": _("Four costings of running projects"),
        "note": _("net, %(currency)s") % {"currency": in_base.currency},
        "spec": {
            "kind": "bar",
            "unit": "money",
            "categories": [label for label, _amount in pairs],
            "series": [{"name": _("Net"), "data": [float(amount) for _label, amount in pairs]}],
        },
        "columns": _columns(_("Project"), _("Budget"), _("Actual and committed"), _("Used %")),
        "rows": [
            Row(
                [Cell(str(project)), _num(budget), _num(used), Cell(percent, cls="num")], url=project.get_absolute_url()
            )
            for project, budget, used, percent in found.worst
        ],
    }


def _left_out(in_base: InBase) -> str:
    """Which money is in none of the figures, because nobody has entered what it is worth."""
    if not in_base.missing:
        return ""
    text = _("Amounts in %(currencies)s are left out: there is no exchange rate to %(base)s.")
    return text % {"currencies": ", ".join(sorted(in_base.missing)), "base": in_base.currency}


def _notes(found: selectors.Figures, in_base: InBase, user: Any) -> list[str]:
    """Whose figures these are, from when, and what is in none of them."""
    whose = ""
    if not user.has_right("see_all"):
        whose = _("Figures of your departments.") if user.department_ids else _("Figures of the deals you work on.")
    at = _("Counted at %(time)s.") % {"time": show.text_of(found.counted_at)} if found.counted_at else ""
    return [note for note in (whose, at, _left_out(in_base)) if note]


@takes()
def dashboard(request: Request) -> HttpResponse:
    """Funnel, receivables, four costings, waiting, what stands still and special approvals, as far as one may see."""
    in_base = InBase(today())
    found = selectors.figures(request.user)
    rows = selectors.funnel(found, in_base)
    money = selectors.receivables(found, in_base)
    charts = [_funnel(rows, in_base), _ageing(money, in_base), _waiting(selectors.waiting(found))]
    stats = [
        {"label": _("Open deals"), "value": sum(row.count for row in rows)},
        {"label": _("Pipeline"), "value": format_money(selectors.total(row.gross_amount for row in rows))},
        {"label": _("Weighted"), "value": format_money(selectors.total(row.weighted for row in rows))},
        {"label": _("Receivable"), "value": format_money(money.open)},
        {"label": _("Overdue"), "value": format_money(money.overdue), "tone": "bad" if money.overdue else ""},
        {"label": _("Received"), "value": format_money(money.received)},
        {"label": _("Retention"), "value": format_money(money.retention)},
    ]
    standing = selectors.still(found)
    if standing:
        charts.append(_still(standing))
    passed = leaders(request.user)
    if passed:
        charts.append(_leaders(passed))
    if request.user.has_right("see_cost"):
        costs = selectors.costings(found)
        charts.append(_costs(costs, in_base))
        stats.append({"label": _("Revenue of running projects, net"), "value": format_money(costs.revenue)})
    context = {"title": _("Dashboard"), "stats": stats, "charts": charts, "notes": _notes(found, in_base, request.user)}
    return render(request, "dashboard/dashboard.html", context)
