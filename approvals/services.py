"""Submitting, reviewing and deciding. The kernel of approvals answers, the record's own app acts."""

import hashlib
import json
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals import selectors
from approvals.models import ApprovalRequest, Decision
from core.calendar import due
from core.errors import NotAllowed, Refused
from process import access
from process.machine import message_id
from process.models import StageRecord, StepRecord
from process.services import counter, doors
from process.services import steps as process_steps
from process.services.log import lock_case, write_log

Record = TypeVar("Record", bound=StageRecord)


def snapshot_of(record: StageRecord) -> dict[str, Any]:
    """The watched fields' values as JSON; a change of them voids the request."""
    values = {name: doors.plain(getattr(record, name)) for name in record.watched_fields}
    values["measures"] = {name: str(value) for name, value in sorted(record.measures().items())}
    return values


def _digest(snapshot: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(snapshot, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def submit(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """Submit a record: freeze rule, people and figures, and ask the reviewers (or the decider at once).

    Raises Refused where no rule fits or nobody may decide.
    """
    actor = Actor.of(by)
    doors.fire(record, "submit", by=actor, note=note, version=version)
    rule = selectors.rule_for(record)
    snapshot = snapshot_of(record)
    request = ApprovalRequest(
        case_id=record.case_id,
        title=record.title,
        owner=actor.user,
        department_id=record.department_id,
        document_kind=record.record_kind(),
        document_id=record.pk,
        rule=rule,
        frozen_rule={"reviewers": rule.reviewers, "decider": rule.decider, "fallback": rule.fallback, "zh": rule.zh},
        snapshot=snapshot,
        digest=_digest(snapshot),
        facts=[[message_id(label), value] for label, value in record.decision_facts(actor)],
        submitted_by=actor.user,
    )
    doors.open(request, by=actor)
    for role in rule.reviewers:
        _plan(request, record, Decision.Kind.REVIEW, role, actor)
    _plan(request, record, Decision.Kind.DECISION, rule.decider, actor)
    _ask_next(request, record)
    return record


def _plan(request: ApprovalRequest, record: StageRecord, kind: str, role: str, actor: Actor) -> Decision:
    """Resolve a role into people now: the submitter never decides, an empty role falls back, never passes."""
    people = [pk for pk in selectors.people_for(role, record) if pk != actor.user_id]
    if not people:
        people = [pk for pk in selectors.people_for(request.frozen_rule["fallback"], record) if pk != actor.user_id]
    if not people:
        raise Refused(_("Nobody can decide as %(role)s.") % {"role": counter.receiver_label(role)})
    if role == "department_head":
        people = people[:1]
    return Decision.objects.create(request=request, kind=kind, role=role, assignees=people)


def _ask_next(request: ApprovalRequest, record: StageRecord) -> None:
    """Reviews run in parallel; when the last opinion is in, the decision is asked for."""
    undecided = [one for one in request.decisions.all() if one.decided_at is None]
    reviews = [one for one in undecided if one.kind == Decision.Kind.REVIEW]
    wanted = reviews or undecided
    limit = due(timezone.now(), request.rule.hours, "working")
    for one in wanted:
        if one.step_id is not None:
            continue
        one.step = process_steps.ask(record, assignees=one.assignees, due_at=limit)
        one.save(update_fields=["step"])
        notify(
            one.assignees,
            gettext_noop("%(record)s waits for your %(kind)s"),
            key=f"decision:{one.pk}",
            params={"record": str(record)},
            words={"kind": "Decision" if one.kind == Decision.Kind.DECISION else "Review"},
            link=record.get_absolute_url(),
        )
    if wanted:
        process_steps.hold(record, user_id=wanted[0].assignees[0], department_id=_department(wanted[0].assignees[0]))


def _department(user_id: int) -> int | None:
    return User.objects.filter(pk=user_id).values_list("department_id", flat=True).first()


def _my_step(record: StageRecord, actor: Actor, *, kinds: tuple[str, ...]) -> tuple[ApprovalRequest, Decision]:
    """The running request and the step of it that the actor may answer, both locked by the case."""
    lock_case(record.case_id)
    request = selectors.pending_request(record)
    if request is None:
        raise Refused(_("No decision is asked for on this record."))
    if actor.user is None or request.submitted_by_id == actor.user_id:
        raise NotAllowed(_("The submitter cannot decide on the own request."))
    for one in request.decisions.filter(decided_at__isnull=True, step__isnull=False).select_for_update():
        if one.kind in kinds and actor.user.acting_ids & set(one.assignees):
            return request, one
    raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})


def _decide(one: Decision, record: StageRecord, actor: Actor, opinion: str, comment: str, conditions: str) -> None:
    user = actor.user
    assert user is not None
    one.opinion, one.comment, one.conditions = opinion, comment, conditions
    one.decided_by, one.decided_at = user, timezone.now()
    if user.pk not in one.assignees:
        one.on_behalf_of_id = next(pk for pk in one.assignees if pk in user.acting_ids)
    one.save()
    process_steps.close_ask(record, by=actor, step_id=one.step_id)


def _require_unchanged(request: ApprovalRequest, record: StageRecord) -> None:
    if _digest(snapshot_of(record)) != request.digest:
        raise Refused(
            _("What was submitted has changed since. Please send it back, so that the right figures are decided on.")
        )


@transaction.atomic
def sign_off(
    record: StageRecord, *, by: Actor | User, opinion: str = "agree", note: str = "", conditions: str = ""
) -> bool:
    """Give an opinion or the decision; True when the request is now approved and the record's verb may fire.

    Conditions are kept and block what follows until they are met.
    """
    actor = Actor.of(by)
    if opinion == Decision.Opinion.CONDITIONAL and not conditions.strip():
        raise Refused(_("Please name the conditions."))
    if opinion == Decision.Opinion.DISAGREE and not note.strip():
        raise Refused(_("Please give a reason."))
    request, one = _my_step(record, actor, kinds=(Decision.Kind.REVIEW, Decision.Kind.DECISION))
    record.refresh_from_db()
    _require_unchanged(request, record)
    if one.kind == Decision.Kind.DECISION and opinion == Decision.Opinion.DISAGREE:
        raise Refused(_("To decide against it, reject it or send it back."))
    conditional = conditions if opinion == Decision.Opinion.CONDITIONAL else ""
    _decide(one, record, actor, opinion, note, conditional)
    if one.kind == Decision.Kind.DECISION:
        doors.fire(request, "approve", by=actor, note=note, changes={"ended_at": timezone.now()})
        return True
    case = lock_case(record.case_id)
    write_log(
        case,
        kind=record.record_kind(),
        object_id=record.pk,
        action=f"{record.noun()}.review",
        by=actor,
        note=note,
        changes={"opinion": ["", opinion], "conditions": ["", conditional]},
    )
    _ask_next(request, record)
    return False


@transaction.atomic
def approve(
    record: Record,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> Record:
    """Give the opinion or decision; when the last one is in, the record becomes approved."""
    actor = Actor.of(by)
    if not access.may(record, "approve", actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    asked = StepRecord.objects.filter(kind=record.record_kind(), object_id=record.pk, state="open", verb="approve")
    last = asked.count() == 1
    pending = selectors.pending_request(record)
    undecided = pending.decisions.filter(decided_at__isnull=True).count() if pending else 0
    if last and undecided == 1:
        # The door checks the actor against the step, so it must fire before the step is closed.
        doors.fire(record, "approve", by=actor, note=note, version=version)
    sign_off(record, by=actor, opinion=opinion, note=note, conditions=conditions)
    return record


@transaction.atomic
def reject(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """The authorised decider says no; ends the request and, by its machine, the record."""
    actor = Actor.of(by)
    request, one = _my_step(record, actor, kinds=(Decision.Kind.DECISION,))
    doors.fire(record, "reject", by=actor, note=note, version=version)
    _decide(one, record, actor, Decision.Opinion.DISAGREE, note, "")
    _end(request, record, "reject", actor, note)
    return record


@transaction.atomic
def send_back(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """Any asked person returns it to the submitter to be changed."""
    actor = Actor.of(by)
    request, one = _my_step(record, actor, kinds=(Decision.Kind.REVIEW, Decision.Kind.DECISION))
    doors.fire(record, "send_back", by=actor, note=note, version=version)
    _decide(one, record, actor, Decision.Opinion.SEND_BACK, note, "")
    _end(request, record, "send_back", actor, note)
    return record


@transaction.atomic
def withdraw(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """The submitter takes it back; only before the first opinion or decision."""
    actor = Actor.of(by)
    lock_case(record.case_id)
    request = selectors.pending_request(record)
    if request is not None and request.decisions.filter(decided_at__isnull=False).exists():
        raise Refused(_("An opinion has been given already: ask for it to be sent back."))
    doors.fire(record, "withdraw", by=actor, note=note, version=version)
    if request is not None:
        _end(request, record, "withdraw", actor, note)
    return record


def _end(request: ApprovalRequest, record: StageRecord, verb: str, actor: Actor, note: str) -> None:
    process_steps.close_ask(record, by=actor)
    doors.fire(request, verb, by=actor, note=note, changes={"ended_at": timezone.now()})


@transaction.atomic
def void(record: StageRecord, *, by: Actor | User, note: str = "") -> bool:
    """A watched value changed while a decision was asked for: the request falls. True when there was one."""
    actor = Actor.of(by)
    lock_case(record.case_id)
    request = selectors.pending_request(record)
    if request is None:
        return False
    _end(request, record, "void", actor, note)
    return True


@transaction.atomic
def meet_condition(decision: Decision, *, by: Actor | User, note: str = "") -> Decision:
    """Say that a condition of an approval is met; the record's owner or the one who set it may."""
    actor = Actor.of(by)
    request = ApprovalRequest.objects.get(pk=decision.request_id)
    case = lock_case(request.case_id)
    if actor.user is None or not actor.user.acting_ids & {request.submitted_by_id, decision.decided_by_id}:
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    if decision.met_at is None:
        decision.met_at, decision.met_by = timezone.now(), actor.user
        decision.save(update_fields=["met_at", "met_by"])
        write_log(
            case,
            kind=request.document_kind,
            object_id=request.document_id,
            action="decision.meet_condition",
            by=actor,
            note=note,
            changes={"conditions": [decision.conditions, "met"]},
        )
    return decision
