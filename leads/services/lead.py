"""From the signal to the qualified need: every write on a lead but pool and merge."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.dictionary import Term
from core.errors import Refused
from core.numbering import next_codes_of
from core.text import clean_text
from core.transactions import atomic_part
from customers.models import Customer
from customers.services import customer as register
from finance.services import book as books
from leads import duplicates
from leads.models import FollowUp, Lead
from process.models import Case, Handover
from process.services import act, fire, offer, open_case, seat, take_seat
from process.services import edit as edit_record
from process.services import open as open_record

IN_HAND = ("assigned", "working", "nurturing")


@atomic_part
def open(
    *,
    by: Actor | User,
    note: str = "",
    case: Case | None = None,
    accept_duplicate: bool = False,
    **fields: Any,
) -> Lead:
    """Collect a lead: opens its case and its cost book, so that presales cost counts from day one.

    Raises Refused for the same tax id in a colleague's hands, and for a company that looks the same until
    `accept_duplicate` is set. The reasons link to what was found, as far as the person may see it.
    """
    actor = Actor.of(by)
    values = _prepared(fields)
    lead = Lead(**values)
    if case is None or case.origin_id is None:
        _require_single(lead, actor, accepted=accept_duplicate)
    fresh = case is None
    case = case or open_case(lead.title)
    code, book_code = next_codes_of("LD", "CB")
    lead.book = books.open_book(case=case, title=lead.title, owner=lead.owner, by=actor, code=book_code, fresh=fresh)
    return open_record(lead, by=actor, note=note, case=case, fresh=fresh, code=code)


def _prepared(fields: dict[str, Any]) -> dict[str, Any]:
    """Values as they are stored: filled from the register, without control characters, a title where none was given."""
    cleaned: dict[str, Any] = {
        name: clean_text(value).strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    values = duplicates.fill_from(cleaned.get("customer"), cleaned)
    values["title"] = (
        values.get("title") or f"{values.get('company_name', '')} {values.get('product_interest', '')}".strip()
    )
    values["external_ref"] = values.get("external_ref") or None
    return {**values, **Lead.comparable(values)}


def _require_single(lead: Lead, actor: Actor, *, accepted: bool) -> None:
    reasons = duplicates.blocking(lead, actor, accepted=accepted)
    if not accepted:
        reasons += [reason for reason in duplicates.warnings(lead, actor) if reason not in reasons]
    if reasons:
        raise Refused(reasons)


@atomic_part
def edit(lead: Lead, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Lead:
    """Change what is known about a lead. A new tax id is compared with the register and with other leads."""
    accepted = bool(changes.pop("accept_duplicate", False))
    cleaned = {name: clean_text(value).strip() if isinstance(value, str) else value for name, value in changes.items()}
    if "external_ref" in cleaned:
        cleaned["external_ref"] = cleaned["external_ref"] or None
    cleaned.update(Lead.comparable(cleaned))
    identity = ("tax_id", "customer", "company_name")
    if any(name in cleaned and cleaned[name] != getattr(lead, name) for name in identity):
        values = {name: cleaned.get(name, getattr(lead, name)) for name in (*identity, "phone", "email")}
        trial = Lead(pk=lead.pk, **{**values, **Lead.comparable(values)})
        _require_single(trial, Actor.of(by), accepted=accepted)
    return edit_record(lead, by=by, changes=cleaned, version=version, note=note)


@atomic_part
def start(lead: Lead, *, by: Actor | User, note: str = "", version: int | None = None) -> Lead:
    """The first contact was made: stops the first-response clock."""
    changes = {} if lead.started_at else {"started_at": timezone.now()}
    return fire(lead, "start", by=by, note=note, version=version, changes=changes)


@atomic_part
def nurture(
    lead: Lead,
    *,
    by: Actor | User,
    wake_on: dt.date | None = None,
    hold_reason: Term | None = None,
    note: str = "",
    version: int | None = None,
) -> Lead:
    """Let the lead sleep until a day to come."""
    changes = {"wake_on": wake_on, "hold_reason": hold_reason}
    return fire(lead, "nurture", by=by, note=note, version=version, changes=changes)


@atomic_part
def wake(lead: Lead, *, by: Actor | User, note: str = "", version: int | None = None) -> Lead:
    """Work on it again."""
    return fire(lead, "wake", by=by, note=note, version=version)


@atomic_part
def invalidate(
    lead: Lead,
    *,
    by: Actor | User,
    invalid_reason: Term | None = None,
    note: str = "",
    version: int | None = None,
) -> Lead:
    """No business in it: a reason from the dictionary and a sentence are mandatory."""
    return fire(lead, "invalidate", by=by, note=note, version=version, changes={"invalid_reason": invalid_reason})


@atomic_part
def reopen(
    lead: Lead, *, by: Actor | User, owner: User | None = None, note: str = "", version: int | None = None
) -> Lead:
    """A lead manager puts an invalid lead back to work, with its owner or another one; the first source stays."""
    actor = Actor.of(by)
    changes: dict[str, Any] = {"invalid_reason": None}
    if owner is not None:
        changes.update(owner=owner, department=owner.department)
    fire(lead, "reopen", by=actor, note=note, version=version, changes=changes)
    if lead.owner is not None:
        take_seat(lead.case_id, "ar", lead.owner, by=actor)
    return lead


@atomic_part
def add_follow_up(
    lead: Lead,
    *,
    by: Actor | User,
    kind: Term,
    text: str,
    next_action: str = "",
    next_action_on: dt.date | None = None,
    at: dt.datetime | None = None,
    note: str = "",
    version: int | None = None,
) -> Lead:
    """Log a contact with the customer and what comes next. The first contact on an assigned lead starts the work."""
    actor = Actor.of(by)
    at = at or timezone.now()
    act(
        lead,
        "add_follow_up",
        by=actor,
        states=IN_HAND,
        note=note,
        version=version,
        changes={"text": text, "kind": kind},
    )
    reasons = []
    if not text.strip():
        reasons.append(_("Say what was talked about."))
    if at > timezone.now():
        reasons.append(_("A contact lies in the past; plan the next one as the next act."))
    if bool(next_action) != bool(next_action_on):
        reasons.append(_("The next act needs both a text and a day."))
    if reasons:
        raise Refused(reasons)
    FollowUp.objects.create(
        lead=lead,
        kind=kind,
        text=clean_text(text),
        at=at,
        by=actor.user,
        next_action=clean_text(next_action),
        next_action_on=next_action_on,
    )
    if lead.state == "assigned":
        start(lead, by=actor)
    latest = max(filter(None, (lead.last_contact_at, at)))
    plan = {"next_action": next_action, "next_action_on": next_action_on, "last_contact_at": latest}
    return edit_record(lead, by=actor, changes=plan, action="plan")


@atomic_part
def qualify(
    lead: Lead,
    *,
    by: Actor | User,
    customer: Customer | None = None,
    create_customer: bool = False,
    need: str | None = None,
    gross_amount: Decimal | None = None,
    note: str = "",
    version: int | None = None,
) -> Lead:
    """The need is real: links or registers the customer and offers the lead to initiation.

    The owner holds the seat of the account manager, so the offer is taken in the same act. Raises Refused with
    everything that is missing: need, contact, customer, score.
    """
    actor = Actor.of(by)
    changes: dict[str, Any] = {}
    if customer is not None:
        changes["customer"] = customer
    elif lead.customer_id is None and create_customer:
        changes["customer"] = _registered(lead, actor)
    if need:
        changes["need"] = clean_text(need)
    if gross_amount is not None:
        changes["gross_amount"] = gross_amount
    fire(lead, "qualify", by=actor, note=note, version=version, changes=changes)
    if seat(lead.case_id, "ar") is None and lead.owner is not None:
        take_seat(lead.case_id, "ar", lead.owner, by=actor)
    offer(lead, to="initiation", package=_package(lead), by=actor, note=note, receiver="ar")
    lead.refresh_from_db()
    return lead


def _registered(lead: Lead, actor: Actor) -> Customer:
    """The lead's company as a new customer, with the contact person; Refused for a similar one without a note."""
    note = _("Registered from lead %(code)s") % {"code": lead.code}
    customer = register.open(by=actor, owner=lead.owner, note=note, **duplicates.customer_fields(lead))
    if lead.contact_name and (lead.phone or lead.email):
        register.add_contact(customer, by=actor, name=lead.contact_name, phone=lead.phone, email=lead.email)
    return customer


