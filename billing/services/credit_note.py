"""Credit notes: take issued invoices back in part or in full, by new documents."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals.services import approve, send_back, submit, withdraw
from billing.models import CreditNote, CreditNoteLine, Invoice
from billing.models.credit_note import CONFIRM_HOURS
from billing.services import kept
from core.calendar import today
from core.errors import Refused
from core.money import Split, round_money
from core.numbering import next_number
from process.services import act, attach, doors

__all__ = ["approve", "send_back", "submit", "withdraw"]


def _plan(invoice: Invoice, lines: Iterable[dict[str, Any]] | None) -> list[CreditNoteLine]:
    """(invoice line, gross) as credit lines; without lines, all that still stands."""
    given = list(lines or [])
    if not given:
        given = [{"invoice_line": line} for line in invoice.lines.all()]
    planned = []
    for row in given:
        line = row["invoice_line"]
        if line.invoice_id != invoice.pk:
            raise Refused(_("%(line)s belongs to another invoice.") % {"line": line})
        part = CreditNoteLine(invoice_line=line)
        left = part.left()
        gross = row.get("gross_amount") or left
        if gross > left or gross <= 0:
            if row.get("gross_amount"):
                raise Refused(_("%(line)s: more than still stands.") % {"line": line})
            continue
        part.gross_amount = gross
        part.net_amount = _net(line, gross, left)
        part.tax_amount = gross - part.net_amount
        planned.append(part)
    return planned


def _net(line: Any, gross: Any, left: Any) -> Any:
    """In proportion; the last part takes the rest, so that a full credit mirrors the invoice to the cent."""
    if gross != left:
        return round_money(line.net_amount * gross / line.gross_amount)
    before = CreditNoteLine.objects.filter(invoice_line=line, credit_note__state="issued")
    return line.net_amount - sum((one.net_amount for one in before), 0)


def _figures(planned: list[CreditNoteLine]) -> dict[str, Any]:
    total = sum((kept.split_of(line) for line in planned), Split())
    text = repr([(line.invoice_line_id, str(line.gross_amount), str(line.net_amount)) for line in planned])
    return {
        "gross_amount": total.gross,
        "net_amount": total.net,
        "tax_amount": total.tax,
        "content_digest": hashlib.sha256(text.encode()).hexdigest(),
    }


def _write(note: CreditNote, planned: list[CreditNoteLine]) -> None:
    note.lines.all().delete()
    for line in planned:
        line.credit_note = note
    CreditNoteLine.objects.bulk_create(planned)


@transaction.atomic
def open(
    *,
    invoice: Invoice,
    by: Actor | User,
    note: str = "",
    lines: Iterable[dict[str, Any]] | None = None,
    **fields: Any,
) -> CreditNote:
    """Request a credit note; without lines it takes back all that still stands of the invoice."""
    if invoice.state not in ("issued", "delivered"):
        text = _("%(invoice)s is %(state)s: there is nothing to credit.")
        raise Refused(text % {"invoice": invoice, "state": invoice.state_label})
    planned = _plan(invoice, lines)
    fields["title"] = fields.get("title") or invoice.title
    credit = CreditNote(invoice=invoice, **fields, **_figures(planned))
    doors.open(credit, by=by, note=note, case=invoice.case)
    _write(credit, planned)
    return credit


@transaction.atomic
def edit(
    credit: CreditNote,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Iterable[dict[str, Any]] | None = None,
    **changes: Any,
) -> CreditNote:
    """Change a request before it is submitted."""
    planned = None
    changes.pop("invoice", None)
    if lines is not None:
        planned = _plan(credit.invoice, lines)
        changes |= _figures(planned)
    doors.edit(credit, by=by, changes=changes, version=version, note=note)
    if planned is not None:
        _write(credit, planned)
    return credit


@transaction.atomic
def confirm_form(
    credit: CreditNote,
    *,
    confirmation_number: str,
    by: Actor | User,
    confirmed_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> CreditNote:
    """Enter the confirmation form 红字信息确认单 that the other side confirmed on the platform."""
    who = ("finance", "pfc", "tax")
    day = confirmed_on or today()
    changes = {"confirmation_number": confirmation_number, "confirmed_on": day}
    act(credit, "confirm_form", by=by, who=who, states=("confirming",), note=note, version=version, changes=changes)
    credit.confirmation_number, credit.confirmed_on = confirmation_number, day
    credit.save(update_fields=["confirmation_number", "confirmed_on", "updated_at"])
    return credit


@transaction.atomic
def issue(
    credit: CreditNote,
    *,
    platform_number: str,
    by: Actor | User,
    issued_on: dt.date | None = None,
    file: Any = None,
    note: str = "",
    version: int | None = None,
) -> CreditNote:
    """Enter the red letter the platform issued: invoiced amounts fall, the invoice stays as it was.

    An invoice credited in full is marked so. The gap-free internal number is drawn last.
    """
    kept.lock_cases([credit.case_id])
    invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=credit.invoice_id)
    lines = list(credit.lines.select_related("invoice_line"))
    receivables = {pk: kept.lock_line(pk) for pk in sorted({line.invoice_line.receivable_id for line in lines})}
    if file is not None:
        attach(credit, file=file, by=by, purpose="fapiao")
    day = issued_on or today()
    number = f"{invoice.entity.code}-CN-{day.year}-"
    drawn = f"{number}{next_number(number):06d}"
    changes = {"platform_number": platform_number, "issued_on": day, "internal_number": drawn}
    doors.fire(credit, "issue", by=by, note=note, version=version, changes=changes)
    for line in lines:
        kept.add(receivables[line.invoice_line.receivable_id], invoiced=-line.gross_amount)
    _credit(invoice, credit)
    return credit


def _credit(invoice: Invoice, credit: CreditNote) -> None:
    """The invoice's own mark: credited in full is a state, in part is an amount."""
    credited = invoice.gross_credited + credit.gross_amount
    system = Actor.system("credit_note.issue")
    changes = {"gross_credited": credited}
    if credited == invoice.gross_amount:
        doors.fire(invoice, "credit", by=system, note=credit.code, changes=changes)
        return
    act(invoice, "credit", by=system, states=("issued", "delivered"), note=credit.code, changes=changes)
    invoice.gross_credited = credited
    invoice.save(update_fields=["gross_credited", "updated_at"])


@transaction.atomic
def lapse(credit: CreditNote, *, by: Actor | User, note: str = "") -> CreditNote:
    """The confirmation form was not confirmed in time: back to draft, to be started again."""
    changes = {"confirmation_number": "", "confirmed_on": None}
    return doors.fire(credit, "lapse", by=by, note=note, changes=changes)


@transaction.atomic
def lapse_unconfirmed() -> int:
    """Every form that waited 72 hours without being confirmed lapses; its owner is told."""
    limit = timezone.now() - dt.timedelta(hours=CONFIRM_HOURS)
    waiting = CreditNote.objects.filter(state="confirming", confirmed_on__isnull=True, state_since__lt=limit)
    waiting = waiting.exclude(mode__code="direct")
    system = Actor.system("billing.lapse_credit_notes")
    done = 0
    for credit in waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:200]:
        lapse(credit, by=system, note=_("Not confirmed within 72 hours."))
        done += 1
        if credit.owner_id:
            notify(
                [credit.owner_id],
                gettext_noop("%(record)s: the confirmation form lapsed, please start it again"),
                key=f"credit-note-lapsed:{credit.pk}:{credit.row_version}",
                params={"record": str(credit)},
                link=credit.get_absolute_url(),
                level="warning",
            )
    return done
