"""Second factors that are lost."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.duties import require_duty
from accounts.models import Duty, SecurityEntry, User
from accounts.services.security import enter
from accounts.services.sessions import end_access
from core.errors import NotAllowed


@transaction.atomic
def reset_factors(person: User, *, by: Actor | User) -> int:
    """Take all second factors of a person away, and end the sessions: a new one is set up at the next sign-in.

    Returns how many factors there were. NotAllowed for all but the security administrator, and for the own ones.
    """
    actor = require_duty(by, Duty.SECURITY)
    if actor.user_id == person.pk:
        raise NotAllowed(_("Change your own second factors on your profile page."))
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    factors.delete()
    end_access(person, by=actor)
    enter(SecurityEntry.Event.FACTORS_RESET, user=person, by=actor, details={"factors": kinds})
    return len(kinds)
