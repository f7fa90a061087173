"""The security log, and taking a lock-out back."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.db import transaction

from accounts.actor import Actor
from accounts.duties import require_duty
from accounts.models import Duty, SecurityEntry, User


def enter(
    event: SecurityEntry.Event,
    *,
    user: User | None = None,
    by: Actor | User | None = None,
    ip: str = "",
    details: dict[str, Any] | None = None,
) -> SecurityEntry:
    """Write one line of the security log: what happened to the account `user`, done by whom, from where."""
    actor = Actor.of(by) if by is not None else None
    return SecurityEntry.objects.create(
        event=event,
        user=user,
        by=actor.user if actor else None,
        by_name=actor.name[:100] if actor else "",
        ip=(ip or (actor.ip if actor else ""))[:45],
        details=details or {},
    )


@transaction.atomic
def unlock(person: User, *, by: Actor | User) -> int:
    """Forget the wrong passwords of an account, and those typed at the addresses they came from.

    Returns how many counters were cleared. NotAllowed for all but the security administrator.
    """
    actor = require_duty(by, Duty.SECURITY)
    addresses = set(AccessAttempt.objects.filter(username=person.username).values_list("ip_address", flat=True))
    cleared = AxesProxyHandler.reset_attempts(username=person.username)
    cleared += sum(AxesProxyHandler.reset_attempts(ip_address=address) for address in addresses if address)
    enter(SecurityEntry.Event.UNLOCKED, user=person, by=actor, details={"addresses": sorted(filter(None, addresses))})
    return cleared
