"""Who gets a lead: assigning, the pool 公海 with its limits, handing on to a colleague."""

import datetime as dt
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.calendar import due
from core.errors import Refused
from leads.models import Lead, PoolPolicy
from process import access
from process.services import edit as edit_record
from process.services import fire, leave_seat, seat, take_seat


def _clock(policy: PoolPolicy) -> dict[str, Any]:
    """The moment a lead got its owner, and when the first response is due."""
    now = timezone.now()
    return {
        "assigned_at": now,
        "started_at": None,
        "first_response_due_at": due(now, policy.first_response_hours, "working"),
    }


def give(
    lead: Lead,
    verb: str,
    owner: User,
    *,
    by: Actor,
    note: str = "",
    version: int | None = None,
    **changes: Any,
) -> Lead:
    """Make `owner` the lead's account manager by `verb` (assign or pick)."""
    given = {"owner": owner, "department": owner.department, "pooled_at": None, "pool_reason": ""}
    fire(lead, verb, by=by, note=note, version=version, changes={**given, **_clock(PoolPolicy.current()), **changes})
    take_seat(lead.case_id, "ar", owner, by=by)
    return lead


def _against_holder(owner: User) -> list[str]:
    reasons = []
    if not owner.is_active:
        reasons.append(_("%(who)s is no longer active.") % {"who": owner})
    if not owner.has_role("ar"):
        reasons.append(_("%(who)s is no account manager.") % {"who": owner})
    return reasons


def _capacity_reasons(owner: User, policy: PoolPolicy) -> list[str]:
    held = Lead.objects.held().filter(owner=owner).count()
    if held < policy.holding_capacity:
        return []
    text = _("%(who)s holds %(held)s leads; %(limit)s is the limit.")
    return [text % {"who": owner, "held": held, "limit": policy.holding_capacity}]


@transaction.atomic
def assign(lead: Lead, *, by: Actor | User, owner: User, note: str = "", version: int | None = None) -> Lead:
    """A lead manager gives the lead to an account manager; above one's own quota nobody assigns to oneself."""
    actor = Actor.of(by)
    if access.may(lead, "assign", actor):
        reasons = _against_holder(owner)
        if owner.pk == actor.user_id:
            reasons += _capacity_reasons(owner, PoolPolicy.current())
        if reasons:
            raise Refused(reasons)
    return give(lead, "assign", owner, by=actor, note=note, version=version)


def pick_reasons(lead: Lead, user: User, policy: PoolPolicy) -> list[str]:
    """The limits of the pool that stand between `user` and this lead."""
    reasons = _capacity_reasons(user, policy)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    picked = Lead.objects.filter(owner=user, picked_at__gte=midnight).count()
    if picked >= policy.daily_picks:
        text = _("%(picked)s leads were picked today; %(limit)s is the limit of a day.")
        reasons.append(text % {"picked": picked, "limit": policy.daily_picks})
    if lead.previous_owner_id == user.pk and lead.pooled_at is not None:
        free_at = lead.pooled_at + dt.timedelta(days=policy.blocked_days)
        if free_at > timezone.now():
            text = _("You held this lead before: you may pick it again from %(day)s.")
            reasons.append(text % {"day": timezone.localdate(free_at)})
    return reasons


@transaction.atomic
def pick(lead: Lead, *, by: Actor | User, note: str = "", version: int | None = None) -> Lead:
    """An account manager takes a lead out of the pool. Raises Refused with every limit that forbids it."""
    actor = Actor.of(by)
    user = actor.user
    if user is not None and lead.state == "pooled" and access.may(lead, "pick", actor):
        # Two picks of one person at the same moment are counted one after the other.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        reasons = pick_reasons(lead, user, PoolPolicy.current())
        if reasons:
            raise Refused(reasons)
    # Whoever is nobody is refused at the door.
    owner = cast("User", user or lead.owner)
    return give(lead, "pick", owner, by=actor, note=note, version=version, picked_at=timezone.now())


@transaction.atomic
def pool(lead: Lead, *, by: Actor | User, pool_reason: str = "", note: str = "", version: int | None = None) -> Lead:
    """Put a lead into the pool: it loses its owner, who may not pick it again at once."""
    actor = Actor.of(by)
    holder = seat(lead.case_id, "ar")
    changes: dict[str, Any] = {
        "owner": None,
        "pooled_at": timezone.now(),
        "pool_reason": (pool_reason or note)[:200],
        "wake_on": None,
        "first_response_due_at": None,
    }
    if lead.owner_id is not None:
        changes["previous_owner"] = lead.owner
    fire(lead, "pool", by=actor, note=note, version=version, changes=changes)
    if holder is not None:
        leave_seat(lead.case_id, "ar", holder, by=actor)
    return lead


@transaction.atomic
def reassign(lead: Lead, *, by: Actor | User, owner: User, note: str = "", version: int | None = None) -> Lead:
    """Hand a lead in work on to another account manager; history stays, the seat moves, both are told."""
    actor = Actor.of(by)
    reasons = _against_holder(owner)
    if owner.pk == lead.owner_id:
        reasons.append(_("%(who)s holds this lead already.") % {"who": owner})
    if lead.state not in ("assigned", "working", "nurturing"):
        reasons.append(_("Only a lead in work is handed on."))
    if reasons and access.may(lead, "edit", actor):
        raise Refused(reasons)
    changes = {"previous_owner": lead.owner, "owner": owner, "department": owner.department}
    edit_record(lead, by=actor, changes=changes, version=version, note=note, action="reassign")
    take_seat(lead.case_id, "ar", owner, by=actor, note=note)
    return lead
