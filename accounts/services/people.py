"""Writes on people: their account and roles, the language they choose, the deputy they name."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import deputies
from accounts.actor import Actor
from accounts.duties import require_duty
from accounts.models import Delegation, Duty, Role, SecurityEntry, User
from accounts.services.security import enter
from accounts.services.sessions import end_access
from core.calendar import today
from core.errors import NotAllowed, Refused

Event = SecurityEntry.Event
# A deputation is for a time: one without an end in sight is a role.
LONGEST_AHEAD = dt.timedelta(days=730)
# What the system administrator keeps of a person; mail and roles decide who gets in, so security keeps those.
MASTER_DATA = ("username", "name", "department", "grade", "language")
CREDENTIALS = ("email",)


@transaction.atomic
def add_person(person: User, *, by: Actor | User) -> User:
    """Open an account: master data, no role and no password yet. NotAllowed for all but the system administrator."""
    actor = require_duty(by, Duty.SYSTEM)
    person.email = ""
    person.set_unusable_password()
    person.save(force_insert=True)
    enter(Event.PERSON_ADDED, user=person, by=actor, details={"username": person.username, "name": person.name})
    return person


@transaction.atomic
def change_person(person: User, changes: dict[str, Any], *, by: Actor | User) -> User:
    """Change master data (system administrator) or the mail address (security administrator); logged by field.

    NotAllowed for a field that is not the administrator's to keep.
    """
    actor = Actor.of(by)
    kept = {Duty.SYSTEM.value: MASTER_DATA, Duty.SECURITY.value: CREDENTIALS}
    allowed = kept.get(actor.user.duty if actor.user else "", ())
    if not set(changes) <= set(allowed):
        raise NotAllowed(_("This is not yours to keep."))
    row = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    changed = {name: [str(getattr(row, name) or ""), str(value or "")] for name, value in changes.items()}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if changed:
        for name in changed:
            setattr(row, name, changes[name])
        row.save(update_fields=list(changed))
        enter(Event.PERSON_CHANGED, user=row, by=actor, details=changed)
    return row


@transaction.atomic
def let_go(person: User, *, by: Actor | User) -> User:
    """Close the account of somebody who leaves: all sessions end at once. System administrator; not the own account."""
    actor = require_duty(by, Duty.SYSTEM)
    if actor.user_id == person.pk:
        raise NotAllowed(_("Nobody closes the own account."))
    row = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if row.is_active:
        row.is_active = False
        row.save(update_fields=["is_active"])
        end_access(row, by=actor)
        enter(Event.LEFT, user=row, by=actor)
    return row


@transaction.atomic
def bring_back(person: User, *, by: Actor | User) -> User:
    """Open a closed account again, without any role: those are given anew by the security administrator."""
    actor = require_duty(by, Duty.SYSTEM)
    row = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not row.is_active:
        row.is_active = True
        row.set_unusable_password()
        row.save(update_fields=["is_active", "password"])
        row.roles.clear()
        enter(Event.RETURNED, user=row, by=actor)
    return row


@transaction.atomic
def assign_roles(person: User, roles: Iterable[Role], *, by: Actor | User) -> User:
    """Give a person exactly these roles. Security administrator only, and never to oneself.

    Refused when an administrator's role would stand beside any other role.
    """
    actor = require_duty(by, Duty.SECURITY)
    if actor.user_id == person.pk:
        raise NotAllowed(_("Nobody grants rights to oneself."))
    wanted = list(roles)
    if any(role.duty for role in wanted) and len(wanted) > 1:
        raise Refused(_("An administrator holds no other role: nobody may do and control the same thing."))
    # Locked, so that two assignments at once cannot add up to what one of them would refuse.
    row = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    before = sorted(row.roles.values_list("code", flat=True))
    after = sorted(role.code for role in wanted)
    if before != after:
        row.roles.clear()
        row.roles.add(*wanted)
        enter(Event.ROLES_CHANGED, user=row, by=actor, details={"roles": [before, after]})
    row.forget()
    return row


@transaction.atomic
def appoint(person: User, duty: Duty, *, by: Actor) -> User:
    """Make a person the first administrator of a duty. Only a command on the server may; later, see assign_roles."""
    if not by.is_system:
        raise NotAllowed(_("Only a command on the server may do this."))
    role = Role.objects.get(duty=duty)
    if person.roles.exists():
        raise Refused(_("An administrator holds no other role: nobody may do and control the same thing."))
    person.roles.add(role)
    person.forget()
    enter(Event.ROLES_CHANGED, user=person, by=by, details={"roles": [[], [role.code]]})
    return person


@transaction.atomic
def change_role(role: Role, *, by: Actor | User) -> Role:
    """Keep a role's words and rights, as filled in on `role`; the rights of an administrator's role are fixed."""
    actor = require_duty(by, Duty.SECURITY)
    before = Role.objects.select_for_update(no_key=True).filter(pk=role.pk).first()
    if before is not None and before.duty and (before.rights != role.rights or not role.is_active):
        raise Refused(_("What an administrator may do is fixed."))
    if before is not None and before.duty and not role.requires_second_factor:
        raise Refused(_("An administrator signs in with a second factor."))
    role.duty = before.duty if before else ""
    role.save()
    details = {
        name: [str(getattr(before, name, "")), str(getattr(role, name))]
        for name in ("code", "zh", "en", "rights", "requires_second_factor", "is_active")
        if before is None or getattr(before, name) != getattr(role, name)
    }
    if details:
        enter(Event.ROLE_CHANGED, by=actor, details={"role": role.code, **details})
    return role


def choose_language(user: User, language: str) -> User:
    """Keep the language the user wants to work in ("zh-hans" or "en")."""
    if language not in {"zh-hans", "en"}:
        raise Refused(_("This language is not available."))
    user.language = language
    user.save(update_fields=["language"])
    return user


def days_of(delegation: Delegation) -> tuple[dt.date, dt.date]:
    """The first and the last day of a delegation, both included; the database keeps the day after the last."""
    return delegation.during.lower, delegation.during.upper - dt.timedelta(days=1)


@transaction.atomic
def delegate(
    principal: User,
    deputy: User,
    *,
    first_day: dt.date,
    last_day: dt.date,
    documents: Collection[str] = (),
    reason: str = "",
) -> Delegation:
    """Let `deputy` act for `principal` from `first_day` to `last_day`, both included.

    With `documents` ("contracts.contract") only in opinions and decisions on these.

    Raises Refused for an impossible period, for oneself, for an overlapping delegation, for a circle or a chain, and
    beyond what a letter of authority of the principal allows.
    """
    # Both people are locked, in one order: two delegations written at once would not see each other.
    list(User.objects.select_for_update(no_key=True).filter(pk__in=[principal.pk, deputy.pk]).order_by("pk"))
    reasons = []
    if last_day < first_day:
        reasons.append(_("The last day lies before the first day."))
    elif last_day < today():
        reasons.append(_("The period lies in the past."))
    elif last_day > today() + LONGEST_AHEAD:
        reasons.append(_("The period ends more than two years from now."))
    if principal == deputy:
        reasons.append(_("Nobody can be the own deputy."))
    if not deputy.is_active:
        reasons.append(_("The deputy is no longer active."))
    if reasons:
        raise Refused(reasons)
    period = (first_day, last_day + dt.timedelta(days=1))
    reasons = _standing_in_the_way(principal, deputy, period)
    reasons += deputies.said.reasons(deputies.Wish(principal, deputy, first_day, last_day, documents))
    if reasons:
        raise Refused(reasons)
    deputy.forget()
    named = sorted(set(documents))
    return Delegation.objects.create(principal=principal, deputy=deputy, during=period, documents=named, reason=reason)


def _standing_in_the_way(principal: User, deputy: User, period: tuple[dt.date, dt.date]) -> list[str]:
    """Delegations of the same days that forbid another: work is handed on once, never back and never further."""
    reasons = []
    overlapping = Delegation.objects.filter(during__overlap=period)
    if overlapping.filter(principal=principal).exists():
        reasons.append(_("A deputy is named for this period already."))
    if overlapping.filter(principal=deputy, deputy=principal).exists():
        reasons.append(_("The two would be each other's deputies."))
    elif overlapping.filter(principal=deputy).exists():
        reasons.append(_("%(who)s is away then and has a deputy.") % {"who": deputy})
    before = overlapping.filter(deputy=principal).exclude(principal=deputy).select_related("principal").first()
    if before is not None:
        reasons.append(_("You stand in for %(who)s then: a deputy has no deputy.") % {"who": before.principal})
    return reasons


@transaction.atomic
def end_delegation(principal: User, delegation_id: int) -> None:
    """Take the work back: from today on nobody acts for the principal by this delegation.

    One that begins today or later goes altogether; what was done by it stays in the logs as "B for A".

    Raises Delegation.DoesNotExist for somebody else's, and Refused for one that is over.
    """
    found = Delegation.objects.select_for_update().select_related("deputy").get(pk=delegation_id, principal=principal)
    first, last = days_of(found)
    if last < today():
        raise Refused(_("This delegation is over already."))
    if first >= today():
        found.delete()
    else:
        found.during = (first, today())
        found.save(update_fields=["during"])
    found.deputy.forget()
