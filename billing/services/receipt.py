"""Receipts: imported by finance, claimed by AR, confirmed, allocated; later reversals keep their history."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from billing.matching import proposals
from billing.models import Allocation, ClaimPart, Invoice, PayerAlias, Receipt, ReceivableLine
from billing.models.deduction import needs_agreement
from billing.models.receipt import ALLOCATABLE, CASH
from billing.services import kept
from billing.services.receivable import note_on
from contracts.models import Contract
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from core.money import ZERO, format_money
from core.text import name_key
from process import access
from process.services import act, doors


@transaction.atomic
def open(*, by: Actor | User, note: str = "", **fields: Any) -> Receipt:
    """Enter money that came in. Raises Refused when the bank reference is known: the same line twice is one."""
    fields["title"] = (fields.get("title") or fields.get("summary") or fields["payer_name"])[:200]
    return doors.open(Receipt(**fields), by=by, note=note)


@transaction.atomic
def edit(receipt: Receipt, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Receipt:
    """Correct what was typed before anybody claimed it."""
    return doors.edit(receipt, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def claim(
    receipt: Receipt,
    *,
    contract: Contract,
    by: Actor | User,
    receivable: ReceivableLine | None = None,
    parts: Iterable[tuple[ReceivableLine, Decimal]] = (),
    note: str = "",
    version: int | None = None,
) -> Receipt:
    """Say whose money it is; of two claims at once one wins, the other is refused and told who was faster.

    `parts` names several lines with an amount each, also of several contracts. A payer who is none of the
    contracts' parties, and did not pay for them before, needs a note.
    """
    _require_unclaimed(receipt, by)
    wanted = list(parts)
    contracts = {line.contract_id: line.contract for line, _amount in wanted} | {contract.pk: contract}
    if not note.strip() and not _knows_payer(receipt, contracts.values()):
        text = _("%(payer)s is not a party of the contract: please say why the money is for it.")
        raise Refused(text % {"payer": receipt.payer_name})
    if sum((amount for _line, amount in wanted), ZERO) > receipt.gross_amount:
        raise Refused(_("The parts are more than what came in."))
    changes = {
        "contract": contract,
        "receivable": receivable if not wanted else (wanted[0][0] if len(wanted) == 1 else None),
        "claimed_at": timezone.now(),
        "owner": Actor.of(by).user,
    }
    doors.fire(receipt, "claim", by=by, note=note, version=version, changes=changes)
    ClaimPart.objects.bulk_create(
        ClaimPart(receipt=receipt, receivable=line, gross_amount=amount) for line, amount in wanted
    )
    return receipt


def _require_unclaimed(receipt: Receipt, by: Actor | User) -> None:
    """Who comes second learns who was first; the receipt stays locked until the claim is written."""
    actor = Actor.of(by)
    _case, row = doors.lock(receipt)
    if row.state == "claimed" and row.owner_id is not None and access.may(row, "claim", actor):
        when = timezone.localtime(row.claimed_at)
        text = _("%(who)s claimed it at %(when)s.")
        raise Refused(text % {"who": row.owner, "when": f"{when:%Y-%m-%d %H:%M}"})


def _knows_payer(receipt: Receipt, contracts: Iterable[Contract]) -> bool:
    """Whether the payer is a party of every contract, by name or by a name learnt from money confirmed before."""
    key = name_key(receipt.payer_name)
    paid_for = set(PayerAlias.objects.filter(key=key).values_list("customer_id", flat=True))
    for contract in contracts:
        parties = (contract.payer, contract.customer, contract.invoice_title)
        if not any(name_key(party.title) == key or party.pk in paid_for for party in parties):
            return False
    return True


@transaction.atomic
def accept(receipt: Receipt, *, proposal: str, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """Claim by accepting a proposal of matching: its lines and amounts become the parts of the claim.

    Raises Refused when it no longer fits, because a line was paid or the receipt claimed meanwhile.
    """
    _require_unclaimed(receipt, by)
    user = Actor.of(by).user
    lines = ReceivableLine.objects.visible_to(user) if user is not None else None
    found = next((one for one in proposals(receipt, lines=lines) if one.key == proposal), None)
    if found is None:
        raise Refused(_("This proposal no longer fits: please look again."))
    rows = ReceivableLine.objects.select_related("contract").in_bulk([line.pk for line, _amount in found.parts])
    parts = [(rows[line.pk], amount) for line, amount in found.parts]
    largest = max(parts, key=lambda part: part[1])[0]
    return claim(receipt, contract=largest.contract, parts=parts, by=by, note=note, version=version)


@transaction.atomic
def unclaim(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """Give a wrong claim back: the money waits for its owner again."""
    changes = {"contract": None, "receivable": None, "claimed_at": None, "owner": None}
    doors.fire(receipt, "unclaim", by=by, note=note, version=version, changes=changes)
    receipt.claim_parts.all().delete()
    return receipt


@transaction.atomic
def confirm(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """Finance agrees with the claim; what it names is allocated at once, line by line.

    Raises Refused when a line of the claim was paid otherwise meanwhile. The payer's name is learnt.
    """
    parts = list(receipt.claim_parts.select_related("receivable"))
    lines = [part.receivable for part in parts] or [line for line in [receipt.receivable] if line is not None]
    kept.lock_cases({receipt.case_id, *(line.case_id for line in lines)})
    doors.fire(receipt, "confirm", by=by, note=note, version=version)
    for part in parts:
        allocate(receipt, receivable=part.receivable, gross_amount=part.gross_amount, by=by, note=note)
    line = receipt.receivable
    if not parts and line is not None and line.is_open and line.gross_open > 0:
        amount = min(receipt.gross_free, line.gross_open)
        allocate(receipt, receivable=line, gross_amount=amount, by=by, note=note)
    _learn_payer(receipt, lines)
    return receipt


def _learn_payer(receipt: Receipt, lines: Iterable[ReceivableLine]) -> None:
    """Remember under which name money for a customer came: the next time it is proposed."""
    key = name_key(receipt.payer_name)
    if not any(character.isalnum() for character in key) or receipt.contract is None:
        return
    for customer in {receipt.contract.payer, *(line.customer for line in lines)}:
        if name_key(customer.title) != key:
            known = {"name": receipt.payer_name, "learnt_from": receipt}
            PayerAlias.objects.get_or_create(key=key, customer=customer, defaults=known)


def _lock(receipt: Receipt, line: ReceivableLine | None) -> None:
    kept.lock_cases({receipt.case_id, *([line.case_id] if line else [])})


@transaction.atomic
def allocate(
    receipt: Receipt,
    *,
    receivable: ReceivableLine,
    gross_amount: Decimal,
    by: Actor | User,
    invoice: Invoice | None = None,
    difference: Term | None = None,
    allocated_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Receipt:
    """Allocate a part of a receipt to a receivable, planned or payable: an advance may come before any invoice.

    With a small `difference` (a bank fee, a rounding) the amount settles the receivable without taking from the
    receipt; any other difference is a deduction, which the owner agrees with. Raises Refused when the receipt or
    the receivable holds less.
    """
    if difference is not None and needs_agreement(difference, gross_amount):
        text = _("%(difference)s of %(amount)s is for the account manager to agree with: request a deduction.")
        raise Refused(text % {"difference": difference, "amount": format_money(gross_amount)})
    _lock(receipt, receivable)
    facts = {"receivable": receivable, "gross_amount": gross_amount}
    act(receipt, "allocate", by=by, who=CASH, states=ALLOCATABLE, note=note, version=version, changes=facts)
    line = kept.lock_line(receivable.pk)
    reasons = _against(receipt, line, gross_amount, invoice, difference)
    if reasons:
        raise Refused(reasons)
    made = _allocation(receipt, line, gross_amount, by, invoice=invoice, difference=difference, on=allocated_on)
    note_on(line, "allocate", by=by, note=note, changes={"allocation": ["", str(made)]})
    return receipt


@transaction.atomic
def settle_difference(
    receipt: Receipt,
    *,
    receivable: ReceivableLine,
    gross_amount: Decimal,
    difference: Term,
    by: Actor | User,
    note: str = "",
) -> Receipt:
    """Settle a receivable by a difference that its owner agreed with; the deduction calls this."""
    _lock(receipt, receivable)
    facts = {"receivable": receivable, "gross_amount": gross_amount, "difference": difference}
    act(receipt, "settle_difference", by=by, states=ALLOCATABLE, note=note, changes=facts)
    line = kept.lock_line(receivable.pk)
    reasons = _against(receipt, line, gross_amount, None, difference)
    if reasons:
        raise Refused(reasons)
    made = _allocation(receipt, line, gross_amount, by, difference=difference)
    note_on(line, "allocate", by=by, note=note, changes={"allocation": ["", str(made)]})
    return receipt


def _allocation(
    receipt: Receipt,
    line: ReceivableLine,
    gross_amount: Decimal,
    by: Actor | User,
    *,
    invoice: Invoice | None = None,
    difference: Term | None = None,
    on: dt.date | None = None,
) -> Allocation:
    """Write the row and move the kept totals of both sides, which are locked."""
    made = Allocation.objects.create(
        receipt=receipt,
        receivable=line,
        invoice=invoice,
        gross_amount=gross_amount,
        difference=difference,
        allocated_on=on or max(today(), receipt.value_on),
        by=Actor.of(by).user,
    )
    if difference is None:
        _keep(receipt, receipt.gross_allocated + gross_amount)
        kept.add(line, received=gross_amount)
    else:
        kept.add(line, deducted=gross_amount)
    return made


def _against(
    receipt: Receipt, line: ReceivableLine, amount: Decimal, invoice: Invoice | None, difference: Term | None
) -> list[str]:
    reasons = []
    if amount <= 0:
        reasons.append(_("The amount must be above zero."))
    if difference is None and amount > receipt.gross_free:
        text = _("Only %(left)s of the receipt is not allocated yet.")
        reasons.append(text % {"left": format_money(receipt.gross_free)})
    if amount > line.gross_open:
        reasons.append(_("Only %(left)s is open on %(line)s.") % {"left": format_money(line.gross_open), "line": line})
    if line.state in line.states.ends:
        reasons.append(_("%(line)s is %(state)s.") % {"line": line, "state": line.state_label})
    if line.currency != receipt.currency:
        reasons.append(_("Receipt and receivable are in different currencies."))
    if invoice is not None and not invoice.lines.filter(receivable=line).exists():
        reasons.append(_("The invoice does not cover this receivable."))
    return reasons


def _keep(receipt: Receipt, allocated: Decimal) -> None:
    receipt.gross_allocated = allocated
    receipt.save(update_fields=["gross_allocated", "updated_at"])
    kept.show_open(receipt)


@transaction.atomic
def unallocate(
    receipt: Receipt, *, allocation: Allocation, by: Actor | User, note: str = "", version: int | None = None
) -> Receipt:
    """Take an allocation off; it stays in the history with the day it was taken off."""
    if allocation.receipt_id != receipt.pk:
        raise Refused(_("This allocation belongs to another receipt."))
    _lock(receipt, allocation.receivable)
    facts = {"allocation": str(allocation)}
    act(receipt, "unallocate", by=by, who=CASH, states=ALLOCATABLE, note=note, version=version, changes=facts)
    _remove(receipt, allocation, by, note)
    return receipt


def _remove(receipt: Receipt, allocation: Allocation, by: Actor | User, note: str) -> None:
    row = Allocation.objects.select_for_update(of=("self",)).get(pk=allocation.pk)
    if row.removed_at is not None:
        raise Refused(_("This allocation is taken off already."))
    row.removed_at, row.removed_on, row.removed_by = timezone.now(), today(), Actor.of(by).user
    row.save(update_fields=["removed_at", "removed_on", "removed_by"])
    line = kept.lock_line(row.receivable_id)
    if row.difference_id is None:
        _keep(receipt, receipt.gross_allocated - row.gross_amount)
        kept.add(line, received=-row.gross_amount)
    else:
        kept.add(line, deducted=-row.gross_amount)
    note_on(line, "unallocate", by=by, note=note, changes={"allocation": [str(row), ""]})


def _fall(receipt: Receipt, verb: str, by: Actor | User, note: str, version: int | None) -> Receipt:
    """The money did not stay: every allocation falls, every receivable is open again."""
    standing = list(receipt.allocations.standing().select_related("receivable"))
    kept.lock_cases({receipt.case_id, *(one.receivable.case_id for one in standing)})
    doors.fire(receipt, verb, by=by, note=note, version=version)
    for one in standing:
        _remove(receipt, one, by, note)
    kept.show_open(receipt)
    return receipt


@transaction.atomic
def reverse(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """Reverse a receipt that was booked wrongly or taken back; its allocations fall."""
    return _fall(receipt, "reverse", by, note, version)


@transaction.atomic
def refuse(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """The acceptor did not pay the bill: the receivables it had settled are open again."""
    return _fall(receipt, "refuse", by, note, version)


@transaction.atomic
def honour(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """The acceptor paid the bill on its day."""
    return doors.fire(receipt, "honour", by=by, note=note, version=version)


@transaction.atomic
def discount(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """The bank bought the bill before its day; its fee is a voucher of the project's book."""
    return doors.fire(receipt, "discount", by=by, note=note, version=version)


@transaction.atomic
def endorse(receipt: Receipt, *, by: Actor | User, note: str = "", version: int | None = None) -> Receipt:
    """The bill was passed on; the note says to whom."""
    return doors.fire(receipt, "endorse", by=by, note=note, version=version)
