"""What the clock does with leads: reminding, waking, pooling. Every sweep may run twice without harm."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import today
from core.errors import DomainError
from leads.models import Lead, PoolPolicy
from leads.services.lead import wake
from leads.services.pool import pool

BATCH = 500
WARN_DAYS = (3, 1)


def _managers() -> list[int]:
    return list(User.objects.filter(is_active=True, roles__code="lead_manager").values_list("pk", flat=True))


def _owner(lead: Lead) -> list[int]:
    return [] if lead.owner_id is None else [lead.owner_id]


def _walk(rows: QuerySet[Lead], tell: Callable[[Lead], object]) -> int:
    """Tell of every lead of `rows`, in batches of one transaction each; a batch that was told stays told.

    The walk goes by key, so that those told of before never keep the rest from their turn.
    """
    told = last = 0
    while True:
        with transaction.atomic():
            locked = rows.filter(pk__gt=last).select_for_update(of=("self",), no_key=True, skip_locked=True)
            batch = list(locked.order_by("pk")[:BATCH])
            for lead in batch:
                tell(lead)
        if not batch:
            return told
        told, last = told + len(batch), batch[-1].pk


def remind_first_response() -> int:
    """Tell owner and lead managers, once, that nobody has answered in time; returns how many leads."""
    managers = _managers()
    return _walk(
        Lead.objects.unanswered(),
        lambda lead: notify(
            [*_owner(lead), *managers],
            gettext_noop("%(record)s: the first response is overdue"),
            key=f"lead-first-response:{lead.pk}:{lead.first_response_due_at:%Y%m%d%H%M}",
            params={"record": lead},
            link=lead.get_absolute_url(),
            level="warning",
        ),
    )


def remind_next_acts() -> int:
    """Remind owners, once a day, of next acts whose day has passed; returns how many leads."""
    day = today()
    return _walk(
        Lead.objects.next_act_overdue(day),
        lambda lead: notify(
            _owner(lead),
            gettext_noop("%(record)s: the next act was due on %(day)s"),
            key=f"lead-next-act:{lead.pk}:{day}",
            params={"record": lead, "day": lead.next_action_on},
            link=lead.get_absolute_url(),
            level="warning",
        ),
    )


def wake_due() -> int:
    """Wake the leads whose day has come; returns how many."""
    due = Lead.objects.filter(state="nurturing", wake_on__lte=today())
    return _each(due, lambda lead, actor: wake(lead, by=actor, note=_("Its day has come.")), Actor.system("leads.wake"))


def pool_neglected() -> int:
    """Put leads nobody has followed up for too long into the pool, warning 3 days and 1 day before."""
    policy, now = PoolPolicy.current(), timezone.now()
    shortest = min(policy.idle_days, policy.long_idle_days)
    since = now - dt.timedelta(days=max(shortest - max(WARN_DAYS), 0))
    held = Lead.objects.filter(state__in=("assigned", "working"), assigned_at__lte=since)
    neglected = []
    for lead in held.order_by("assigned_at", "pk")[: BATCH * 10].iterator():
        left = lead.last_activity_at + policy.patience(lead.source_id) - now
        if left <= dt.timedelta():
            neglected.append(lead.pk)
        else:
            _warn(lead, left)
    reason = _("No contact for too long")
    return _each(
        Lead.objects.filter(pk__in=neglected[:BATCH], state__in=("assigned", "working")),
        lambda lead, actor: pool(lead, by=actor, pool_reason=reason, note=reason),
        Actor.system("leads.pool"),
    )


def _warn(lead: Lead, left: dt.timedelta) -> None:
    for days in WARN_DAYS:
        if left <= dt.timedelta(days=days):
            notify(
                _owner(lead),
                gettext_noop("%(record)s falls into the pool within %(days)s days: log a contact"),
                key=f"lead-pool-warning:{lead.pk}:{lead.last_activity_at:%Y%m%d}:{days}",
                params={"record": lead, "days": days},
                link=lead.get_absolute_url(),
                level="warning",
            )


def _each(leads: QuerySet[Lead], do, actor: Actor) -> int:
    """One transaction per lead: a lead that cannot be moved does not stop the others."""
    moved = 0
    for pk in list(leads.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            lead = leads.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk=pk).first()
            if lead is None:
                continue
            try:
                do(lead, actor)
            except DomainError:
                continue
            moved += 1
    return moved
