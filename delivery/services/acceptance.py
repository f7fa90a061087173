"""What is done with an acceptance: sign releases exactly its shares, reverse takes them back."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.dictionary import Term
from core.errors import Refused
from delivery.models import Acceptance, AcceptanceRelease, DeliveryOrder
from delivery.models.acceptance import released_percent
from delivery.models.order import FINAL
from delivery.services import releases as money
from process.services import attach, doors

Rows = Sequence[dict[str, Any]]


@transaction.atomic
def open(
    *,
    by: Actor | User,
    order: DeliveryOrder,
    kind: Term,
    releases: Rows = (),
    title: str = "",
    note: str = "",
    is_final: bool | None = None,
    **fields: Any,
) -> Acceptance:
    """Prepare an acceptance. Without `releases` ({term, share_percent}) it releases what is left of the payment
    terms whose event is this kind of acceptance. A final acceptance completes the delivery unless said otherwise.
    """
    final = kind.code == FINAL if is_final is None else is_final or kind.code == FINAL
    acceptance = Acceptance(order=order, kind=kind, title=title or f"{order.title} {kind}", is_final=final, **fields)
    doors.open(acceptance, by=by, note=note, case=order.case)
    _set_releases(acceptance, releases or _expected(order, kind))
    return acceptance


def _expected(order: DeliveryOrder, kind: Term) -> Rows:
    """The terms that wait for this kind of acceptance, with what is left of them."""
    if order.contract_id is None:
        return []
    waiting = order.contract.terms.filter(event__code=kind.code, is_retention=False)
    rows = [{"term": term, "share_percent": Decimal(100) - released_percent(term)} for term in waiting]
    return [row for row in rows if row["share_percent"] > 0]


def _set_releases(acceptance: Acceptance, rows: Rows) -> None:
    """Replace the shares of a draft."""
    wrong = [row["term"] for row in rows if row["term"].contract_id != acceptance.order.contract_id]
    if wrong:
        raise Refused([_("%(term)s is not a term of this delivery's contract.") % {"term": term} for term in wrong])
    if len({row["term"].pk for row in rows}) < len(rows):
        raise Refused(_("A payment term is named twice."))
    acceptance.releases.all().delete()
    AcceptanceRelease.objects.bulk_create(
        AcceptanceRelease(acceptance=acceptance, term=row["term"], share_percent=row["share_percent"]) for row in rows
    )


@transaction.atomic
def edit(
    acceptance: Acceptance,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    releases: Rows | None = None,
    **changes: Any,
) -> Acceptance:
    """Change a draft: its words and, where given, all of its shares."""
    changes.pop("order", None)
    doors.edit(acceptance, by=by, version=version, note=note, changes=changes)
    if releases is not None:
        _set_releases(acceptance, releases)
    return acceptance


@transaction.atomic
def submit(acceptance: Acceptance, *, by: Actor | User, note: str = "", version: int | None = None) -> Acceptance:
    """Ask the customer to sign. Raises Refused when a share no longer fits its term."""
    return doors.fire(acceptance, "submit", by=by, note=note, version=version)


@transaction.atomic
def sign(  # noqa: PLR0913 - what stands on the certificate
    acceptance: Acceptance,
    *,
    by: Actor | User,
    signed_on: dt.date,
    signer: str,
    result: Term,
    seal: Term | None = None,
    remarks: str = "",
    remarks_due_on: dt.date | None = None,
    certificate: Any = None,
    note: str = "",
    version: int | None = None,
) -> Acceptance:
    """The customer signed: exactly its shares of the payment terms are released and become receivable.

    The final acceptance recognises the contract's revenue. Raises Refused naming all that is missing.
    """
    if certificate is not None:
        attach(acceptance, file=certificate, by=by, purpose="certificate")
    changes = {
        "signed_on": signed_on,
        "signer": signer,
        "result": result,
        "seal": seal,
        "remarks": remarks,
        "remarks_due_on": remarks_due_on,
    }
    doors.fire(acceptance, "sign", by=by, note=note, version=version, changes=changes)
    for row in acceptance.releases.select_related("term"):
        released = money.release(
            row.term, share=row.share_percent, source=source_of(acceptance, row), on=signed_on, by=by
        )
        row.gross_amount = released.gross_amount
        row.save(update_fields=["gross_amount"])
    contract = acceptance.order.contract
    if acceptance.is_final and contract is not None:
        money.recognise(acceptance, contract=contract, book=acceptance.order.book, on=signed_on, by=by)
    return acceptance


def source_of(acceptance: Acceptance, row: AcceptanceRelease) -> str:
    """The name of the fact in contracts and billing, so that it is never counted twice."""
    return f"delivery.acceptance:{acceptance.pk}:{row.term_id}"


@transaction.atomic
def reject(acceptance: Acceptance, *, by: Actor | User, note: str = "", version: int | None = None) -> Acceptance:
    """The customer refused to sign; a new acceptance is prepared after the rework."""
    return doors.fire(acceptance, "reject", by=by, note=note, version=version)


@transaction.atomic
def reverse(acceptance: Acceptance, *, by: Actor | User, note: str = "", version: int | None = None) -> Acceptance:
    """The acceptance does not stand: its releases and its revenue are taken back.

    Raises Refused where something is invoiced already: then a credit note comes first.
    """
    doors.fire(acceptance, "reverse", by=by, note=note, version=version)
    for row in acceptance.releases.all():
        money.unrelease(source_of(acceptance, row), by=by)
    money.unrecognise(acceptance, by=by)
    return acceptance
