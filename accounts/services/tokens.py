"""Tokens: what programs sign in with on behalf of a person."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import ApiToken, SecurityEntry, User
from accounts.services.security import enter
from core.errors import Refused

# A token nobody remembers is a door left open.
LONGEST_TOKEN_DAYS = 366
MOST_TOKENS = 20


@transaction.atomic
def make_token(
    user: User, *, label: str, scope: str = ApiToken.Scope.READ, areas: Iterable[str] = (), days: int = 90
) -> tuple[ApiToken, str]:
    """A token for programs that act as `user`, valid for `days`; the text is given here once and never again.

    Raises Refused for a life of less than a day or more than LONGEST_TOKEN_DAYS, and for more than MOST_TOKENS.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    reasons = []
    if not label.strip():
        reasons.append(_("Name what the token is for."))
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        reasons.append(_("A token is valid for 1 to %(days)s days.") % {"days": LONGEST_TOKEN_DAYS})
    if ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        reasons.append(_("You have %(count)s tokens. Revoke one that is no longer used.") % {"count": MOST_TOKENS})
    if reasons:
        raise Refused(reasons)
    token, text = ApiToken.objects.create(
        user=user, expiry=dt.timedelta(days=days), label=label.strip(), scope=scope, areas=sorted(areas)
    )
    details = {"token": token.label, "scope": str(scope), "days": days}
    enter(SecurityEntry.Event.TOKEN_MADE, user=user, by=user, details=details)
    return token, text


@transaction.atomic
def revoke_token(user: User, public_id: Any) -> int:
    """Take a token of the user away at once; returns how many went (none where it was gone)."""
    token = ApiToken.objects.filter(user=user, public_id=public_id).first()
    if token is None:
        return 0
    token.delete()
    enter(SecurityEntry.Event.TOKEN_REVOKED, user=user, by=user, details={"token": token.label})
    return 1
