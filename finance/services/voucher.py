"""Vouchers: worked days and expenses on their way into the ledger."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.models import User
from approvals.services import approve as approve_record
from approvals.services import send_back, submit, withdraw
from core.money import ZERO, net_of, round_money
from finance import costing, selectors
from finance.models import CostBook, CostCategory, Voucher
from finance.services import ledger
from process.services import doors

__all__ = ["approve", "edit", "open", "post", "post_approved", "reverse", "send_back", "submit", "withdraw"]

_PRICED = ("kind", "worked_on", "days", "gross_amount", "tax_rate", "deductible")


def source_of(voucher: Voucher) -> str:
    """Where the ledger says an entry comes from."""
    return f"finance.voucher:{voucher.pk}"


def _price(values: dict[str, Any], grade: str) -> dict[str, Any]:
    """What a voucher costs us: days at the grade's rate of that day, an expense without deductible VAT."""
    if values["kind"] == Voucher.Kind.TIME:
        rate = selectors.day_rate(grade, values["worked_on"])
        days = Decimal(values.get("days") or 0)
        net = costing.labour_net(days, rate) if rate is not None else ZERO
        empty: dict[str, Any] = {"gross_amount": ZERO, "tax_amount": ZERO, "tax_rate": None, "deductible": False}
        return {**empty, "grade": grade, "net_day_amount": rate, "net_amount": net}
    gross = round_money(values.get("gross_amount") or ZERO)
    rate = values.get("tax_rate")
    deductible = bool(values.get("deductible")) and rate is not None
    tax = gross - net_of(gross, rate.percent) if rate is not None else ZERO
    net = costing.line_net(gross, rate.percent if rate else None, deductible)
    empty = {"grade": "", "net_day_amount": None, "days": None}
    return {**empty, "gross_amount": gross, "tax_amount": tax, "net_amount": net}


@transaction.atomic
def open(
    *,
    kind: str = "time",
    book: CostBook,
    category: CostCategory,
    worked_on: dt.date,
    by: Actor | User,
    title: str = "",
    claimant: User | None = None,
    note: str = "",
    **fields: Any,
) -> Voucher:
    """Enter worked days or an expense for a book; the claimant is who enters it unless another is named."""
    actor = Actor.of(by)
    claimant = claimant or actor.user
    assert claimant is not None
    values = {"kind": kind, "worked_on": worked_on, **fields}
    values |= _price(values, claimant.grade)
    voucher = Voucher(
        book=book,
        category=category,
        claimant=claimant,
        owner=claimant,
        title=title or f"{category} {worked_on:%Y-%m-%d}",
        **values,
    )
    return doors.open(voucher, by=actor, note=note, case=book.case)


@transaction.atomic
def edit(voucher: Voucher, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Voucher:
    """Change a draft; its cost is computed anew."""
    values = {name: changes.get(name, getattr(voucher, name)) for name in _PRICED}
    changes |= _price(values, voucher.claimant.grade)
    return doors.edit(voucher, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def approve(
    voucher: Voucher,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> Voucher:
    """Give opinion or decision; approved, it is posted at once."""
    approve_record(voucher, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if voucher.state == "approved":
        post(voucher, by=Actor.system("voucher posting"))
    return voucher


@transaction.atomic
def post(voucher: Voucher, *, by: Actor | User, note: str = "", version: int | None = None) -> Voucher:
    """Post the approved voucher as incurred cost: it always posts, even beyond the budget."""
    doors.fire(voucher, "post", by=by, note=note, version=version)
    ledger.post(
        voucher.book,
        nature="cost",
        category=voucher.category,
        net_amount=voucher.net_amount,
        day=voucher.worked_on,
        source=source_of(voucher),
        text=f"{voucher.code} {voucher.title} {voucher.claimant}",
        by=by,
        document=voucher,
    )
    return voucher


def post_approved() -> int:
    """The sweep: whatever is approved and not posted yet; returns how many were posted."""
    done = 0
    for pk in Voucher.objects.filter(state="approved", book__is_frozen=False).values_list("pk", flat=True):
        with transaction.atomic():
            waiting = Voucher.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            voucher = waiting.filter(pk=pk, state="approved").first()
            if voucher is not None:
                post(voucher, by=Actor.system("voucher posting"))
                done += 1
    return done


@transaction.atomic
def reverse(voucher: Voucher, *, by: Actor | User, note: str = "", version: int | None = None) -> Voucher:
    """Take a posted voucher out of the ledger by a reversing entry, with a reason."""
    doors.fire(voucher, "reverse", by=by, note=note, version=version)
    ledger.reverse(source_of(voucher), by=by, text=f"{voucher.code} {note}")
    return voucher
