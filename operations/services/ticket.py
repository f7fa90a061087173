"""What is done with a ticket, and its clocks: working hours, or natural hours where the promise says 7×24."""

import datetime as dt
from decimal import Decimal
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import Clock, due, working_hours_between
from core.dictionary import Term
from core.errors import Refused
from operations.models import ServiceAgreement, SlaPolicy, Ticket
from operations.services import agreement as agreements
from process.models import Seat
from process.services import doors

DUES = ("arrive_due_at", "restore_due_at", "resolve_due_at")
WARN_PERCENTS = (75, 100, 125)


@transaction.atomic
def open(
    *,
    by: Actor | User,
    agreement: ServiceAgreement,
    kind: Term,
    description: str,
    title: str = "",
    note: str = "",
    **fields: Any,
) -> Ticket:
    """Take a report in and start its clocks. Raises Refused when the agreement is over."""
    first_line = description.strip().splitlines()[0][:120] if description.strip() else ""
    ticket = Ticket(agreement=agreement, kind=kind, description=description, title=title or first_line, **fields)
    _set_clocks(ticket)
    doors.open(ticket, by=by, note=note, case=agreement.case)
    return ticket


def policy_for(agreement: ServiceAgreement, priority: str) -> SlaPolicy:
    """The promise for this priority: that of the agreement's cover, else the general one."""
    found = SlaPolicy.objects.filter(priority=priority)
    policy = found.filter(cover_id=agreement.cover_id, cover__isnull=False).first() or found.filter(cover=None).first()
    if policy is None:
        raise Refused(_("No service level is kept for priority %(priority)s.") % {"priority": priority})
    return policy


def _due(start: dt.datetime, hours: Decimal, clock: str) -> dt.datetime:
    """When hours of the clock that is written on a ticket are over."""
    return due(start, hours, cast("Clock", clock))


def _set_clocks(ticket: Ticket) -> None:
    policy = policy_for(ticket.agreement, ticket.priority)
    clock = "natural" if ticket.agreement.runs_round_the_clock else policy.clock
    start = ticket.reported_at or timezone.now()
    hours = (policy.response_hours, policy.arrive_hours, policy.restore_hours, policy.resolve_hours)
    names = ("response_due_at", *DUES)
    ticket.clock = clock
    for name, value in zip(names, hours, strict=True):
        setattr(ticket, name, _due(start, value, clock) if value is not None else None)


