"""What collectors look at: the receivables of one deal, and the workbench with everything that is due."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.request import Request
from billing.models import Receipt, ReceivableLine
from billing.selectors import Position, position, position_for, receivables_of
from billing.views.tables import money, receivables_table
from billing.views.workbench import workbench
from billing.workbench import lines_of, managers, totals
from core.money import format_money
from core.paging import Keyset, page
from core.parameters import key_of, takes
from process.shapes import Cell, Column, Row, Table
from process.views.lists import PAGE_SIZE

COLUMNS = [
    Column("line", _("Receivable")),
    Column("customer", _("Payer")),
    Column("open", _("Still open"), "end"),
    Column("due", _("Due")),
    Column("late", _("Days overdue"), "end"),
    Column("word", _("Promise or dispute")),
    Column("owner", _("Owner")),
]


def panel(request: Request, case_id: int) -> HttpResponse:
    """The money of one deal as a card: contract, invoiced, received, overdue, retention, and each line."""
    seen = ReceivableLine.objects.visible_to(request.user).filter(case_id=case_id)
    lines = list(receivables_of(case_id).filter(pk__in=seen.values("pk")))
    actions = []
    if lines:
        url = f"{reverse('billing:invoice-new')}?contract={lines[0].contract_id}"
        actions = [{"label": _t("Request invoice"), "url": url}]
    context = {
        "stats": _figures(position(case_id)) if lines else [],
        "tables": [receivables_table(lines)] if lines else [],
        "actions": actions,
        "empty_text": _("Receivables open when a contract takes effect."),
    }
    return render(request, "generic/panel.html", context)


def figures(case_id: int, user: User) -> list[dict[str, Any]]:
    """The money of one deal in figures, for those who may see its receivables."""
    found = position_for(user, case_id)
    return _figures(found) if found is not None else []


def _figures(money_of: Position) -> list[dict[str, Any]]:
    tone = "bad" if money_of.overdue else ""
    return [
        {"label": _t("Contract"), "value": format_money(money_of.contract)},
        {"label": _t("Invoiced"), "value": format_money(money_of.invoiced)},
        {"label": _t("Received"), "value": format_money(money_of.received)},
        {"label": _t("Overdue"), "value": format_money(money_of.overdue), "tone": tone},
        {"label": _t("Retention"), "value": format_money(money_of.retention)},
    ]


def _row(line: ReceivableLine) -> Row:
    late = line.days_overdue
    word = ""
    if line.promised_on:
        word = _t("promised for %(day)s") % {"day": line.promised_on}
    if line.disputed_until:
        word = _t("disputed until %(day)s") % {"day": line.disputed_until}
    return Row(
        [
            Cell(line.code, sub=line.title),
            Cell(str(line.customer)),
            money(line.gross_open),
            Cell(line.due_on.isoformat() if line.due_on else "–"),
            Cell(str(late) if late else "–", cls="num neg" if late else "num"),
            Cell(word or "–"),
            Cell(str(line.owner or "–")),
        ],
        url=line.get_absolute_url(),
    )


@takes("cursor", "after", "owner")
def collection(request: Request) -> HttpResponse:
    """Whom to collect from with the next act, then every line that is due, of one account manager or of all."""
    owner = key_of(request.GET.get("owner", ""))
    lines = lines_of(request.user, owner)
    due = lines.select_related("customer", "owner")
    found = page(due, keyset=Keyset(("due_on", "id")), cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    unclaimed = Receipt.objects.visible_to(request.user).filter(state="unclaimed")[:100].count()
    stats: list[dict[str, Any]] = []
    for currency, payable, overdue in totals(lines):
        stats += [
            {"label": _t("Payable"), "value": format_money(payable), "sub": currency},
            {
                "label": _t("Overdue"),
                "value": format_money(overdue),
                "sub": currency,
                "tone": "bad" if overdue else "",
            },
        ]
    stats += [
        {
            "label": _t("Receipts to be claimed"),
            "value": str(unclaimed),
            "url": reverse("billing:unclaimed"),
        },
    ]
    work, customers = workbench(request.user, owner, request.GET.get("after"))
    chosen = f"&owner={owner}" if owner else ""
    context = {
        "title": _t("Collection"),
        "work": work,
        "work_next": f"?after={customers.next_cursor}{chosen}" if customers.next_cursor else "",
        "work_previous": f"?after={customers.previous_cursor}{chosen}" if customers.previous_cursor else "",
        "managers": managers(request.user),
        "owner": owner,
        "stats": stats,
        "due": Table(_("Due, the most overdue first"), COLUMNS, [_row(line) for line in found.rows]),
        "ageing_url": reverse("billing:ageing"),
        "plan_url": reverse("billing:collection-plan"),
        "next_url": f"?cursor={found.next_cursor}{chosen}" if found.next_cursor else "",
        "previous_url": f"?cursor={found.previous_cursor}{chosen}" if found.previous_cursor else "",
        "empty_text": _("Nothing is due: receivables stand here once their event has happened."),
    }
    return render(request, "billing/collection.html", context)
