"""Supplier bills: matched with order and receipt, posted as cost, paid."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import BankAccount, User
from accounts.services import notify
from approvals.services import approve, send_back, submit, withdraw
from core.errors import Refused
from core.money import format_money, round_money
from core.numbering import next_code
from finance.services import ledger
from process.services import doors
from process.services.log import lock_case
from purchasing.models import Bill, BillLine, Payment, PurchaseLine, PurchaseOrder
from purchasing.services.lines import bill_line, sums

__all__ = ["approve", "edit", "open", "pay", "post", "remind", "reverse", "send_back", "submit", "withdraw"]

PAY_WITHIN_DAYS = 30


def source_of(line: BillLine) -> str:
    """Where the ledger says a cost comes from."""
    return f"purchasing.bill_line:{line.pk}"


def _rows(order: PurchaseOrder, lines: Any) -> list[BillLine]:
    """Unsaved lines; none given means all that is received and not billed yet."""
    ordered = {row.pk: row for row in order.lines.select_related("category", "tax_rate")}
    if not lines:
        waiting = [row for row in ordered.values() if row.quantity_received > row.quantity_billed]
        lines = [{"order_line": row, "quantity": row.quantity_received - row.quantity_billed} for row in waiting]
    made = []
    for line in lines:
        row: PurchaseLine = line["order_line"]
        if row.pk not in ordered:
            raise Refused(_("“%(line)s” is not of this order.") % {"line": row})
        made.append(bill_line(ordered[row.pk], line))
    if len({one.order_line_id for one in made}) != len(made):
        raise Refused(_("An order line stands on a bill once."))
    return made


def _write(bill: Bill, made: list[BillLine]) -> None:
    for line in made:
        line.bill = bill
    BillLine.objects.bulk_create(made)


@transaction.atomic
def open(
    *,
    order: PurchaseOrder,
    supplier_number: str,
    dated_on: dt.date,
    by: Actor | User,
    due_on: dt.date | None = None,
    title: str = "",
    lines: Any = (),
    note: str = "",
    **fields: Any,
) -> Bill:
    """Enter a supplier's invoice for an order; without lines it bills what is received and not billed yet."""
    made = _rows(order, lines)
    bill = Bill(
        order=order,
        supplier=order.supplier,
        supplier_number=supplier_number,
        dated_on=dated_on,
        due_on=due_on or dated_on + dt.timedelta(days=PAY_WITHIN_DAYS),
        title=title or f"{order.supplier} {supplier_number}"[:200],
        **sums(made),
        **fields,
    )
    doors.open(bill, by=by, note=note, case=order.case)
    _write(bill, made)
    return bill


@transaction.atomic
def edit(
    bill: Bill, *, by: Actor | User, version: int | None = None, note: str = "", lines: Any = None, **changes: Any
) -> Bill:
    """Change a draft; `lines` replaces all its lines."""
    if changes.pop("order", bill.order) != bill.order:
        raise Refused(_("A bill keeps its order: enter another bill."))
    if lines is None:
        return doors.edit(bill, by=by, changes=changes, version=version, note=note)
    made = _rows(bill.order, lines)
    doors.edit(bill, by=by, changes=changes | sums(made), version=version, note=note)
    bill.lines.all().delete()
    _write(bill, made)
    return bill


@transaction.atomic
def post(bill: Bill, *, by: Actor | User, note: str = "", version: int | None = None) -> Bill:
    """The billed share of the commitment becomes cost, at the bill's price even where it is above the order's."""
    doors.fire(bill, "post", by=by, note=note, version=version)
    for line in bill.lines.select_related("order_line__category"):
        ordered = PurchaseLine.objects.select_for_update(of=("self",), no_key=True).get(pk=line.order_line_id)
        _use_up(line, ordered)
        _post(bill, line, "commitment", -line.net_share, f"{source_of(line)}:commitment", by)
        _post(bill, line, "cost", line.net_cost, source_of(line), by)
    return bill


def _use_up(line: BillLine, ordered: PurchaseLine) -> None:
    """The last bill of a line takes the rest of its commitment, so that no cent stays behind."""
    ordered.quantity_billed += line.quantity
    last = ordered.quantity_billed >= ordered.quantity
    line.net_share = ordered.net_open if last else min(ordered.share(line.quantity), ordered.net_open)
    ordered.net_billed += line.net_share
    ordered.save(update_fields=["quantity_billed", "net_billed"])
    line.save(update_fields=["net_share"])


def _post(bill: Bill, line: BillLine, nature: str, amount: Decimal, source: str, by: Actor | User) -> None:
    ledger.post(
        bill.order.book,
        nature=nature,
        category=line.order_line.category,
        net_amount=amount,
        day=bill.dated_on,
        source=source,
        text=f"{bill.code} {bill.supplier_number} {line.order_line.text}",
        by=by,
        document=bill,
    )


@transaction.atomic
def pay(
    bill: Bill,
    *,
    by: Actor | User,
    gross_amount: Decimal | None = None,
    paid_on: dt.date | None = None,
    account: BankAccount | None = None,
    reference: str = "",
    note: str = "",
    version: int | None = None,
) -> Bill:
    """Pay a bill, in part or all that is left; never more than it says."""
    actor = Actor.of(by)
    lock_case(bill.case_id)
    left = bill.gross_amount - bill.gross_paid
    amount = left if gross_amount is None else round_money(gross_amount)
    if amount <= 0 or amount > left:
        raise Refused(
            _("%(amount)s cannot be paid: %(left)s are left to pay.")
            % {"amount": format_money(amount), "left": format_money(left)}
        )
    Payment.objects.create(
        bill=bill,
        code=next_code("PY"),
        account=account,
        gross_amount=amount,
        paid_on=paid_on or timezone.localdate(),
        reference=reference[:80],
        paid_by=actor.user,
    )
    # The door asks the payments whether anything is left; a refusal undoes both.
    return doors.fire(bill, "pay", by=actor, note=note, version=version)


@transaction.atomic
def reverse(bill: Bill, *, by: Actor | User, note: str = "", version: int | None = None) -> Bill:
    """Take a posted, unpaid bill out again: cost falls, the commitment stands as before."""
    doors.fire(bill, "reverse", by=by, note=note, version=version)
    for line in bill.lines.all():
        ledger.reverse(source_of(line), by=by, text=f"{bill.code} {note}")
        ledger.reverse(f"{source_of(line)}:commitment", by=by, text=f"{bill.code} {note}")
        PurchaseLine.objects.filter(pk=line.order_line_id).update(
            quantity_billed=F("quantity_billed") - line.quantity, net_billed=F("net_billed") - line.net_share
        )
    return bill


def remind() -> int:
    """Tell owners of posted bills that should be paid by now, once a week."""
    today = timezone.localdate()
    told = 0
    for bill in Bill.objects.filter(state="posted", due_on__lt=today).select_related("supplier").iterator():
        assert bill.due_on is not None  # filtered above
        week = (today - bill.due_on).days // 7
        told += notify(
            [bill.owner_id] if bill.owner_id else [],
            gettext_noop("%(bill)s of %(supplier)s should be paid by now"),
            key=f"bill:{bill.pk}:{week}",
            params={"bill": str(bill), "supplier": str(bill.supplier)},
            link=bill.get_absolute_url(),
            level="warning",
        )
    return told
