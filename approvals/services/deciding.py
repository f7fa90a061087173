"""Submitting, reviewing and deciding. The kernel of approvals answers, the record's own app acts."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals import authority, letters, selectors
from approvals.models import ApprovalRequest, AuthorityLetter, AuthorityRule, Decision, LetterLine
from core.calendar import due, today
from core.errors import NotAllowed, Refused
from process import access, segregation
from process.machine import message_id
from process.models import CaseRecord, StageRecord
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
    ask(record, by=actor)
    return record


@transaction.atomic
def ask(record: StageRecord, *, by: Actor) -> ApprovalRequest:
    """Ask for the decision on a record that has just been submitted, or was opened to be decided on.

    Raises Refused where no rule fits or nobody may decide.
    """
    judgement = selectors.deciding_on(record, by, lock=True)
    rule = judgement.rule
    assert rule is not None
    snapshot = snapshot_of(record)
    request = ApprovalRequest(
        case_id=record.case_id,
        title=record.title,
        owner=by.user,
        department_id=record.department_id,
        document_kind=record.record_kind(),
        document_id=record.pk,
        rule=rule,
        frozen_rule=_frozen(rule, record, by),
        snapshot=snapshot,
        digest=_digest(snapshot),
        facts=[[message_id(label), value] for label, value in record.decision_facts(by)],
        submitted_by=by.user,
    )
    doors.open(request, by=by)
    for role in rule.reviewers:
        _plan(request, record, Decision.Kind.REVIEW, role)
    _plan(request, record, Decision.Kind.DECISION, rule.decider, judgement.lines)
    _ask_next(request, record)
    return request


def _frozen(rule: AuthorityRule, record: StageRecord, actor: Actor) -> dict[str, Any]:
    """The rule as it is at this moment, and whose request it is."""
    return {
        "reviewers": rule.reviewers,
        "decider": rule.decider,
        "fallback": rule.fallback,
        "needs_letter": rule.needs_letter,
        "hours": rule.hours,
        "nudge_hours": rule.nudge_hours,
        "remind_percent": rule.remind_percent,
        "escalate_hours": rule.escalate_hours,
        "zh": rule.zh,
        "department": rule.department_id,
        "limits": {one.limit: doors.plain(getattr(rule, one.limit)) for one in authority.DIMENSIONS},
        "submitters": selectors.submitters_of(record, actor),
    }


def _plan(
    request: ApprovalRequest,
    record: StageRecord,
    kind: str,
    role: str,
    lines: Mapping[int, LetterLine] | None = None,
) -> Decision:
    """Resolve a role into people now: the submitter never decides, an empty role falls back, never passes.

    Nor does who may not by the segregation of duties. Where letters are asked for, those who decide by one are known
    already, each with the line of it.
    """
    frozen = request.frozen_rule
    barred = segregation.barred_people(record, "review" if kind == Decision.Kind.REVIEW else "approve")
    if lines:
        lines = {pk: line for pk, line in lines.items() if pk not in barred}
        people = list(lines)
    else:
        people = selectors.asked_as(role, frozen["fallback"], record, {*frozen["submitters"], *barred})
    if not people:
        label = _("department head") if role == selectors.HEAD else counter.receiver_label(role)
        raise Refused(_("Nobody can decide as %(role)s.") % {"role": label})
    kept = {str(pk): letters.kept(line) for pk, line in (lines or {}).items()}
    return Decision.objects.create(request=request, kind=kind, role=role, assignees=people, letters=kept)


def _ask_next(request: ApprovalRequest, record: StageRecord) -> None:
    """Reviews run in parallel; when the last opinion is in, the decision is asked for."""
    undecided = [one for one in request.decisions.all() if one.decided_at is None]
    wanted = [one for one in undecided if one.kind == Decision.Kind.REVIEW] or undecided
    limit = due(timezone.now(), request.frozen_rule["hours"], "working")
    for one in wanted:
        if one.step_id is not None:
            continue
        one.step = process_steps.ask(record, assignees=one.assignees, due_at=limit)
        one.save(update_fields=["step"])
        tell_asked(one, record, one.assignees, f"decision:{one.pk}")
    # The record waits for the first of those asked; who has been waited for already goes on being waited for.
    asked = [pk for one in wanted for pk in one.assignees]
    held = CaseRecord.objects.filter(kind=record.record_kind(), object_id=record.pk)
    if asked and held.values_list("holder_id", flat=True).first() not in asked:
        process_steps.hold(record, user_id=asked[0], department_id=department_of(asked[0]))


def tell_asked(one: Decision, record: StageRecord, people: Collection[int], key: str) -> None:
    """Tell people (user ids), once per `key`, that a record waits for their opinion or decision."""
    notify(
        people,
        gettext_noop("%(record)s waits for your %(kind)s"),
        key=key,
        params={"record": str(record)},
        words={"kind": message_id(Decision.Kind(one.kind).label)},
        link=record.get_absolute_url(),
    )


def department_of(user_id: int) -> int | None:
    """The department (id) of a person."""
    return User.objects.filter(pk=user_id).values_list("department_id", flat=True).first()


def _my_step(record: StageRecord, actor: Actor, *kinds: str) -> tuple[ApprovalRequest, Decision]:
    """The running request and the step of it that the actor may answer; the case is locked from here on.

    Raises Refused where nothing is asked (any longer), NotAllowed for anybody not asked and for the submitter.
    """
    lock_case(record.case_id)
    request = selectors.pending_request(record)
    if request is None:
        raise Refused(_("No decision is asked for on this record."))
    if actor.user is None or actor.user_id in request.frozen_rule["submitters"]:
        raise NotAllowed(_("The submitter cannot decide on the own request."))
    people = actor.user.deciding_for(record.record_kind())
    asked = [
        one
        for one in request.decisions.filter(decided_at__isnull=True, step__isnull=False)
        if one.kind in kinds and people & set(one.assignees)
    ]
    if not asked:
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    # Asked twice, in person and for somebody else: the own answer comes first.
    one = min(asked, key=lambda one: (actor.user_id not in one.assignees, one.pk))
    _name_decider(one, actor.user, people)
    return request, one


def _name_decider(one: Decision, user: User, people: Collection[int]) -> None:
    """Set who answers, for whom, and by which letter; a deputy never reaches further than the principal's letter.

    Raises NotAllowed where the letter does not count today.
    """
    principal = user.pk if user.pk in one.assignees else next(pk for pk in one.assignees if pk in people)
    one.decided_by = user
    if principal != user.pk:
        one.on_behalf_of = User.objects.get(pk=principal)
    kept = one.letters.get(str(principal))
    if kept is None:
        return
    one.letter = AuthorityLetter.objects.get(pk=kept["id"])
    if not one.letter.counts_on(today()):
        raise NotAllowed(_("%(letter)s is not in force today.") % {"letter": one.letter.code})


def _decide(
    one: Decision, record: StageRecord, actor: Actor, opinion: str, comment: str, conditions: str = ""
) -> Actor:
    """Write the answer down; gives the actor as the log names them: a deputy as "B for A"."""
    one.opinion, one.comment, one.conditions = opinion, comment, conditions
    one.decided_at = timezone.now()
    one.save()
    named = actor.standing_in_for(one.on_behalf_of) if one.on_behalf_of else actor
    process_steps.close_ask(record, by=named, step_id=one.step_id)
    return named


def _require_unchanged(request: ApprovalRequest, record: StageRecord) -> None:
    now, asked = snapshot_of(record), request.snapshot["measures"]
    # A figure that was not measured yet when it was submitted is no change.
    now["measures"] = {name: value for name, value in now["measures"].items() if name in asked}
    if _digest(now) != request.digest:
        raise Refused(
            _("What was submitted has changed since. Please send it back, so that the right figures are decided on.")
        )


def _require_complete(kind: str, opinion: str, note: str, conditions: str) -> None:
    """An answer that says too little is asked for again."""
    if opinion == Decision.Opinion.CONDITIONAL and not conditions.strip():
        raise Refused(_("Please name the conditions."))
    if opinion == Decision.Opinion.DISAGREE and not note.strip():
        raise Refused(_("Please give a reason."))
    if kind == Decision.Kind.DECISION and opinion == Decision.Opinion.DISAGREE:
        raise Refused(_("To decide against it, reject it or send it back."))


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
    """Give the opinion or the decision that is asked for; with the decision the record becomes approved.

    Conditions are kept and block what follows until they are met. Raises NotAllowed for anybody not asked; Refused
    when it is decided already, when an answer lacks its reason, and when what was submitted has changed; Stale when
    `version`, the row version the reader saw, is no longer the current one: an opinion is about what was read.
    """
    actor = Actor.of(by)
    if not access.may(record, "approve", actor) and not selectors.was_asked(record, actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    request, one = _my_step(record, actor, Decision.Kind.REVIEW, Decision.Kind.DECISION)
    doors.lock(record, version)
    _require_complete(one.kind, opinion, note, conditions)
    record.refresh_from_db()
    _require_unchanged(request, record)
    kept = conditions if opinion == Decision.Opinion.CONDITIONAL else ""
    if one.kind == Decision.Kind.REVIEW:
        _review(request, one, record, actor, opinion, note, kept)
        return record
    # The door checks the actor against the step, so it fires before the step is closed.
    doors.fire(record, "approve", by=actor, note=note, version=version)
    named = _decide(one, record, actor, opinion, note, kept)
    doors.fire(request, "approve", by=named, note=note, changes={"ended_at": timezone.now()})
    return record


def _review(
    request: ApprovalRequest, one: Decision, record: StageRecord, actor: Actor, opinion: str, note: str, conditions: str
) -> None:
    """Keep an opinion; after the last one the decision is asked for."""
    if barred := doors.bars(record, "review", actor):
        raise Refused(barred)
    named = _decide(one, record, actor, opinion, note, conditions)
    write_log(
        lock_case(record.case_id),
        kind=record.record_kind(),
        object_id=record.pk,
        action=f"{record.noun()}.review",
        by=named,
        note=note,
        changes={"opinion": ["", opinion], "conditions": ["", conditions]},
    )
    _ask_next(request, record)


@transaction.atomic
def reject(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """The authorised decider says no; ends the request and, by its machine, the record."""
    actor = Actor.of(by)
    request, one = _my_step(record, actor, Decision.Kind.DECISION)
    doors.fire(record, "reject", by=actor, note=note, version=version)
    actor = _decide(one, record, actor, Decision.Opinion.DISAGREE, note)
    _end(request, record, "reject", actor, note)
    return record


@transaction.atomic
def send_back(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """Any asked person returns it to the submitter to be changed."""
    actor = Actor.of(by)
    request, one = _my_step(record, actor, Decision.Kind.REVIEW, Decision.Kind.DECISION)
    doors.fire(record, "send_back", by=actor, note=note, version=version)
    actor = _decide(one, record, actor, Decision.Opinion.SEND_BACK, note)
    _end(request, record, "send_back", actor, note)
    return record


@transaction.atomic
def withdraw(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """The submitter takes it back; only before the first opinion or decision."""
    actor = Actor.of(by)
    if not access.may(record, "withdraw", actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
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
    """Say that a condition of an approval is met; the submitter or the one who set it may."""
    actor = Actor.of(by)
    request = ApprovalRequest.objects.get(pk=decision.request_id)
    case = lock_case(request.case_id)
    decision.refresh_from_db()
    if not decision.conditions:
        raise Refused(_("No condition was set."))
    if not selectors.may_meet(decision, actor):
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


@transaction.atomic
def meet(record: Record, *, decision: Decision, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """The act `meet_condition` of every record whose verbs wait for the conditions of its approval.

    Raises NotAllowed, Refused for the condition of another record, Stale.
    """
    doors.lock(record, version)
    if (decision.request.document_kind, decision.request.document_id) != (record.record_kind(), record.pk):
        raise Refused(_("This condition belongs to another record."))
    meet_condition(decision, by=by, note=note)
    return record