@transaction.atomic
def edit(ticket: Ticket, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Ticket:
    """Correct the report; another priority sets the clocks anew from the moment of the report."""
    changes.pop("agreement", None)
    if changes.get("priority", ticket.priority) != ticket.priority:
        ticket.priority = changes["priority"]
        _set_clocks(ticket)
        changes |= {name: getattr(ticket, name) for name in ("clock", "response_due_at", *DUES)}
        if ticket.paused_hours:
            changes |= {name: _due(changes[name], ticket.paused_hours, ticket.clock) for name in DUES if changes[name]}
    return doors.edit(ticket, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def assign(
    ticket: Ticket, *, by: Actor | User, owner: User | None = None, note: str = "", version: int | None = None
) -> Ticket:
    """Name who works on it; without a name the one who assigns takes it."""
    person = owner or Actor.of(by).user
    doors.fire(ticket, "assign", by=by, note=note, version=version, changes={"owner": person})
    if person is not None and person != Actor.of(by).user:
        notify(
            [person],
            gettext_noop("%(ticket)s is yours; respond by %(due)s"),
            key=f"ticket:{ticket.pk}:assigned:{ticket.row_version}",
            params={"ticket": str(ticket), "due": _local(ticket.response_due_at)},
            link=ticket.get_absolute_url(),
        )
    return ticket


def _local(moment: dt.datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else "–"


@transaction.atomic
def start(ticket: Ticket, *, by: Actor | User, note: str = "", version: int | None = None) -> Ticket:
    """Answer the customer and begin: the response clock stops."""
    changes = {"responded_at": ticket.responded_at or timezone.now()}
    return doors.fire(ticket, "start", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def wait(ticket: Ticket, *, by: Actor | User, note: str = "", version: int | None = None) -> Ticket:
    """Somebody else must act: the clocks stand still. Raises Refused without a reason."""
    return doors.fire(ticket, "wait", by=by, note=note, version=version, changes={"waiting_since": timezone.now()})


@transaction.atomic
def resume(ticket: Ticket, *, by: Actor | User, note: str = "", version: int | None = None) -> Ticket:
    """Work goes on: every promise moves by the time the clock stood still."""
    now = timezone.now()
    stood = _hours(ticket.waiting_since or now, now, ticket.clock)
    changes: dict[str, Any] = {"waiting_since": None, "paused_hours": ticket.paused_hours + stood}
    for name in DUES:
        moment = getattr(ticket, name)
        changes[name] = _due(moment, stood, ticket.clock) if moment else None
    return doors.fire(ticket, "resume", by=by, note=note, version=version, changes=changes)


def _hours(start: dt.datetime, end: dt.datetime, clock: str) -> Decimal:
    """Hours between two moments on a clock, to four decimals."""
    if clock == "working":
        return working_hours_between(start, end)
    return (Decimal((end - start) // dt.timedelta(microseconds=1)) / 3_600_000_000).quantize(Decimal("0.0001"))


@transaction.atomic
def resolve(ticket: Ticket, *, by: Actor | User, solution: str, note: str = "", version: int | None = None) -> Ticket:
    """The fault is gone or the question answered."""
    changes = {"solution": solution, "resolved_at": timezone.now()}
    return doors.fire(ticket, "resolve", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def close(
    ticket: Ticket,
    *,
    by: Actor | User,
    satisfaction: int | None = None,
    note: str = "",
    version: int | None = None,
) -> Ticket:
    """The customer confirmed it, perhaps with a mark from 1 to 5; 1 and 2 are complaints people are told of."""
    changes = {"closed_at": timezone.now(), "satisfaction": satisfaction}
    doors.fire(ticket, "close", by=by, note=note, version=version, changes=changes)
    if satisfaction is not None and satisfaction <= 2:
        _tell(
            ticket,
            gettext_noop("%(ticket)s was closed by a dissatisfied customer"),
            "complaint",
            roles=("ar", "service"),
        )
    return ticket


@transaction.atomic
def reopen(ticket: Ticket, *, by: Actor | User, note: str = "", version: int | None = None) -> Ticket:
    """It was not gone after all. Raises Refused without a reason or after the policy's days."""
    return doors.fire(ticket, "reopen", by=by, note=note, version=version)


@transaction.atomic
def merge(ticket: Ticket, *, by: Actor | User, other: Ticket, note: str = "", version: int | None = None) -> Ticket:
    """It is the same matter as `other`, which goes on."""
    return doors.fire(ticket, "merge", by=by, note=note, version=version, changes={"merged_into": other})


@transaction.atomic
def raise_lead(ticket: Ticket, *, by: Actor | User, title: str, need: str, note: str = "", **fields: Any) -> Any:
    """A need heard on a ticket becomes a lead; returns the lead."""
    fields.pop("version", None)
    return agreements.raise_lead(ticket.agreement, by=by, title=title, need=need, note=note or ticket.code, **fields)


# The clocks' watch ------------------------------------------------------------------------------------
@transaction.atomic
def sweep(now: dt.datetime | None = None) -> int:
    """Every few minutes: warn at 75, 100 and 125 % of the promise, once each; returns how many were warned of."""
    moment, warned = now or timezone.now(), 0
    running = Ticket.objects.select_for_update(skip_locked=True, of=("self",)).select_related("agreement")
    for ticket in running.filter(state__in=("new", "assigned", "in_progress"), warned_percent__lt=125):
        if ticket.responded_at is None and ticket.response_due_at and moment > ticket.response_due_at:
            warned += bool(
                _tell(ticket, gettext_noop("%(ticket)s: nobody has answered the customer in time"), "response")
            )
        percent = used_percent(ticket, moment)
        step = max((one for one in WARN_PERCENTS if percent >= one), default=0)
        if step > ticket.warned_percent:
            Ticket.objects.filter(pk=ticket.pk).update(warned_percent=step)
            message = gettext_noop("%(ticket)s: %(percent)s %% of the time to resolve is used")
            warned += bool(_tell(ticket, message, f"resolve:{step}", percent=step))
    return warned


def used_percent(ticket: Ticket, now: dt.datetime) -> int:
    """How much of the promised time to resolve is used, on the ticket's own clock."""
    if ticket.resolve_due_at is None or now <= ticket.reported_at:
        return 0
    whole = _hours(ticket.reported_at, ticket.resolve_due_at, ticket.clock) - ticket.paused_hours
    used = _hours(ticket.reported_at, now, ticket.clock) - ticket.paused_hours
    return int(used * 100 / whole) if whole > 0 else 0


def _tell(ticket: Ticket, message: str, key: str, *, percent: int = 0, roles: tuple[str, ...] = ("service",)) -> int:
    """Who works on it and who answers for it; from 100 % on also the account manager."""
    roles = ("service", "ar") if percent >= 100 else roles
    people = set(
        Seat.objects.current().filter(case_id=ticket.case_id, role__in=roles).values_list("user_id", flat=True)
    )
    if ticket.owner_id:
        people.add(ticket.owner_id)
    return notify(
        people,
        message,
        key=f"ticket:{ticket.pk}:{key}",
        params={"ticket": str(ticket), "percent": str(percent)},
        link=ticket.get_absolute_url(),
        level="danger" if percent >= 100 else "warning",
    )
