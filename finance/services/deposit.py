"""Deposits and guarantees: requested, approved, out, and back again."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.dictionary import Term
from core.errors import Refused
from core.money import ZERO
from customers.models import Customer
from finance import selectors
from finance.models import CostBook, CostCategory, Deposit
from finance.services import ledger
from process.models import Case
from process.services import doors

FEE_CATEGORY = "finance.guarantee"
WARN_DAYS = (30, 15, 7)


@transaction.atomic
def open(
    *,
    kind: Term,
    gross_amount: Decimal,
    customer: Customer,
    by: Actor | User,
    form: str = "cash",
    book: CostBook | None = None,
    case: Case | None = None,
    title: str = "",
    note: str = "",
    **fields: Any,
) -> Deposit:
    """Ask for a deposit or guarantee; it hangs on the book's case, or on `case`, or on one of its own."""
    deposit = Deposit(
        kind=kind,
        form=form,
        gross_amount=gross_amount,
        customer=customer,
        book=book,
        title=title or f"{kind} {customer}"[:200],
        **fields,
    )
    return doors.open(deposit, by=by, note=note, case=case or (book.case if book else None))


@transaction.atomic
def edit(deposit: Deposit, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Deposit:
    """Change what was asked for, while it is not approved."""
    return doors.edit(deposit, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def approve(
    deposit: Deposit, *, by: Actor | User, note: str = "", version: int | None = None, **_opinion: Any
) -> Deposit:
    """Let the money or the bank line be used."""
    return doors.fire(deposit, "approve", by=by, note=note, version=version)


@transaction.atomic
def pay(
    deposit: Deposit,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    paid_on: dt.date | None = None,
    bank_reference: str = "",
    net_fee_amount: Decimal | None = None,
) -> Deposit:
    """The money is out or the guarantee issued; the bank's fee is cost of the deal."""
    changes: dict[str, Any] = {"paid_on": paid_on or timezone.localdate()}
    if bank_reference:
        changes["bank_reference"] = bank_reference
    if net_fee_amount is not None:
        changes["net_fee_amount"] = net_fee_amount
    doors.fire(deposit, "pay", by=by, note=note, version=version, changes=changes)
    if deposit.book is not None and deposit.net_fee_amount > ZERO:
        ledger.post(
            deposit.book,
            nature="cost",
            category=selectors.category(FEE_CATEGORY),
            net_amount=deposit.net_fee_amount,
            day=deposit.paid_on,
            source=f"finance.deposit:{deposit.pk}:fee",
            text=f"{deposit.code} {deposit.title}",
            by=by,
            document=deposit,
        )
    return deposit


@transaction.atomic
def return_(
    deposit: Deposit,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    ended_on: dt.date | None = None,
) -> Deposit:
    """The money is back, or the guarantee cancelled."""
    changes = {"ended_on": ended_on or timezone.localdate()}
    return doors.fire(deposit, "return", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def convert(
    deposit: Deposit,
    *,
    kind: Term,
    by: Actor | User,
    due_back_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Deposit:
    """投标保证金转履约保证金: the old one ends, a new one is out with the same money."""
    today = timezone.localdate()
    doors.fire(deposit, "convert", by=by, note=note, version=version, changes={"ended_on": today})
    system = Actor.system(f"converted by {Actor.of(by)}")
    successor = open(
        kind=kind,
        form=deposit.form,
        gross_amount=deposit.gross_amount,
        customer=deposit.customer,
        book=deposit.book,
        case=deposit.case,
        owner=deposit.owner,
        due_back_on=due_back_on,
        bank_reference=deposit.bank_reference,
        converted_from=deposit,
        by=system,
        note=note,
    )
    approve(successor, by=system)
    pay(successor, by=system, paid_on=today)
    return deposit


@transaction.atomic
def forfeit(
    deposit: Deposit,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    category: CostCategory | None = None,
) -> Deposit:
    """It is lost: cost of the deal where it has a book."""
    if deposit.book is not None and category is None:
        raise Refused(_("Please name the cost category that bears the loss."))
    changes = {"ended_on": timezone.localdate()}
    doors.fire(deposit, "forfeit", by=by, note=note, version=version, changes=changes)
    if deposit.book is not None:
        ledger.post(
            deposit.book,
            nature="cost",
            category=category,
            net_amount=deposit.gross_amount,
            source=f"finance.deposit:{deposit.pk}:forfeit",
            text=f"{deposit.code} {note}",
            by=by,
            document=deposit,
        )
    return deposit


def remind() -> int:
    """Tell owners of deposits that are due back and of guarantees that run out, once per day that matters."""
    today = timezone.localdate()
    told = 0
    for deposit in Deposit.objects.filter(state="out").select_related("owner", "customer").iterator():
        for key, message in _due_messages(deposit, today):
            told += notify(
                [deposit.owner_id] if deposit.owner_id else [],
                message,
                key=f"deposit:{deposit.pk}:{key}",
                params={"deposit": str(deposit), "customer": str(deposit.customer)},
                link=deposit.get_absolute_url(),
                level="warning",
            )
    return told


def _due_messages(deposit: Deposit, today: dt.date) -> list[tuple[str, str]]:
    """(key, message) of what is due today: overdue from the day on, once a week; expiry at 30, 15 and 7 days."""
    found = []
    if deposit.due_back_on is not None and deposit.due_back_on < today:
        week = (today - deposit.due_back_on).days // 7
        found.append((f"due:{week}", gettext_noop("%(deposit)s should be back from %(customer)s: please chase it")))
    if deposit.valid_until is not None:
        left = (deposit.valid_until - today).days
        step = min((days for days in WARN_DAYS if 0 <= left <= days), default=None)
        if step is not None:
            found.append((f"valid:{step}", gettext_noop("%(deposit)s runs out soon: extend it or get it back")))
    return found
