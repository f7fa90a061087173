"""A decided change of the contract moves the budget: its next version, approved by that very decision."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from core.money import ZERO, format_money
from finance import selectors
from finance.models import CostBook, CostSheet
from finance.services import sheet as sheets
from finance.services.book import lock_book, require_open
from process.services import doors


@transaction.atomic
def amend_budget(
    book: CostBook,
    *,
    lines: list[dict[str, Any]],
    net_revenue: Decimal = ZERO,
    label: str = "",
    by: Actor | User,
    note: str = "",
) -> CostSheet | None:
    """Add `lines` {category, text, net_amount ±} and revenue to the current budget as its next version.

    Called by delivery when a change order, decided at ATAC, is enacted; so no second decision is asked for.
    None where no budget is approved and no cost changes; Refused where a category would fall below zero.
    """
    require_open(lock_book(book))
    current = selectors.current_sheet(book, "budget")
    if current is None:
        if lines:
            raise Refused(_("There is no approved budget that could be changed."))
        return None
    job = Actor.system(f"{label or note}: {Actor.of(by)}"[:120])
    sheet = sheets.open(
        book=book,
        kind="budget",
        label=label,
        net_revenue=current.net_revenue + net_revenue,
        accuracy_percent=current.accuracy_percent,
        lines=_merged(current, lines),
        cash=current.cash.values(*sheets.CASH_INPUT),
        origin=current,
        by=job,
        note=note,
    )
    doors.fire(sheet, "submit", by=job, note=note)
    doors.fire(sheet, "approve", by=job, note=note)
    sheets.make_current(sheet)
    return sheet


def _merged(current: CostSheet, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The budget's lines with additions appended and reductions taken off their category, last line first."""
    rows: list[dict[str, Any]] = [
        {"category": one.category, "text": one.text, "gross_amount": one.net_amount}
        for one in current.lines.select_related("category")
    ]
    for change in changes:
        if change["net_amount"] >= 0:
            rows.append(
                {"category": change["category"], "text": change.get("text", ""), "gross_amount": change["net_amount"]}
            )
        else:
            _take_off(rows, change["category"], -change["net_amount"])
    return [row for row in rows if row["gross_amount"]]


def _take_off(rows: list[dict[str, Any]], category: Any, amount: Decimal) -> None:
    left = amount
    for row in reversed(rows):
        if row["category"] == category:
            taken = min(left, row["gross_amount"])
            row["gross_amount"] -= taken
            left -= taken
    if left:
        text = _("%(category)s: the budget has %(missing)s less than is to be taken off.")
        raise Refused(text % {"category": category, "missing": format_money(left)})
