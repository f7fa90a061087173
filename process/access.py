"""Who may do what: the one answer that pages, API and doors share."""

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from accounts import standing
from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from process import catalogue
from process.machine import Verb, verbs_of
from process.models import Seat, StageRecord, StepRecord
from process.models.case import CASE_ONLY, SEATS

if TYPE_CHECKING:
    from collections.abc import Iterable


def seats_of(case_id: int | None, actor: Actor) -> frozenset[str]:
    """The seats the actor (or those the actor deputises for) holds on a case."""
    if actor.user is None or case_id is None or actor.user.duty:
        return frozenset()
    held = actor.user.__dict__.setdefault("_seats", {})
    if case_id not in held:
        held[case_id] = frozenset(
            Seat.objects.current()
            .filter(case_id=case_id, user_id__in=actor.user.acting_ids)
            .values_list("role", flat=True)
        )
    return held[case_id]


def sitting(case_id: int, actor: Actor) -> dict[str, Seat]:
    """Who sits on a case now, by seat; the actor's own seats on it are known from the same question."""
    seats = list(Seat.objects.current().filter(case_id=case_id).select_related("user"))
    if actor.user is not None and not actor.user.duty:
        mine = frozenset(seat.role for seat in seats if seat.user_id in actor.user.acting_ids)
        actor.user.__dict__.setdefault("_seats", {})[case_id] = mine
    return {seat.role: seat for seat in seats}


def read_seats(case_ids: "Iterable[int]", actor: Actor) -> None:
    """Read the actor's seats on many cases (and their process versions) at once: a page of records asks one time."""
    case_ids = set(case_ids)
    catalogue.read_cases(case_ids)
    if actor.user is None:
        return
    held: dict[int, set[str]] = {case_id: set() for case_id in case_ids}
    seats = Seat.objects.current().filter(case_id__in=held, user_id__in=actor.user.acting_ids)
    for case_id, role in seats.values_list("case_id", "role"):
        held[case_id].add(role)
    known = actor.user.__dict__.setdefault("_seats", {})
    known.update({case_id: frozenset(roles) for case_id, roles in held.items()})


def assigned_among(model: type[StageRecord], pks: "Iterable[int]", actor: Actor, verb: str = "approve") -> set[int]:
    """Those of many records on which a running decision waits for this actor."""
    if actor.user is None:
        return set()
    steps = StepRecord.objects.filter(
        kind=model.record_kind(),
        object_id__in=pks,
        verb=verb,
        state=StepRecord.State.OPEN,
        assignees__overlap=list(actor.user.deciding_for(model.record_kind())),
    )
    return {pk for pk in steps.values_list("object_id", flat=True) if pk is not None}


def is_assigned(record: StageRecord, actor: Actor, verb: str = "approve") -> bool:
    """Whether a running decision on the record waits for this actor (or for someone the actor deputises for)."""
    if actor.user is None or record.pk is None:
        return False
    return StepRecord.objects.filter(
        kind=record.record_kind(),
        object_id=record.pk,
        verb=verb,
        state=StepRecord.State.OPEN,
        assignees__overlap=list(actor.user.deciding_for(record.record_kind())),
    ).exists()


def _fits(word: str, record: StageRecord, actor: Actor) -> bool:
    """Whether the actor is what `word` says."""
    if word == "system":
        return actor.is_system
    if actor.user is None or not actor.user.is_active or actor.user.duty:
        return False  # the three administrators have no part in any deal
    if word == "anyone":
        return True
    if word == "owner":
        return record.owner_id in actor.user.acting_ids
    if word == "submitter":
        return getattr(record, "submitted_by_id", None) in actor.user.acting_ids
    if word == "approver":
        return is_assigned(record, actor)
    if word.startswith("@"):
        return bool(getattr(record, word[1:])(actor))
    if word in SEATS and word in seats_of(record.case_id, actor):
        return True
    return word not in CASE_ONLY and actor.user.has_role(word)


def may_any(words: "Iterable[str]", record: StageRecord, actor: Actor) -> bool:
    """Whether the actor is one of `words`."""
    return any(_fits(word, record, actor) for word in words)


def who_may(record: StageRecord | type[StageRecord], spec: Verb) -> tuple[str, ...]:
    """The words that allow a verb: the published catalogue when it speaks of it, else the machine."""
    case_id = None if isinstance(record, type) else record.case_id
    override = catalogue.who_for(f"{record.noun()}.{spec.name}", case_id)
    return tuple(override) if override else spec.who


def takes_part(record: StageRecord, actor: Actor) -> bool:
    """Whether the actor works on the record or its case, rather than only reading it."""
    words = ("owner", "approver", *record.edit_who)
    return bool(seats_of(record.case_id, actor)) or may_any(words, record, actor)


def may_attach(record: StageRecord, actor: Actor) -> bool:
    """Whether the actor may hang a file on the record; an ended one is left to the keepers of the papers."""
    if record.state in record.states.ends:
        return may_any(("finance", "pfc"), record, actor)
    return takes_part(record, actor)


def words_for(record: StageRecord, verb: str) -> tuple[str, ...]:
    """Who may fire `verb`, also "open" and "edit", which the system may do in its own jobs."""
    if verb == "open":
        return (*record.open_who, "system")
    if verb == "edit":
        return (*record.edit_who, "system")
    return who_may(record, verbs_of(type(record))[verb])


def may(record: StageRecord, verb: str, actor: Actor) -> bool:
    """Whether the actor may fire `verb` on the record, whatever its state; also "open" and "edit"."""
    return may_any(words_for(record, verb), record, actor)


def named(words: "Iterable[str]", record: StageRecord, actor: Actor) -> Actor:
    """The actor as the log names them, being one of `words`: "B for A" where only A's standing allows the act."""
    user = actor.user
    people = user.deciding_for(record.record_kind()) if user is not None else ()
    if user is None or len(people) == 1 or may_any(words, record, _alone(actor, user.pk)):
        return actor
    for principal in User.objects.filter(pk__in=set(people) - {user.pk}).order_by("pk"):
        if may_any(words, record, _alone(actor, principal.pk)):
            return actor.standing_in_for(principal)
    return actor


def _alone(actor: Actor, user_id: int) -> Actor:
    """The actor with the standing of one person only: the own one, or that of one principal."""
    user = copy.copy(actor.user)
    assert user is not None
    user.__dict__.pop("_seats", None)
    user.__dict__["standing"] = standing.read(user.pk, user.department_id, today(), alone=user_id)
    return replace(actor, user=user)
