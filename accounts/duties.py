"""三员分立: what only one of the three administrators may do."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
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


def check_wall(user: User, *, own: bool, reads: bool, kept_by: str) -> None:
    """Keeps administrators and business apart: system and security see none of it, audit changes none of it.

    Records refuse them as well (`visible_to`, `process.access`); here whole areas are shut, whatever a page forgot.

    Args:
        user: who asks.
        own: what is asked for is about the person alone: profile, notices, deputies.
        reads: nothing is to be changed.
        kept_by: the duty that keeps this part, empty for all business.

    Raises:
        Http404: for what this administrator does not see.
        NotAllowed: where the auditor would change something.
    """
    if not user.duty or own or kept_by == user.duty:
        return
    if user.duty != Duty.AUDIT:
        raise Http404  # what is not visible is not there
    if not reads:
        raise NotAllowed(_("The audit administrator reads and changes nothing."))
