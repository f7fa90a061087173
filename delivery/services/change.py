"""What is done with a change order. Enacting it changes contract, terms, receivables and budget, or nothing."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.models import User
from approvals.services import approve, reject, send_back, submit, withdraw
from contracts.models import Contract
from core.calendar import today
from core.money import ZERO, split_gross
from delivery.models import ChangeCost, ChangeLine, ChangeOrder
from delivery.services import order as orders
from delivery.services import releases as money
from process.services import attach, doors

__all__ = ["agree", "approve", "edit", "enact", "open", "reject", "send_back", "submit", "withdraw"]

Rows = Sequence[dict[str, Any]]


@transaction.atomic
def open(
    *,
    by: Actor | User,
    contract: Contract,
    title: str = "",
    lines: Rows = (),
    costs: Rows = (),
    note: str = "",
    **fields: Any,
) -> ChangeOrder:
    """Draft a change of one contract.

    `lines` {name, tax_rate, gross_amount} and `costs` {category, text, net_amount} may be negative; the payment
    terms not yet released follow the new value when the change is enacted.
    """
    change = ChangeOrder(contract=contract, title=title or contract.title, **fields)
    if change.order_id is None:
        change.order = contract.delivery_orders.order_by("pk").first()
    change.gross_amount, change.net_amount, change.net_cost = _sums(lines, costs)
    doors.open(change, by=by, note=note, case=contract.case)
    _set_rows(change, lines, costs)
    return change


def _sums(lines: Rows, costs: Rows) -> tuple[Decimal, Decimal, Decimal]:
    splits = [split_gross(row["gross_amount"], row["tax_rate"].percent) for row in lines]
    gross = sum((split.gross for split in splits), ZERO)
    net = sum((split.net for split in splits), ZERO)
    return gross, net, sum((row["net_amount"] for row in costs), ZERO)


def _set_rows(change: ChangeOrder, lines: Rows, costs: Rows) -> None:
    """Replace what hangs on a draft."""
    change.lines.all().delete()
    change.costs.all().delete()
    for row in lines:
        split = split_gross(row["gross_amount"], row["tax_rate"].percent)
        ChangeLine.objects.create(
            change=change,
            name=row["name"],
            tax_rate=row["tax_rate"],
            gross_amount=split.gross,
            net_amount=split.net,
            tax_amount=split.tax,
        )
    for row in costs:
        ChangeCost.objects.create(
            change=change, category=row["category"], text=row.get("text", ""), net_amount=row["net_amount"]
        )


def line_rows(change: ChangeOrder) -> Rows:
    """The lines as services and forms take them."""
    return [
        {"name": one.name, "tax_rate": one.tax_rate, "gross_amount": one.gross_amount}
        for one in change.lines.select_related("tax_rate")
    ]


def cost_rows(change: ChangeOrder) -> Rows:
    """The changes of cost as services and forms take them."""
    return [
        {"category": one.category, "text": one.text, "net_amount": one.net_amount}
        for one in change.costs.select_related("category")
    ]


@transaction.atomic
def edit(
    change: ChangeOrder,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Rows | None = None,
    costs: Rows | None = None,
    **changes: Any,
) -> ChangeOrder:
    """Change a draft; rows that are given replace all of their kind."""
    changes.pop("contract", None)
    if lines is not None or costs is not None:
        kept_lines = lines if lines is not None else line_rows(change)
        kept_costs = costs if costs is not None else cost_rows(change)
        sums = _sums(kept_lines, kept_costs)
        changes |= dict(zip(("gross_amount", "net_amount", "net_cost"), sums, strict=True))
        doors.edit(change, by=by, version=version, note=note, changes=changes)
        _set_rows(change, kept_lines, kept_costs)
        return change
    return doors.edit(change, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def agree(
    change: ChangeOrder,
    *,
    by: Actor | User,
    agreed_on: dt.date,
    agreed_by: str,
    agreement: Any = None,
    note: str = "",
    version: int | None = None,
) -> ChangeOrder:
    """The customer signed the change. Raises Refused without day, signer and the signed paper."""
    if agreement is not None:
        attach(change, file=agreement, by=by, purpose="agreement")
    changes = {"agreed_on": agreed_on, "agreed_by": agreed_by}
    return doors.fire(change, "agree", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def enact(change: ChangeOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> ChangeOrder:
    """Contract value, payment terms, receivables, budget and plan change in this one transaction.

    Raises Refused, and nothing is changed, where one of them cannot follow: a term would fall below what is
    released or invoiced, or the book is frozen.
    """
    doors.fire(change, "enact", by=by, note=note, version=version, changes={"effective_on": today()})
    money.change_value(change, by=by)
    money.change_budget(change, by=by)
    if change.order is not None and change.new_end_on is not None:
        orders.edit(change.order, by=Actor.system(change.code), planned_end_on=change.new_end_on, note=change.code)
    money.recognise_change(change, by=by)
    return change
