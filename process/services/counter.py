"""The counter: offer a package to the next stage; the receiver takes it or returns it with gaps."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import due
from core.errors import Refused
from process import stages
from process.machine import message_id
from process.models import Handover, StageRecord
from process.services import doors, steps

# What each stage does when it takes work over: {target: (take, receiver role, always by hand)}.
_takers: dict[str, tuple[Callable[..., Any], str, bool]] = {}
# Targets that need nobody's judgement: the system takes at once and says so in the log.
_automatic: set[str] = set()
# What the offering record does when its package comes back: {kind: function(record, handover, by)}.
_returners: dict[str, Callable[..., Any]] = {}
TAKE_WITHIN_HOURS = 16


def register_taker(
    target: str, take: Callable[..., Any], *, receiver: str, by_hand: bool = False, automatic: bool = False
) -> None:
    """Called in an app's ready(): `take(handover, by=...)` opens that stage's record.

    `receiver` is a seat or a role; `by_hand` forbids taking over from oneself silently; `automatic` work
    (receivables out of payment terms) is taken by the system in the same act.
    """
    _takers[target] = (take, receiver, by_hand)
    if automatic:
        _automatic.add(target)


def register_returner(kind: str, back: Callable[..., Any]) -> None:
    """Called in an app's ready(): `back(record, handover, by=...)` when the package is returned or withdrawn."""
    _returners[kind] = back


@transaction.atomic
def offer(
    record: StageRecord,
    *,
    to: str,
    package: dict[str, Any],
    by: Actor | User,
    note: str = "",
    receiver: str = "",
) -> Handover:
    """Offer the work on `record` to stage `to`. `package` is JSON: what goes along.

    Where the offering person also holds the receiving seat it is taken in the same act and logged so,
    unless the target insists on a take by hand (contract to delivery).
    """
    actor = Actor.of(by)
    _take, default_receiver, by_hand = _takers[to]
    now = timezone.now()
    handover = Handover(
        case_id=record.case_id,
        title=f"{record.title}",
        owner=actor.user or record.owner,
        department_id=record.department_id,
        source_kind=record.record_kind(),
        source_id=record.pk,
        source_stage=record.home_stage,
        target=to,
        receiver_role=receiver or default_receiver,
        package={key: doors.plain(value) for key, value in package.items()},
        due_at=due(now, TAKE_WITHIN_HOURS, "working"),
    )
    doors.open(handover, by=actor, note=note, action="offer")
    if to in _automatic:
        take(handover, by=Actor.system(f"counter.{to}"))
        return handover
    receivers = handover.receivers()
    if not receivers:
        raise Refused(
            _("Nobody can take this over: %(seat)s is vacant.") % {"seat": receiver_label(handover.receiver_role)}
        )
    if actor.user_id in receivers and not by_hand:
        take(handover, by=actor, note=_("Taken over from oneself."))
        return handover
    steps.hold(record, user_id=receivers[0], department_id=_department(receivers[0]))
    notify(
        receivers,
        gettext_noop("%(record)s is offered to %(target)s: please take it over"),
        key=f"handover:{handover.pk}",
        params={"record": str(record)},
        words={"target": _stage_word(to)},
        link=handover.get_absolute_url(),
    )
    return handover


def receiver_label(role: str) -> str:
    """A seat's or role's name for a sentence."""
    from accounts.models import Role
    from process.models.case import SEATS

    if role in SEATS:
        return str(SEATS[role])
    found = Role.objects.filter(code=role).first()
    return found.label if found else role


def _stage_word(code: str) -> str:
    label = stages.BY_CODE[code].label if code in stages.BY_CODE else stages.COUNTERS[code]
    return message_id(label)


def _department(user_id: int) -> int | None:
    return User.objects.filter(pk=user_id).values_list("department_id", flat=True).first()


@transaction.atomic
def take(
    handover: Handover,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    conditions: str = "",
    conditions_due_on: Any = None,
) -> Handover:
    """Take the package over, with or without dated conditions; the stage opens its record in this transaction."""
    actor = Actor.of(by)
    if conditions and not conditions_due_on:
        raise Refused(_("Conditions need a date by which they are met."))
    take_function = _takers[handover.target][0]
    changes = {"conditions": conditions, "conditions_due_on": conditions_due_on, "ended_at": timezone.now()}
    doors.fire(handover, "take", by=actor, note=note, version=version, changes=changes)
    take_function(handover, by=actor)
    _release_holder(handover)
    return handover


@transaction.atomic
def return_(
    handover: Handover, *, by: Actor | User, note: str = "", version: int | None = None, gaps: Any = ()
) -> Handover:
    """Return the package and name the gaps; the offering record goes back to work."""
    actor = Actor.of(by)
    changes = {"gaps": [str(gap) for gap in gaps], "ended_at": timezone.now()}
    doors.fire(handover, "return", by=actor, note=note, version=version, changes=changes)
    _give_back(handover, actor)
    return handover


@transaction.atomic
def withdraw(handover: Handover, *, by: Actor | User, note: str = "", version: int | None = None) -> Handover:
    """The offering side takes its package back."""
    actor = Actor.of(by)
    doors.fire(handover, "withdraw", by=actor, note=note, version=version, changes={"ended_at": timezone.now()})
    _give_back(handover, actor)
    return handover


def _source(handover: Handover) -> StageRecord:
    """The record whose work was offered."""
    return apps.get_model(handover.source_kind)._default_manager.get(pk=handover.source_id)


def _release_holder(handover: Handover) -> None:
    """The offered record no longer waits for the receiver: what is left on it is its owner's."""
    record = _source(handover)
    steps.hold(record, user_id=record.owner_id, department_id=record.department_id)


def _give_back(handover: Handover, actor: Actor) -> None:
    record = _source(handover)
    _release_holder(handover)
    back = _returners.get(handover.source_kind)
    if back is not None:
        back(record, handover, by=actor)


def came_back(record: StageRecord) -> list[str]:
    """The targets whose last offer of this record was returned or withdrawn: it may be offered to them again."""
    offers = Handover.objects.filter(source_kind=record.record_kind(), source_id=record.pk).order_by("pk")
    last = dict(offers.values_list("target", "state"))
    return [target for target, state in last.items() if state in ("returned", "withdrawn")]


def require_no_open(record: StageRecord) -> None:
    """Refuse while an offer of this record is still waiting at the counter."""
    if Handover.objects.filter(source_kind=record.record_kind(), source_id=record.pk, state="offered").exists():
        raise Refused(_("An offer of this record still waits to be taken."))
