"""What delivery's facts do to money: payment terms, receivables, revenue, budget. All of it is called downward."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from accounts.actor import Actor
from accounts.models import User
from billing.services import receivable
from contracts.models import Contract, PaymentTerm
from contracts.services import amend
from contracts.services import release as release_term
from contracts.services import unrelease as unrelease_term
from core.money import ZERO
from delivery.models import Acceptance, ChangeOrder
from finance.models import CostBook, LedgerEntry
from finance.services import ledger
from finance.services.amendment import amend_budget
from finance.services.book import release_advance


def release(term: PaymentTerm, *, share: Decimal, source: str, on: dt.date, by: Actor | User) -> Any:
    """Release a share of a payment term and make exactly that amount receivable."""
    released = release_term(term, share=share, source=source, on=on, by=by)
    receivable.make_eligible(term, gross_amount=released.gross_amount, on=on, source=source, by=by)
    return released


def unrelease(source: str, *, by: Actor | User) -> None:
    """Take a release back; billing refuses where something is invoiced on it."""
    receivable.unrelease(source=source, by=by)
    unrelease_term(source=source, by=by)


def recognise(acceptance: Acceptance, *, contract: Contract, book: CostBook, on: dt.date, by: Actor | User) -> None:
    """Revenue is recognised at final acceptance: what is left of the contract's net value, once all is accepted.

    A contract delivered in several orders is recognised when the last of them is finally accepted.
    """
    waiting = [order for order in contract.delivery_orders.all() if order.final_acceptance() is None]
    amount = contract.net_amount - recognised(contract)
    if waiting or not amount:
        return
    ledger.post(
        book,
        nature="recognised",
        net_amount=amount,
        day=on,
        source=source_of(acceptance),
        text=str(acceptance),
        by=by,
        document=acceptance,
    )
    Acceptance.objects.filter(pk=acceptance.pk).update(net_recognised=amount)
    acceptance.net_recognised = amount


def source_of(record: Acceptance | ChangeOrder) -> str:
    """The name of the posting, unique in the ledger."""
    return f"{record.record_kind()}:{record.pk}"


def recognised(contract: Contract) -> Decimal:
    """Revenue already recognised on a contract by acceptances and changes."""
    accepted = Acceptance.objects.filter(order__contract=contract, state="signed").aggregate(net=Sum("net_recognised"))
    changed = contract.change_orders.filter(state="effective").aggregate(net=Sum("net_recognised"))
    return (accepted["net"] or ZERO) + (changed["net"] or ZERO)


def unrecognise(acceptance: Acceptance, *, by: Actor | User) -> None:
    """Take the revenue of a reversed acceptance back."""
    if LedgerEntry.objects.filter(source=source_of(acceptance)).exists():
        ledger.reverse(source_of(acceptance), by=by, document=acceptance)
        Acceptance.objects.filter(pk=acceptance.pk).update(net_recognised=ZERO)


def recognise_change(change: ChangeOrder, *, by: Actor | User) -> None:
    """A change after final acceptance, such as a price settlement, moves revenue at once; before it nothing is due."""
    contract = change.contract
    before = recognised(contract)
    amount = contract.net_amount - before
    if not before or not amount or change.order is None:
        return
    ledger.post(
        change.order.book,
        nature="recognised",
        net_amount=amount,
        source=source_of(change),
        text=str(change),
        by=by,
        document=change,
    )
    ChangeOrder.objects.filter(pk=change.pk).update(net_recognised=amount)
    change.net_recognised = amount


def change_value(change: ChangeOrder, *, by: Actor | User) -> None:
    """The contract takes the lines in, its open terms follow, and so do the receivables."""
    rows = [
        {"name": one.name, "tax_rate": one.tax_rate, "gross_amount": one.gross_amount, "net_amount": one.net_amount}
        for one in change.lines.select_related("tax_rate")
    ]
    if not rows:
        return
    amend(change.contract, lines=rows, source=source_of(change), by=by, note=change.code)
    receivable.adjust(change.contract, by=by)


def change_budget(change: ChangeOrder, *, by: Actor | User) -> None:
    """The budget's next version, decided by the same ATAC."""
    project = change.contract.project
    lines = [
        {"category": one.category, "text": one.text or change.code, "net_amount": one.net_amount}
        for one in change.costs.select_related("category")
    ]
    if (lines or change.net_amount) and project.book is not None:
        amend_budget(
            project.book, lines=lines, net_revenue=change.net_amount, label=change.code, by=by, note=change.title
        )


def allow_before_budget(book: CostBook | None, net_amount: Decimal, *, by: Actor | User) -> None:
    """Let so much more (or, negative, so much less) be committed before a budget is approved."""
    if book is None:
        return
    book.refresh_from_db()
    release_advance(book, max(book.net_advance_limit + net_amount, ZERO), by=by)
