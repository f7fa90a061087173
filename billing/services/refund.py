"""Refunds: asked for out of what a receipt has left, decided upon, paid out with the bank's reference."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals.services import approve, reject, send_back, submit, withdraw
from billing.models import Receipt, Refund
from billing.services import kept
from core.calendar import today
from process.services import act, doors

__all__ = ["approve", "reject", "send_back", "submit", "withdraw"]


@transaction.atomic
def open(
    *,
    receipt: Receipt,
    by: Actor | User,
    reason: str,
    gross_amount: Decimal | None = None,
    payee_name: str = "",
    payee_account: str = "",
    note: str = "",
    **fields: Any,
) -> Refund:
    """Ask for money to go back; without amount all that is left, without payee to who paid it."""
    refund = Refund(
        receipt=receipt,
        title=(fields.pop("title", "") or _("Refund to %(payee)s") % {"payee": payee_name or receipt.payer_name})[:200],
        gross_amount=receipt.gross_free if gross_amount is None else gross_amount,
        currency=receipt.currency,
        reason=reason,
        payee_name=payee_name or receipt.payer_name,
        payee_account=payee_account or receipt.payer_account,
        **fields,
    )
    case = receipt.contract.case if receipt.contract is not None else receipt.case
    return doors.open(refund, by=by, note=note, case=case)


@transaction.atomic
def edit(refund: Refund, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Refund:
    """Change what was asked for, before it is submitted."""
    changes.pop("receipt", None)
    return doors.edit(refund, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def pay(
    refund: Refund,
    *,
    bank_reference: str,
    by: Actor | User,
    paid_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Refund:
    """The bank has paid it out: the receipt holds that much less. Raises Refused when it no longer holds it."""
    kept.lock_cases({refund.case_id, refund.receipt.case_id})
    receipt = Receipt.objects.select_for_update(of=("self",), no_key=True).get(pk=refund.receipt_id)
    changes = {"bank_reference": bank_reference, "paid_on": paid_on or today()}
    doors.fire(refund, "pay", by=by, note=note, version=version, changes=changes)
    system = Actor.system("refund.pay")
    facts = {"refund": refund.code, "gross_amount": refund.gross_amount}
    act(receipt, "refund", by=system, states=(receipt.state,), note=refund.code, changes=facts)
    receipt.gross_refunded += refund.gross_amount
    receipt.save(update_fields=["gross_refunded", "updated_at"])
    kept.show_open(receipt)
    return refund


@transaction.atomic
def drop(refund: Refund, *, by: Actor | User, note: str = "", version: int | None = None) -> Refund:
    """It is not paid back after all; what it held is free again."""
    return doors.fire(refund, "drop", by=by, note=note, version=version)
