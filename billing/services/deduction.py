"""Deductions: proposed with a reason, agreed by the account manager, then settled beside the money."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals import services as approvals
from approvals.services import reject, send_back, submit, withdraw
from billing.models import Deduction, Receipt, ReceivableLine
from billing.services import kept
from billing.services.receipt import settle_difference
from core.dictionary import Term
from process.services import doors

__all__ = ["reject", "send_back", "submit", "withdraw"]


@transaction.atomic
def open(
    *,
    receivable: ReceivableLine,
    receipt: Receipt,
    difference: Term,
    reason: str,
    by: Actor | User,
    gross_amount: Decimal | None = None,
    note: str = "",
    **fields: Any,
) -> Deduction:
    """Propose a difference on a receivable, next to the receipt that came short; without amount all that is open."""
    title = _("%(difference)s on %(line)s") % {"difference": difference, "line": receivable.code}
    deduction = Deduction(
        receivable=receivable,
        receipt=receipt,
        difference=difference,
        gross_amount=receivable.gross_open if gross_amount is None else gross_amount,
        reason=reason,
        title=(fields.pop("title", "") or title)[:200],
        **fields,
    )
    return doors.open(deduction, by=by, note=note, case=receivable.case)


@transaction.atomic
def edit(
    deduction: Deduction, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Deduction:
    """Change what is proposed, before it is submitted; it stays with its receivable and receipt."""
    changes = {name: value for name, value in changes.items() if name not in ("receivable", "receipt")}
    return doors.edit(deduction, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def approve(
    deduction: Deduction, *, by: Actor | User, note: str = "", version: int | None = None, **opinion: Any
) -> Deduction:
    """The owner agrees: the receivable is settled by that much, nothing is taken from the receipt.

    Raises Refused when less is open by now.
    """
    kept.lock_cases({deduction.case_id, deduction.receipt.case_id})
    approvals.approve(deduction, by=by, note=note, version=version, **opinion)
    if deduction.state == "approved":
        settle_difference(
            deduction.receipt,
            receivable=deduction.receivable,
            gross_amount=deduction.gross_amount,
            difference=deduction.difference,
            by=Actor.system("deduction.approve"),
            note=deduction.code,
        )
    return deduction
