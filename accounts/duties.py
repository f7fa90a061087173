"""三员分立: what only one of the three administrators may do."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Duty, User
from core.errors import NotAllowed


def require_duty(by: Actor | User, duty: Duty) -> Actor:
    """The actor, who must be this administrator (or a command on the server); NotAllowed for everybody else."""
    actor = Actor.of(by)
    if not actor.is_system and (actor.user is None or not actor.user.is_active or actor.user.duty != duty):
        raise NotAllowed(_("Only the %(duty)s may do this.") % {"duty": duty.label})
    return actor


def open_to(duty: Duty) -> Callable[[Any], Any]:
    """A page outside the back room that this administrator keeps as well, for instance the process and its editor."""

    def mark(view: Any) -> Any:
        view.duty = duty
        return view

    return mark
