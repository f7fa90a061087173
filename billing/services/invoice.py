"""Invoices: requested over receivables, approved, issued once and for all, delivered."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals.services import approve, send_back, submit, withdraw
from billing.models import Invoice, InvoiceLine, ReceivableLine
from billing.services import kept
from contracts.models import Contract
from contracts.splitting import take
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from core.money import Split
from core.numbering import next_number
from process.services import act, attach, doors

__all__ = ["approve", "send_back", "submit", "withdraw"]


def _plan(lines: Iterable[dict[str, Any]], contract: Contract) -> list[InvoiceLine]:
    """(receivable, gross) as lines per tax rate; an empty amount means all that is not invoiced yet."""
    planned = []
    for line in lines:
        receivable: ReceivableLine = line["receivable"]
        if receivable.contract_id != contract.pk:
            raise Refused(_("%(line)s belongs to another contract.") % {"line": receivable})
        left = kept.uninvoiced_by_rate(receivable)
        gross: Decimal = line.get("gross_amount") or sum((part.gross for part in left.values()), Decimal(0))
        try:
            parts = take(left, gross)
        except ValueError:
            raise Refused(_("%(line)s: more than is left to invoice.") % {"line": receivable}) from None
        if not parts:
            raise Refused(_("%(line)s is invoiced in full.") % {"line": receivable})
        planned += [
            InvoiceLine(
                receivable=receivable,
                tax_rate_id=rate,
                gross_amount=part.gross,
                net_amount=part.net,
                tax_amount=part.tax,
            )
            for rate, part in sorted(parts.items())
        ]
    return planned


def _figures(planned: list[InvoiceLine]) -> dict[str, Any]:
    total = sum((kept.split_of(line) for line in planned), Split())
    text = repr(
        [(line.receivable_id, line.tax_rate_id, str(line.gross_amount), str(line.net_amount)) for line in planned]
    )
    return {
        "gross_amount": total.gross,
        "net_amount": total.net,
        "tax_amount": total.tax,
        "content_digest": hashlib.sha256(text.encode()).hexdigest(),
    }


def _once_each(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    given = list(lines)
    if len({line["receivable"].pk for line in given}) != len(given):
        raise Refused(_("A receivable stands on the request twice."))
    return given


@transaction.atomic
def open(
    *, contract: Contract, by: Actor | User, note: str = "", lines: Iterable[dict[str, Any]] = (), **fields: Any
) -> Invoice:
    """Request an invoice over one or several receivables ({receivable, gross_amount or nothing for all}).

    Entity and invoicing title default from the contract. Raises Refused when more is asked than is left.
    """
    planned = _plan(_once_each(lines), contract)
    fields["entity"] = fields.get("entity") or contract.entity
    fields["title_customer"] = fields.get("title_customer") or contract.invoice_title
    fields["title"] = fields.get("title") or contract.title
    invoice = Invoice(contract=contract, currency=contract.currency, **fields, **_figures(planned))
    doors.open(invoice, by=by, note=note, case=contract.case)
    _write(invoice, planned)
    return invoice


def _write(invoice: Invoice, planned: list[InvoiceLine]) -> None:
    invoice.lines.all().delete()
    for line in planned:
        line.invoice = invoice
    InvoiceLine.objects.bulk_create(planned)


@transaction.atomic
def edit(
    invoice: Invoice,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Iterable[dict[str, Any]] | None = None,
    **changes: Any,
) -> Invoice:
    """Change a request before it is submitted."""
    planned = None
    changes.pop("contract", None)
    if lines is not None:
        planned = _plan(_once_each(lines), invoice.contract)
        changes |= _figures(planned)
    doors.edit(invoice, by=by, changes=changes, version=version, note=note)
    if planned is not None:
        _write(invoice, planned)
    return invoice


@transaction.atomic
def issue(
    invoice: Invoice,
    *,
    platform_number: str,
    by: Actor | User,
    issued_on: dt.date | None = None,
    file: Any = None,
    note: str = "",
    version: int | None = None,
) -> Invoice:
    """Enter what the tax platform issued: number, day and file. From now on the document never changes.

    Raises Refused when more than the receivables allow would stand invoiced. The gap-free internal number
    is drawn last.
    """
    kept.lock_cases([invoice.case_id])
    lines = list(invoice.lines.all())
    receivables = {pk: kept.lock_line(pk) for pk in sorted({line.receivable_id for line in lines})}
    if file is not None:
        attach(invoice, file=file, by=by, purpose="fapiao")
    day = issued_on or today()
    number = f"{invoice.entity.code}-IV-{day.year}-"
    # The door checks against what is left, so the totals move after it; a refusal gives the number back.
    drawn = f"{number}{next_number(number):06d}"
    changes = {"platform_number": platform_number, "issued_on": day, "internal_number": drawn}
    doors.fire(invoice, "issue", by=by, note=note, version=version, changes=changes)
    for line in lines:
        kept.add(receivables[line.receivable_id], invoiced=line.gross_amount)
    return invoice


@transaction.atomic
def deliver(
    invoice: Invoice,
    *,
    by: Actor | User,
    delivered_on: dt.date | None = None,
    delivered_to: str = "",
    note: str = "",
    version: int | None = None,
) -> Invoice:
    """The buyer has the invoice: when, and to which mail or person."""
    changes = {"delivered_on": delivered_on or today(), "delivered_to": delivered_to}
    return doors.fire(invoice, "deliver", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def request_credit(
    invoice: Invoice, *, reason: Term, mode: Term, by: Actor | User, note: str = "", version: int | None = None
) -> Invoice:
    """Draft a credit note over all that still stands of this invoice; its lines can be lowered before submitting."""
    from billing.services import credit_note

    made = credit_note.open(invoice=invoice, reason=reason, mode=mode, by=by, note=note)
    changes = {"credit_note": made.code}
    who = ("ar", "owner", "finance", "pfc", "tax")
    return act(invoice, "request_credit", by=by, who=who, states=("issued", "delivered"), note=note, changes=changes)
