"""What is done with a service agreement: warranty, service, renewal, and the retention at warranty end."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from billing.services import receivable
from contracts.services import release as release_term
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from delivery.models.acceptance import released_percent
from finance.services.book import open_book
from leads.services import raise_from_operations
from operations.models import InstalledItem, ServiceAgreement
from process.models import Seat
from process.services import act, attach, doors, seat

JOB = "service agreements"
DESK = ("service", "owner", "@is_service_desk")
# Days before the end of warranty or service on which people are told.
NOTICE_DAYS = (90, 60, 30, 7)


@transaction.atomic
def open(
    *, by: Actor | User, project: Any, title: str = "", note: str = "", items: Any = (), **fields: Any
) -> ServiceAgreement:
    """Prepare an agreement for a project; `items` are the installed base {name, serial, quantity, …}."""
    agreement = ServiceAgreement(project=project, title=title or project.title, **fields)
    if agreement.customer_id is None:
        agreement.customer = project.end_user or project.customer
    agreement.owner = agreement.owner or seat(project.case_id, "service") or Actor.of(by).user
    doors.open(agreement, by=by, note=note, case=project.case)
    InstalledItem.objects.bulk_create(InstalledItem(agreement=agreement, **item) for item in items)
    return agreement


@transaction.atomic
def edit(
    agreement: ServiceAgreement, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> ServiceAgreement:
    """Change cover, dates or owner."""
    changes.pop("project", None)
    return doors.edit(agreement, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def add_item(
    agreement: ServiceAgreement,
    *,
    by: Actor | User,
    name: str,
    note: str = "",
    version: int | None = None,
    **fields: Any,
) -> ServiceAgreement:
    """Add a thing to the installed base."""
    act(agreement, "add_item", by=by, who=DESK, note=note, version=version, changes={"item": name})
    InstalledItem.objects.create(agreement=agreement, name=name, **fields)
    return agreement


@transaction.atomic
def start(
    agreement: ServiceAgreement, *, by: Actor | User, note: str = "", version: int | None = None
) -> ServiceAgreement:
    """The warranty runs. Raises Refused while cover, dates or installed base are missing."""
    return doors.fire(agreement, "start", by=by, note=note, version=version)


@transaction.atomic
def confirm_warranty_end(
    agreement: ServiceAgreement,
    *,
    by: Actor | User,
    on: dt.date | None = None,
    certificate: Any = None,
    note: str = "",
    version: int | None = None,
) -> ServiceAgreement:
    """质保期满确认: the warranty ended without a claim, so the retention of the contract becomes receivable.

    Raises Refused before the last day of warranty, with open faults, or when it was confirmed already.
    """
    day = on or today()
    changes = {"warranty_ended_on": day}
    act(
        agreement,
        "confirm_warranty_end",
        by=by,
        who=(*DESK, "fr", "pfc"),
        states=("in_warranty", "in_service"),
        note=note,
        version=version,
        changes=changes,
    )
    reasons = _warranty_reasons(agreement, day)
    if reasons:
        raise Refused(reasons)
    if certificate is not None:
        attach(agreement, file=certificate, by=by, purpose="warranty_end")
    ServiceAgreement.objects.filter(pk=agreement.pk).update(warranty_ended_on=day)
    agreement.refresh_from_db()
    if agreement.contract is not None and not _others_in_warranty(agreement):
        for term in agreement.contract.terms.filter(is_retention=True):
            _release_rest(agreement, term, day, by)
    return agreement


def _warranty_reasons(agreement: ServiceAgreement, day: dt.date) -> list[Any]:
    reasons: list[Any] = []
    if agreement.warranty_ended_on is not None:
        reasons.append(_("The end of the warranty was confirmed on %(day)s.") % {"day": agreement.warranty_ended_on})
    if day > today():
        reasons.append(_("The day lies in the future."))
    if agreement.warranty_until is None or day <= agreement.warranty_until:
        reasons.append(_("The warranty runs until %(day)s.") % {"day": agreement.warranty_until or "–"})
    faults = agreement.tickets.filter(kind__code="fault").exclude(state__in=("resolved", "closed", "merged"))
    reasons += [_("%(ticket)s is still open.") % {"ticket": one} for one in faults[:20]]
    return reasons


def _others_in_warranty(agreement: ServiceAgreement) -> bool:
    """Whether another lot of the same contract is still in warranty: the last one releases the retention."""
    others = ServiceAgreement.objects.filter(contract_id=agreement.contract_id, previous=None, warranty_ended_on=None)
    return others.exclude(pk=agreement.pk).exclude(warranty_until=None).exists()


def _release_rest(agreement: ServiceAgreement, term: Any, day: dt.date, by: Actor | User) -> None:
    share = Decimal(100) - released_percent(term)
    if share <= 0:
        return
    source = f"operations.serviceagreement:{agreement.pk}:{term.pk}"
    released = release_term(term, share=share, source=source, on=day, by=by)
    receivable.make_eligible(term, gross_amount=released.gross_amount, on=day, source=source, by=by)


@transaction.atomic
def serve(
    agreement: ServiceAgreement, *, by: Actor | User, note: str = "", version: int | None = None
) -> ServiceAgreement:
    """The warranty is over: service begins, with a cost book of its own where it is paid for.

    Raises Refused while the warranty runs or its end is not confirmed.
    """
    doors.fire(agreement, "serve", by=by, note=note, version=version)
    paid = agreement.service_until is not None and agreement.service_until >= today()
    if paid and agreement.book_id is None:
        _own_book(agreement, by)
    return agreement


def _own_book(agreement: ServiceAgreement, by: Actor | User) -> None:
    book = open_book(
        agreement.case, title=f"{agreement.code} {agreement.title}", owner=agreement.owner, by=by, main=False
    )
    ServiceAgreement.objects.filter(pk=agreement.pk).update(book=book)
    agreement.refresh_from_db()


@transaction.atomic
def expire(
    agreement: ServiceAgreement, *, by: Actor | User, note: str = "", version: int | None = None
) -> ServiceAgreement:
    """The agreed time is over. Raises Refused while it runs or a ticket is open."""
    return doors.fire(agreement, "expire", by=by, note=note, version=version)


@transaction.atomic
def terminate(
    agreement: ServiceAgreement, *, by: Actor | User, note: str = "", version: int | None = None
) -> ServiceAgreement:
    """End it before its time, for a reason."""
    return doors.fire(agreement, "terminate", by=by, note=note, version=version)


@transaction.atomic
def renew(
    agreement: ServiceAgreement,
    *,
    by: Actor | User,
    service_until: dt.date,
    cover: Term | None = None,
    contract: Any = None,
    note: str = "",
    version: int | None = None,
) -> ServiceAgreement:
    """The customer goes on: returns the new agreement, with the same installed base and a cost book of its own."""
    doors.fire(agreement, "renew", by=by, note=note, version=version)
    if service_until <= today():
        raise Refused(_("The new agreement would end in the past."))
    fresh = open(
        by=Actor.system(agreement.code),
        project=agreement.project,
        title=agreement.title,
        customer=agreement.customer,
        contract=contract or agreement.contract,
        order=agreement.order,
        previous=agreement,
        cover=cover or agreement.cover,
        scope=agreement.scope,
        owner=agreement.owner,
        warranty_from=agreement.warranty_from,
        warranty_until=agreement.warranty_until,
        warranty_ended_on=agreement.warranty_ended_on,
        service_until=service_until,
        gross_yearly_amount=agreement.gross_yearly_amount,
        items=[
            {"name": one.name, "serial": one.serial, "quantity": one.quantity, "place": one.place}
            for one in agreement.items.all()
        ],
    )
    _own_book(fresh, by)
    return fresh


@transaction.atomic
def raise_lead(
    agreement: ServiceAgreement,
    *,
    by: Actor | User,
    title: str,
    need: str,
    owner: User | None = None,
    note: str = "",
    version: int | None = None,
    **fields: Any,
) -> Any:
    """二期需求: what was found in service becomes a lead that remembers the project it came from; returns the lead."""
    who = (*DESK, "ar", "sr", "fr", "member")
    every = tuple(agreement.states.by_code)
    act(agreement, "raise_lead", by=by, who=who, states=every, note=note, version=version, changes={"lead": title})
    return raise_from_operations(
        agreement.case,
        by=by,
        title=title,
        need=need,
        customer=agreement.customer,
        owner=owner or seat(agreement.case_id, "ar"),
        **fields,
    )


@transaction.atomic
def sweep() -> int:
    """Every day: tell people 90, 60, 30 and 7 days before warranty or service ends, and end what is over."""
    told, day = 0, today()
    running = ServiceAgreement.objects.select_for_update(skip_locked=True, of=("self",))
    for agreement in running.filter(state__in=("in_warranty", "in_service")):
        _run_out(agreement, day)
        if not agreement.is_open:
            continue
        in_warranty = agreement.state == "in_warranty"
        end = agreement.warranty_until if in_warranty else agreement.service_until
        if end is None:
            continue
        left = (end - day).days
        step = min((days for days in NOTICE_DAYS if left <= days), default=None)
        if step is not None and left >= 0:
            told += _tell(agreement, end, step)
        if left < 0 and in_warranty and agreement.warranty_ended_on is None:
            told += _tell(agreement, end, -1)
    return told


def _run_out(agreement: ServiceAgreement, day: dt.date) -> None:
    """Service whose time is up expires; a confirmed warranty that no service follows passes through it in one act.

    Open tickets keep an agreement alive. What has expired can still be renewed.
    """
    system = Actor.system(JOB)
    bare = agreement.is_warranty_only
    if agreement.state == "in_warranty" and bare and not (agreement.serve_checks() or agreement.end_checks()):
        serve(agreement, by=system, note=_("No service was agreed after the warranty."))
    is_over = bare or (agreement.service_until is not None and agreement.service_until < day)
    if agreement.state == "in_service" and is_over and not agreement.expire_checks():
        expire(agreement, by=system)


def _tell(agreement: ServiceAgreement, end: dt.date, step: int) -> int:
    people = set(
        Seat.objects.current()
        .filter(case_id=agreement.case_id, role__in=("ar", "service"))
        .values_list("user_id", flat=True)
    )
    if agreement.owner_id:
        people.add(agreement.owner_id)
    ended = gettext_noop(
        "%(agreement)s: the warranty ended on %(day)s, please confirm it, so that the retention is due"
    )
    ends = gettext_noop("%(agreement)s ends on %(day)s: please talk to the customer about what comes after")
    return notify(
        people,
        ended if step < 0 else ends,
        key=f"agreement:{agreement.pk}:{agreement.state}:{end}:{step}",
        params={"agreement": str(agreement), "day": end.isoformat()},
        link=agreement.get_absolute_url(),
        level="warning",
    )
