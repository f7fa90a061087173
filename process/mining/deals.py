"""Reading deals with their events, a few at a time."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import Department, User
from process import panels, visibility
from process.models import Case, CaseRecord, Handover, LogEntry
from process.outlet import outlet_of

CASES_AT_ONCE = 100


@dataclass(frozen=True)
class Scope:
    """Which events are asked for: days from and to (both included), a department with all below it; None is all."""

    from_on: dt.date | None = None
    to_on: dt.date | None = None
    department: Department | None = None

    def moments(self) -> dict[str, dt.datetime]:
        """The condition on the moment of an event, in the company's time zone."""
        found = {}
        if self.from_on:
            found["at__gte"] = _midnight(self.from_on)
        if self.to_on:
            found["at__lt"] = _midnight(self.to_on + dt.timedelta(days=1))
        return found

    def departments(self) -> set[int] | None:
        """The department and all below it."""
        return None if self.department is None else self.department.with_below()


@dataclass(frozen=True)
class Thing:
    """A record of a deal, or a package handed on: what events are about."""

    key: visibility.Key
    code: str
    stage: str
    department: str
    since: dt.datetime

    @property
    def id(self) -> str:
        return thing_id(self.key)


@dataclass(frozen=True)
class Event:
    """One act: its number on the case never changes."""

    case_id: int
    seq: int
    at: dt.datetime
    action: str
    key: visibility.Key
    state_to: str
    person: str
    department: str

    @property
    def id(self) -> str:
        return f"event:{self.case_id}:{self.seq}"


@dataclass
class Deal:
    """A deal with what the reader may see of it."""

    case_id: int
    label: str
    department: str
    events: list[Event] = field(default_factory=list)
    things: dict[visibility.Key, Thing] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"deal:{self.case_id}"


def thing_id(key: visibility.Key) -> str:
    """The stable name of a record in an export."""
    return f"{key[0]}:{key[1]}"


def deals(scope: Scope, reader: User) -> Iterator[Deal]:
    """The deals the reader may see on which something happened in the period, oldest first."""
    wanted, last = scope.departments(), 0
    people = People(reader)
    while cases := list(Case.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CASES_AT_ONCE]):
        last = cases[-1]
        spines = panels.spines(cases, reader)
        found = {
            case_id: Deal(case_id, spine["label"], people.departments.get(int(spine["department"] or 0), ""))
            for case_id, spine in sorted(spines.items())
            if wanted is None or int(spine["department"] or 0) in wanted
        }
        _read(found, scope, reader, people)
        # What was learnt of the records of these deals is of no use for the next.
        visibility.forget(reader)
        yield from (deal for deal in found.values() if deal.events)


def _read(found: dict[int, Deal], scope: Scope, reader: User, people: "People") -> None:
    """Fill deals with their events and what these are about."""
    if not found:
        return
    entries = LogEntry.objects.filter(case_id__in=found, **scope.moments()).exclude(kind__in=visibility.PAPER_KINDS)
    rows = entries.order_by("case_id", "seq").values_list(
        "case_id", "seq", "at", "kind", "object_id", "action", "state_to", "user_id"
    )
    costs = reader.has_right("see_cost")
    read = [row for row in rows if costs or not row[3].startswith(visibility.COST_APPS)]
    things = list(_things(found, people))
    keys = {(row[3], row[4]) for row in read} | {thing.key for _case_id, thing in things}
    scoped = {key for key in keys if outlet_of(key[0]) is not None}
    hidden = scoped - visibility.seen(scoped, reader)
    for case_id, thing in things:
        if thing.key not in hidden and (costs or not thing.key[0].startswith(visibility.COST_APPS)):
            found[case_id].things[thing.key] = thing
    for case_id, seq, at, kind, pk, action, state_to, user_id in read:
        if (kind, pk) not in hidden:
            event = Event(
                case_id, seq, at, action, (kind, pk), state_to, people.name(user_id), people.department_of(user_id)
            )
            found[case_id].events.append(event)


def _things(found: dict[int, Deal], people: "People") -> Iterator[tuple[int, Thing]]:
    kept = CaseRecord.objects.filter(case_id__in=found).order_by("pk")
    for one in kept:
        department = people.departments.get(one.department_id or 0, "")
        yield one.case_id, Thing((one.kind, one.object_id), one.code, one.stage, department, one.since)
    for package in Handover.objects.filter(case_id__in=found).order_by("pk"):
        department = people.departments.get(package.department_id or 0, "")
        key = (Handover.record_kind(), package.pk)
        yield package.case_id, Thing(key, package.code, package.source_stage, department, package.state_since)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


class People:
    """Who did it, as the reader may know: the name, or a pseudonym that is the same in every export."""

    def __init__(self, reader: User) -> None:
        self._named = reader.has_right("see_people")
        self.departments: dict[int, str] = dict(Department.objects.values_list("pk", "code"))
        self._known: dict[int, Any] = {one.pk: one for one in User.objects.only("name", "username", "department_id")}

    def name(self, user_id: int | None) -> str:
        """A person; "system" for what no person did."""
        if user_id is None:
            return "system"
        known = self._known.get(user_id)
        if self._named and known is not None:
            return f"{known} ({known.username})" if known.name else known.username
        digest = hmac.new(settings.LTC_LOG_KEY.encode(), f"person:{user_id}".encode(), hashlib.sha256)
        return f"P-{digest.hexdigest()[:12]}"

    def department_of(self, user_id: int | None) -> str:
        """The code of the department the person works in now."""
        known = self._known.get(user_id or 0)
        return self.departments.get(known.department_id, "") if known is not None else ""
