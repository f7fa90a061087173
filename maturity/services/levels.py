"""Setting targets of maturity, and assessing what the system cannot know. Both only add: what was said stays."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from core.errors import NotAllowed, Refused
from maturity.criteria import BY_HAND
from maturity.models import KEEPER, STAGE_CHOICES, Assessment, Level, Practice, Target
from process import access


def may_keep(user: User) -> bool:
    """Whether the person sets targets and assesses."""
    return access.may_any((KEEPER,), Practice(), Actor.of(user))


def _require(by: Actor | User, stage: str) -> User:
    actor = Actor.of(by)
    if actor.user is None or not may_keep(actor.user):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    if stage not in dict(STAGE_CHOICES):
        raise Refused(_("There is no such stage."))
    return actor.user


@transaction.atomic
def set_target(*, stage: str, level: int, due_on: dt.date, by: Actor | User, note: str = "") -> Target:
    """Say which level a stage shall have by a day; what was said before is superseded and stays.

    Raises NotAllowed for anybody but the keeper, Refused for a day that is past and for a level that is none.
    """
    user = _require(by, stage)
    if level not in Level.values or level == Level.INITIAL:
        raise Refused(_("A target is a level from 2 to 5."))
    if due_on < today():
        raise Refused(_("A target lies ahead: choose a day to come."))
    return Target.objects.create(stage=stage, level=level, due_on=due_on, note=note.strip(), set_by=user)


@transaction.atomic
def assess(*, stage: str, criterion: str, is_met: bool, evidence: str, by: Actor | User) -> Assessment:
    """Say whether a stage meets a criterion that the system cannot compute, and what shows it; it counts for a year.

    Raises NotAllowed for anybody but the keeper, Refused without evidence and for a criterion that is computed.
    """
    user = _require(by, stage)
    if criterion not in BY_HAND:
        raise Refused(_("This criterion is computed, or there is no such one."))
    if not evidence.strip():
        raise Refused(_("Please say what shows it."))
    return Assessment.objects.create(
        stage=stage, criterion=criterion, is_met=is_met, evidence=evidence.strip(), assessed_by=user
    )
