"""The verbs of a contract, from the draft out of an accepted quote to its closing."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import LegalEntity, User
from approvals import services as approvals
from approvals.services import meet as meet_condition
from approvals.services import send_back, submit, withdraw
from contracts.models import Contract, Deviation, SealRecord, TermTemplate
from contracts.services import content
from contracts.services.terms import release
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from process.models import Handover
from process.services import act, attach, doors, offer

__all__ = ["meet_condition", "send_back", "submit", "withdraw"]


def _parties(fields: dict[str, Any]) -> None:
    """Each party defaults from the one before: end user, signing customer, payer, invoicing title."""
    project = fields["project"]
    fields["customer"] = fields.get("customer") or project.customer
    fields["end_user"] = fields.get("end_user") or project.end_user or fields["customer"]
    fields["payer"] = fields.get("payer") or fields["customer"]
    fields["invoice_title"] = fields.get("invoice_title") or fields["payer"]
    fields["entity"] = fields.get("entity") or LegalEntity.objects.order_by("-is_default", "pk").first()
    fields["title"] = fields.get("title") or project.title
    if fields["customer"] is None:
        raise Refused(_("The project has no signing customer yet."))


@transaction.atomic
def open(
    *,
    by: Actor | User,
    note: str = "",
    lines: Iterable[dict[str, Any]] = (),
    terms: Iterable[dict[str, Any]] = (),
    shares: Iterable[dict[str, Any]] = (),
    conditions: Iterable[Term] | None = None,
    **fields: Any,
) -> Contract:
    """Draft a contract of a project; parties default from the project, amounts come from the lines.

    Raises NotAllowed for anybody but the project's account manager, Refused where a party is missing.
    """
    _parties(fields)
    wanted = content.plan(lines=lines, terms=terms, shares=shares)
    total = wanted.total
    contract = Contract(
        **fields,
        gross_amount=total.gross,
        net_amount=total.net,
        tax_amount=total.tax,
        content_digest=wanted.digest,
    )
    doors.open(contract, by=by, note=note, case=contract.project.case)
    content.write(contract, wanted)
    content.write_conditions(contract, conditions)
    return contract


@transaction.atomic
def edit(
    contract: Contract,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Iterable[dict[str, Any]] | None = None,
    terms: Iterable[dict[str, Any]] | None = None,
    shares: Iterable[dict[str, Any]] | None = None,
    conditions: Iterable[Term] | None = None,
    **changes: Any,
) -> Contract:
    """Change a draft: fields, lines, terms; amounts follow. Raises Refused once it is submitted."""
    given = {"lines": lines, "terms": terms, "shares": shares}
    rows = content.stored(contract) | {name: list(value) for name, value in given.items() if value is not None}
    wanted = content.plan(**rows)
    total = wanted.total
    figures = {
        "gross_amount": total.gross,
        "net_amount": total.net,
        "tax_amount": total.tax,
        "content_digest": wanted.digest,
    }
    before = contract.content_digest
    doors.edit(contract, by=by, changes={**changes, **figures}, version=version, note=note)
    if before != wanted.digest:
        content.write(contract, wanted)
    if conditions is not None:
        content.write_conditions(contract, conditions)
    return contract


@transaction.atomic
def apply_template(
    contract: Contract, *, template: TermTemplate, by: Actor | User, note: str = "", version: int | None = None
) -> Contract:
    """Put a usual set of payment terms in place of the draft's terms."""
    return edit(contract, by=by, version=version, note=note or str(template), terms=template.as_lines())


@transaction.atomic
def attach_text(
    contract: Contract, *, file: Any, by: Actor | User, note: str = "", version: int | None = None
) -> Contract:
    """Attach the text that will be approved; exactly this file may be stamped later.

    The contract has a new row version by that: who read it with another text is told so.
    """
    who = ("ar", "owner", "legal")
    act(contract, "attach_text", by=by, who=who, states=("draft",), note=note, version=version)
    text = attach(contract, file=file, by=by, purpose="approved")
    # Legal may attach, but not edit: the field follows the file by the system's hand.
    system = Actor.system(f"contract.attach_text ({Actor.of(by)})")
    return doors.edit(contract, by=system, changes={"approved_file_sha256": text.sha256}, action="text")


@transaction.atomic
def add_deviation(
    contract: Contract,
    *,
    kind: Term,
    text: str,
    risk: str = "medium",
    holder: User | None = None,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
) -> Contract:
    """Name a clause off our standard, its risk and who answers for it."""
    who = ("ar", "sr", "fr", "owner", "legal", "pfc")
    changes = {"clause": kind, "deviation": text, "risk": risk}
    act(contract, "add_deviation", by=by, who=who, states=("draft",), note=note, version=version, changes=changes)
    holder = holder or Actor.of(by).user
    Deviation.objects.create(contract=contract, kind=kind, text=text, risk=risk, holder=holder)
    return contract


