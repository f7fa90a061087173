"""Orders and subcontracts: approved they commit the budget, received they may be billed."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals.services import approve as approve_record
from approvals.services import send_back, submit, withdraw
from core.errors import Refused
from core.money import ZERO
from core.numbering import next_code
from customers.models import Supplier
from finance.models import CostBook, CostCategory
from finance.services import ledger
from finance.services.book import lock_book
from process.services import doors
from process.services.log import lock_case
from purchasing.models import GoodsReceipt, PurchaseLine, PurchaseOrder, plain_quantity
from purchasing.services.lines import order_line, sums

__all__ = ["approve", "cancel", "close", "edit", "open", "receive", "send_back", "submit", "withdraw"]


def source_of(line: PurchaseLine) -> str:
    """Where the ledger says a commitment comes from."""
    return f"purchasing.order_line:{line.pk}"


@transaction.atomic
def open(
    *,
    book: CostBook,
    supplier: Supplier,
    by: Actor | User,
    kind: str = "order",
    title: str = "",
    lines: Any = (),
    note: str = "",
    **fields: Any,
) -> PurchaseOrder:
    """Write an order on a deal's book. A line: {category, text, quantity, unit, gross_price, tax_rate, deductible}."""
    made = [order_line(position, line) for position, line in enumerate(lines, 1)]
    title = title or (made[0].text if made else "") or str(supplier)
    order = PurchaseOrder(book=book, supplier=supplier, kind=kind, title=title[:200], **sums(made), **fields)
    doors.open(order, by=by, note=note, case=book.case)
    _write(order, made)
    return order


def _write(order: PurchaseOrder, made: list[PurchaseLine]) -> None:
    for line in made:
        line.order = order
    PurchaseLine.objects.bulk_create(made)


@transaction.atomic
def edit(
    order: PurchaseOrder,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Any = None,
    **changes: Any,
) -> PurchaseOrder:
    """Change a draft; `lines` replaces all its lines."""
    if lines is None:
        return doors.edit(order, by=by, changes=changes, version=version, note=note)
    made = [order_line(position, line) for position, line in enumerate(lines, 1)]
    doors.edit(order, by=by, changes=changes | sums(made), version=version, note=note)
    order.lines.all().delete()
    _write(order, made)
    return order


@transaction.atomic
def approve(
    order: PurchaseOrder,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> PurchaseOrder:
    """Give opinion or decision; approved, every line is committed. Refused with the figures beyond the budget."""
    approve_record(order, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if order.state != "approved":
        return order
    book = lock_book(order.book)
    lines = list(order.lines.select_related("category__parent"))
    wanted: dict[CostCategory, Decimal] = {}
    for line in lines:
        wanted[line.category] = wanted.get(line.category, ZERO) + line.net_cost
    ledger.require_budget(book, wanted)
    for line in lines:
        ledger.post(
            order.book,
            nature="commitment",
            category=line.category,
            net_amount=line.net_cost,
            source=source_of(line),
            text=f"{order.code} {line.text}",
            by=by,
            document=order,
        )
    return order


@transaction.atomic
def receive(
    order: PurchaseOrder,
    *,
    by: Actor | User,
    lines: Any = None,
    received_on: dt.date | None = None,
    text: str = "",
    note: str = "",
    version: int | None = None,
) -> PurchaseOrder:
    """Goods came in: `lines` = [{line, quantity}], or everything that is still missing. Never more than ordered."""
    actor = Actor.of(by)
    day = received_on or timezone.localdate()
    lock_case(order.case_id)
    rows = {row.pk: row for row in order.lines.select_for_update(of=("self",), no_key=True)}
    wanted = _wanted(rows, lines)
    reasons = [
        _("%(line)s: %(quantity)s received, but only %(left)s are still to come.")
        % {
            "line": rows[pk].text,
            "quantity": plain_quantity(quantity),
            "left": plain_quantity(rows[pk].quantity - rows[pk].quantity_received),
        }
        for pk, quantity in wanted.items()
        if quantity > rows[pk].quantity - rows[pk].quantity_received
    ]
    if not wanted:
        reasons.append(_("Nothing is left to receive."))
    if day > timezone.localdate():
        reasons.append(_("Goods cannot be received in the future."))
    if reasons:
        raise Refused(reasons)
    for pk, quantity in wanted.items():
        row = rows[pk]
        row.quantity_received += quantity
        row.save(update_fields=["quantity_received"])
        code = next_code("GR")
        GoodsReceipt.objects.create(
            line=row, code=code, quantity=quantity, received_on=day, text=text[:200], received_by=actor.user
        )
    # The door looks at the lines to see how much is there, so they are written before; a refusal undoes both.
    return doors.fire(order, "receive", by=actor, note=note, version=version)


def _wanted(rows: dict[int, PurchaseLine], lines: Any) -> dict[int, Decimal]:
    """Quantities to receive by line id."""
    if lines is None:
        left = {pk: row.quantity - row.quantity_received for pk, row in rows.items()}
        return {pk: quantity for pk, quantity in left.items() if quantity > 0}
    wanted: dict[int, Decimal] = {}
    for line in lines:
        row: PurchaseLine = line["line"]
        if row.pk not in rows:
            raise Refused(_("This line is not of this order."))
        if line.get("quantity"):
            wanted[row.pk] = wanted.get(row.pk, ZERO) + Decimal(line["quantity"])
    return wanted


def release(line: PurchaseLine, amount: Decimal, *, order: PurchaseOrder, why: str, by: Actor | User) -> None:
    """Take back so much of a line's open commitment."""
    amount = min(amount, line.net_open)
    if amount <= 0:
        return
    line.net_released += amount
    line.save(update_fields=["net_released"])
    ledger.post(
        order.book,
        nature="commitment",
        category=line.category,
        net_amount=-amount,
        source=f"{source_of(line)}:{why}",
        text=f"{order.code} {line.text}",
        by=by,
        document=order,
    )


@transaction.atomic
def close(order: PurchaseOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> PurchaseOrder:
    """All is received and billed: what is left of the commitment falls."""
    doors.fire(order, "close", by=by, note=note, version=version)
    for line in order.lines.select_for_update(of=("self",), no_key=True).select_related("category"):
        release(line, line.net_open, order=order, why="closed", by=by)
    return order


@transaction.atomic
def cancel(order: PurchaseOrder, *, by: Actor | User, note: str = "", version: int | None = None) -> PurchaseOrder:
    """What is not delivered falls out of the commitment; what was received stays, to be billed."""
    before = order.state
    doors.fire(order, "cancel", by=by, note=note, version=version)
    if before in ("draft", "in_review"):
        _end_request(order, by)
        return order
    for line in order.lines.select_for_update(of=("self",), no_key=True).select_related("category"):
        missing = line.quantity - line.quantity_received
        release(line, line.share(missing), order=order, why="cancelled", by=by)
    return order


def _end_request(order: PurchaseOrder, by: Actor | User) -> None:
    """Nobody needs to decide on it any more."""
    from approvals.services import void

    void(order, by=by)