def _package(lead: Lead) -> dict[str, Any]:
    """What goes along to initiation."""
    return {
        "lead": lead,
        "customer": lead.customer,
        "owner": lead.owner,
        "book": {"id": lead.book_id, "text": str(lead.book or "")},
        "need": lead.need,
        "contact": " ".join(filter(None, [lead.contact_name, lead.phone, lead.email])),
        "gross_amount": lead.gross_amount,
        "currency": lead.currency,
        "expected_on": lead.expected_on,
    }


@atomic_part
def requalify(lead: Lead, *, by: Actor | User, note: str = "", version: int | None = None) -> Lead:
    """The handover came back: the lead is worked on again."""
    return fire(lead, "requalify", by=by, note=note, version=version)


def returned(lead: Lead, handover: Handover, *, by: Actor | User) -> None:
    """Registered at the counter: the package was returned or withdrawn."""
    requalify(lead, by=by, note="; ".join(handover.gaps))


@atomic_part
def convert(lead: Lead, *, by: Actor | User, note: str = "", version: int | None = None) -> Lead:
    """Called by initiation when it has taken the lead over: a project goes on from here."""
    return fire(lead, "convert", by=by, note=note, version=version)


@atomic_part
def raise_from_operations(
    case_origin: Case,
    *,
    by: Actor | User,
    title: str,
    need: str,
    customer: Customer | None,
    owner: User | None = None,
    source: Term | None = None,
    note: str = "",
    **fields: Any,
) -> Lead:
    """Phase-2 need found in operations: a lead whose case remembers where it came from.

    It goes to the customer's account manager at once where one is given; the clock of first response starts.
    """
    from leads.services.pool import give

    actor = Actor.of(by)
    case = open_case(title, origin=case_origin)
    lead = open(
        by=actor,
        case=case,
        note=note,
        title=title,
        need=need,
        customer=customer,
        company_name=fields.pop("company_name", "") or (customer.title if customer else title),
        source=source or Term.objects.filter(dictionary="lead.source", code="phase2").first(),
        origin_text=fields.pop("origin_text", "") or case_origin.title,
        **fields,
    )
    if owner is not None and owner.is_active:
        give(lead, "assign", owner, by=Actor.system(_("phase-2 routing")))
    return lead