@transaction.atomic
def approve(
    contract: Contract,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> Contract:
    """Give the opinion or take decision ATC; the decider accepts the deviations with it."""
    approvals.approve(contract, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if contract.state == "approved":
        contract.deviations.filter(accepted_by__isnull=True).update(accepted_by=Actor.of(by).user)
    return contract


@transaction.atomic
def sign(
    contract: Contract,
    *,
    file: Any,
    signer: str,
    seal: Term,
    by: Actor | User,
    signed_on: dt.date | None = None,
    authority: str = "",
    copies: int = 2,
    note: str = "",
    version: int | None = None,
) -> Contract:
    """Stamp exactly the approved text: the file's hash must be that of the approved one.

    Raises Refused while a condition of the review is open, or when the file is another one.
    """
    digest = _sha256(file)
    day = signed_on or today()
    changes = {"signer": signer, "signed_on": day, "stamped_file_sha256": digest}
    doors.fire(contract, "sign", by=by, note=note, version=version, changes=changes)
    attach(contract, file=file, by=by, purpose="stamped")
    SealRecord.objects.create(
        contract=contract,
        seal=seal,
        stamped_on=day,
        signer=signer,
        authority=authority,
        copies=copies,
        sha256=digest,
        keeper=Actor.of(by).user,
    )
    return contract


def _sha256(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


@transaction.atomic
def meet_effect(
    contract: Contract,
    *,
    kind: Term,
    by: Actor | User,
    met_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Contract:
    """Confirm one condition of effect with its day."""
    day = met_on or today()
    act(
        contract,
        "meet_effect",
        by=by,
        who=("ar", "owner", "finance", "pfc", "legal", "seal_keeper"),
        states=("approved", "signed"),
        note=note,
        version=version,
        changes={"condition": kind, "met_on": day},
    )
    condition = contract.conditions.filter(kind=kind).first()
    if condition is None:
        raise Refused(_("This contract has no such condition of effect."))
    condition.met_on, condition.met_by = day, Actor.of(by).user
    condition.save(update_fields=["met_on", "met_by"])
    return contract


@transaction.atomic
def activate(
    contract: Contract,
    *,
    by: Actor | User,
    effective_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Contract:
    """Put the contract into effect: the advance is released, billing opens its receivables, delivery is offered it.

    Raises Refused naming every condition of effect that is not met.
    """
    day = effective_on or today()
    doors.fire(contract, "activate", by=by, note=note, version=version, changes={"effective_on": day})
    for term in contract.terms.filter(event__code="effect", gross_amount__gt=0):
        source = f"contracts.contract:{contract.pk}:effect:{term.pk}"
        release(term, share=Decimal(100), source=source, on=day, by=by)
    offer(contract, to="billing", package={"contract": contract, "gross_amount": contract.gross_amount}, by=by)
    _offer_to_delivery(contract, by)
    return contract


def _offer_to_delivery(contract: Contract, by: Actor | User, note: str = "") -> Handover:
    """交底: what delivery must know, taken by hand by the delivery manager."""
    package = {
        "contract": contract,
        "gross_amount": contract.gross_amount,
        "net_amount": contract.net_amount,
        "promises": contract.promises,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "warranty_months": contract.warranty_months,
        "penalty": contract.penalty,
        "deviations": [str(one) for one in contract.deviations.select_related("kind")],
        "lines": [f"{line.name} × {line.quantity.normalize():f}" for line in contract.lines.all()],
    }
    return offer(contract, to="delivery", package=package, by=by, note=note, receiver="fr")


@transaction.atomic
def hand_over(
    contract: Contract,
    *,
    by: Actor | User,
    promises: str = "",
    note: str = "",
    version: int | None = None,
) -> Contract:
    """Offer the contract to delivery again after it came back with gaps, the missing promises added."""
    taken = Handover.objects.filter(
        source_kind=contract.record_kind(), source_id=contract.pk, target="delivery", state__in=("offered", "taken")
    )
    if taken.exists():
        raise Refused(_("Delivery has this contract already, or it still waits to be taken."))
    changes = {"promises": promises}
    states = ("effective",)
    act(contract, "hand_over", by=by, who=("ar", "owner"), states=states, note=note, version=version, changes=changes)
    if promises:
        contract.promises = "\n".join(part for part in (contract.promises, promises) if part)
        contract.save(update_fields=["promises"])
    _offer_to_delivery(contract, by, note)
    return contract


def returned(contract: Contract, handover: Handover, *, by: Actor | User) -> None:
    """Delivery gave the package back: the contract stays in effect and waits for its account manager."""


@transaction.atomic
def complete(contract: Contract, *, by: Actor | User, note: str = "", version: int | None = None) -> Contract:
    """Everything but the retention is accepted. Raises Refused naming each open term."""
    return doors.fire(contract, "complete", by=by, note=note, version=version)


@transaction.atomic
def close(contract: Contract, *, by: Actor | User, note: str = "", version: int | None = None) -> Contract:
    """Decision ATCC: nothing is owed on either side. Raises Refused naming each open term."""
    return doors.fire(contract, "close", by=by, note=note, version=version)


@transaction.atomic
def terminate(contract: Contract, *, by: Actor | User, note: str = "", version: int | None = None) -> Contract:
    """End a contract before its time; called by the settlement of the project only."""
    return doors.fire(contract, "terminate", by=by, note=note, version=version)


@transaction.atomic
def void(contract: Contract, *, by: Actor | User, note: str = "", version: int | None = None) -> Contract:
    """Give a contract up before it took effect; a running decision falls with it."""
    doors.fire(contract, "void", by=by, note=note, version=version)
    approvals.void(contract, by=by, note=note)
    return contract
