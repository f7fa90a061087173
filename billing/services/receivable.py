"""Receivables: opened from payment terms, made payable by the facts of delivery, followed until settled."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from billing.models import DueMove, ReceivableLine
from billing.services import kept
from billing.services.dunning import escalate, propose_letter
from billing.services.promise import FOLLOW, promise
from contracts.models import Contract, PaymentTerm
from contracts.services import give_up
from contracts.splitting import spread
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from core.money import Split, allocate, format_money
from process.services import act, doors
from process.services.log import lock_case, write_log

__all__ = ["escalate", "promise", "propose_letter"]

SYSTEM = Actor.system("billing")


def _name(by: Actor | User) -> str:
    """The person behind an act that billing does by itself; nothing for another job."""
    actor = Actor.of(by)
    return "" if actor.is_system else str(actor)


@transaction.atomic
def open_lines(contract: Contract, *, by: Actor | User) -> list[ReceivableLine]:
    """One planned receivable per payment term of a contract that took effect; harmless when repeated."""
    known = set(contract.receivables.values_list("term_id", flat=True))
    made = []
    for term in contract.terms.select_related("event").order_by("position"):
        if term.pk in known or term.gross_amount == 0:
            continue
        parts = {row.tax_rate_id: kept.split_of(row) for row in term.taxes.all()}
        made.append(_open_line(term, contract, parts, title=f"{contract.title} · {term.event}", by=by))
    return made


def _open_line(
    term: PaymentTerm,
    contract: Contract,
    parts: dict[int, Split],
    *,
    title: str,
    by: Actor | User,
    part_of: ReceivableLine | None = None,
) -> ReceivableLine:
    total = sum(parts.values(), Split())
    line = ReceivableLine(
        title=title[:200],
        owner=contract.owner,
        department_id=contract.department_id,
        contract=contract,
        term=term,
        customer=contract.payer,
        currency=contract.currency,
        gross_amount=total.gross,
        net_amount=total.net,
        tax_amount=total.tax,
        is_retention=term.is_retention,
        part_of=part_of,
    )
    doors.open(line, by=SYSTEM, note=_name(by), case=contract.case)
    kept.write_taxes(line, parts)
    return line


@transaction.atomic
def make_eligible(
    term: PaymentTerm, *, gross_amount: Decimal, on: dt.date, source: str, by: Actor | User
) -> list[ReceivableLine]:
    """Make `gross_amount` of a term payable because of `source`; where it is a part only, the line is split.

    Due `days_after` the day. The same source twice is one release. Raises Refused when the planned lines
    of the term hold less, or when what is invoiced or received already fits on neither part of a split.
    """
    known = list(ReceivableLine.objects.filter(term=term, source=source))
    if known:
        return known
    contract = Contract.objects.get(pk=term.contract_id)
    lock_case(contract.case_id)
    planned = ReceivableLine.objects.select_for_update(of=("self",), no_key=True).filter(term=term, state="planned")
    left, made = gross_amount, []
    for line in planned.order_by("pk"):
        if left <= 0:
            break
        part = min(left, line.gross_amount)
        payable = line if part == line.gross_amount else _split(line, part, by)
        made.append(_release(payable, term, on, source, by))
        left -= part
    if left > 0:
        text = _("%(term)s: only %(planned)s is still planned as receivable, not %(wanted)s.")
        planned_text = format_money(gross_amount - left)
        raise Refused(text % {"term": term, "planned": planned_text, "wanted": format_money(gross_amount)})
    return made


def _release(line: ReceivableLine, term: PaymentTerm, on: dt.date, source: str, by: Actor | User) -> ReceivableLine:
    changes = {"source": source, "arises_on": on, "due_on": on + dt.timedelta(days=term.days_after)}
    return doors.fire(line, "release", by=SYSTEM, note=_name(by), changes=changes)


def _split(line: ReceivableLine, part: Decimal, by: Actor | User) -> ReceivableLine:
    """Cut `part` off a planned line; what is invoiced or received stays with the half that can hold it."""
    used = max(line.gross_invoiced, line.gross_received + line.gross_deducted)
    first, rest = kept.cut(line, part)
    total_first, total_rest = sum(first.values(), Split()), sum(rest.values(), Split())
    if used <= total_first.gross:
        keeps, leaves, payable_stays = (first, total_first), rest, True
    elif used <= total_rest.gross:
        keeps, leaves, payable_stays = (rest, total_rest), first, False
    else:
        text = _("%(line)s: %(used)s is invoiced or received already and fits on neither part.")
        raise Refused(text % {"line": line, "used": format_money(used)})
    term = line.term
    assert term is not None
    _resize(line, keeps[0], SYSTEM, "split")
    other = _open_line(term, line.contract, leaves, title=line.title, by=by, part_of=line)
    return line if payable_stays else other


def _resize(line: ReceivableLine, parts: dict[int, Split], by: Actor | User, action: str) -> None:
    total = sum(parts.values(), Split())
    changes = {"gross_amount": total.gross, "net_amount": total.net, "tax_amount": total.tax}
    doors.edit(line, by=by, changes=changes, action=action)
    kept.write_taxes(line, parts)


@transaction.atomic
def unrelease(*, source: str, by: Actor | User, note: str = "") -> list[ReceivableLine]:
    """What `source` made payable is planned again; the lost due day is kept. Raises Refused while it is invoiced."""
    found = list(ReceivableLine.objects.filter(source=source))
    for line in found:
        if line.state == "planned" or line.due_on is None:
            continue
        moved = DueMove(receivable=line, due_on=line.due_on, gross_amount=line.gross_amount, moved_on=today())
        changes = {"source": "", "arises_on": None, "due_on": None, "dunning_level": 0, "dunned_on": None}
        doors.fire(line, "unrelease", by=SYSTEM, note=note or _name(by), changes=changes)
        moved.save(force_insert=True)
    return found


@transaction.atomic
def adjust(contract: Contract, *, by: Actor | User, note: str = "") -> list[ReceivableLine]:
    """Follow a changed contract: planned receivables take the new amounts of their terms.

    Raises Refused where more is invoiced or received already than the new amount.
    """
    lock_case(contract.case_id)
    changed = []
    for term in contract.terms.filter(settled_gross_amount=0).order_by("position"):
        planned = list(term.receivables.filter(state="planned").order_by("pk"))
        if not planned or sum((line.gross_amount for line in planned), Decimal(0)) == term.gross_amount:
            continue
        whole = {row.tax_rate_id: kept.split_of(row) for row in term.taxes.all()}
        amounts = allocate(term.gross_amount, [line.gross_amount for line in planned])
        for line, parts in zip(planned, spread(whole, amounts), strict=True):
            _resize(line, parts, SYSTEM, "adjust")
        changed += planned
    changed += open_lines(contract, by=by)
    return changed


@transaction.atomic
def waive(line: ReceivableLine, *, by: Actor | User, note: str = "", version: int | None = None) -> ReceivableLine:
    """Decide that this is no longer asked for. Raises Refused while it is invoiced or money stands on it."""
    was_planned = line.state == "planned"
    doors.fire(line, "waive", by=by, note=note, version=version)
    if line.term is not None and was_planned:
        give_up(line.term, gross_amount=line.gross_amount, by=by, note=note)
    return line


@transaction.atomic
def write_off(line: ReceivableLine, *, by: Actor | User, note: str = "", version: int | None = None) -> ReceivableLine:
    """Decide that what is still open will not come."""
    return doors.fire(line, "write_off", by=by, note=note, version=version)


@transaction.atomic
def dispute(
    line: ReceivableLine,
    *,
    disputed_until: dt.date | None,
    dispute_note: str = "",
    by: Actor | User,
    note: str = "",
    version: int | None = None,
) -> ReceivableLine:
    """Mark what the customer disputes, until a day; no reminders till then. No day: the dispute is over."""
    _follow_states(line)
    changes = {"disputed_until": disputed_until, "dispute_note": dispute_note}
    return doors.edit(line, by=by, changes=changes, version=version, note=note, action="dispute")


def _follow_states(line: ReceivableLine) -> None:
    if line.is_settled:
        raise Refused(_("Nothing is open on it."))


@transaction.atomic
def remind(line: ReceivableLine, *, by: Actor | User, note: str = "", version: int | None = None) -> ReceivableLine:
    """Note that the customer was reminded: how, and what was answered."""
    if not note.strip():
        raise Refused(_("Please write down what was answered."))
    act(line, "remind", by=by, who=FOLLOW, states=("eligible",), note=note, version=version)
    kept.spoken_with(line)
    return line


@transaction.atomic
def request_invoice(
    line: ReceivableLine,
    *,
    fapiao: Term,
    by: Actor | User,
    gross_amount: Decimal | None = None,
    early_reason: str = "",
    expected_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> ReceivableLine:
    """Draft the request for an invoice over this one receivable (billing.services.invoice.open takes several)."""
    from billing.services import invoice

    made = invoice.open(
        contract=line.contract,
        fapiao=fapiao,
        early_reason=early_reason,
        expected_on=expected_on,
        lines=[{"receivable": line, "gross_amount": gross_amount}],
        by=by,
        note=note,
    )
    note_on(line, "request_invoice", by=by, note=note, changes={"invoice": ["", made.code]})
    return line


def note_on(
    line: ReceivableLine, action: str, *, by: Actor | User, note: str = "", changes: dict | None = None
) -> None:
    """One log line on a receivable whose case is locked."""
    case = lock_case(line.case_id)
    write_log(
        case,
        kind=line.record_kind(),
        object_id=line.pk,
        action=f"{line.noun()}.{action}",
        by=Actor.of(by),
        note=note,
        changes=changes or {},
    )
