"""Reading approvals: the rule that fits, the people behind a role, what is still asked."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Delegation, Department, User
from approvals import authority, letters
from approvals.models import (
    NUDGE_HOURS,
    ApprovalRequest,
    AuthorityLetter,
    AuthorityRule,
    Decision,
    LetterLine,
    Reminder,
    SpecialApproval,
)
from core.calendar import add_working_hours, today
from core.errors import Refused
from process.models import StageRecord
from process.models.case import holders_of
from process.services.evidence import Permit

# A rule may name, instead of a seat or role, the head of the record's department.
HEAD = "department_head"


def judgement_of(
    record: StageRecord, measures: Mapping[str, Any], submitters: Collection[int], *, lock: bool = False
) -> authority.Judgement:
    """The rules held against a record with its figures, and the letters of those who would decide.

    `submitters` (user ids) never decide. With `lock` the letters stay as they are until the transaction ends.
    """
    kind = record.record_kind()

    def held(rule: AuthorityRule, role: str) -> authority.Held:
        return held_in(role, record, kind, measures, submitters, lock=lock)

    return authority.judge(kind, record.department_id, measures, held)


def held_in(
    role: str,
    record: "StageRecord | Question",
    document: str,
    measures: Mapping[str, Any],
    submitters: Collection[int] = (),
    *,
    lock: bool = False,
) -> authority.Held:
    """Who in a role may decide by letter on a record of a kind; of the heads the nearest who does."""
    people = [pk for pk in people_for(role, record) if pk not in submitters]
    found = letters.held(people, document, record.department_id, measures, lock=lock)
    if role == HEAD and len(found.lines) > 1:
        first = next(iter(found.lines))
        return authority.Held({first: found.lines[first]})
    return found


def next_by_letter(one: Decision, record: StageRecord) -> Mapping[int, LetterLine]:
    """Who may decide by letter where the letters of all who were asked have ended: by the role that was frozen at
    submit, else by its fallback role.
    """
    frozen = one.request.frozen_rule
    for role in (one.role, frozen["fallback"]):
        submitters, kind = frozen["submitters"], record.record_kind()
        lines = held_in(role, record, kind, record.measures(), submitters, lock=True).lines
        if lines:
            return lines
    return {}


def deciding_on(record: StageRecord, actor: Actor, *, lock: bool = False) -> authority.Judgement:
    """The rule that decides on the record as it stands, were the actor to submit it, and who does by which letter.

    Raises Refused naming the gap of each rule where none reaches, with figures of cost only for who may see them: a
    missing rule or letter blocks, it never lets pass.
    """
    measures = record.measures()
    judgement = judgement_of(record, measures, submitters_of(record, actor), lock=lock)
    if judgement.rule is not None:
        return judgement
    hidden = authority.hidden_from(actor.user, record)
    reasons = [_("No authority rule covers this %(document)s.") % {"document": record._meta.verbose_name}]
    for one in judgement.tried:
        gaps = "; ".join(one.gaps(measures, hidden))
        reasons.append(_("%(rule)s: %(gaps)s") % {"rule": one.rule.label, "gaps": gaps})
    raise Refused(reasons)


def rules() -> QuerySet[AuthorityRule]:
    """The rules in force, in the order in which they are held against a document of a layer."""
    return AuthorityRule.objects.filter(is_active=True).select_related("department")


@dataclass(frozen=True)
class Question:
    """A record that does not exist yet: nobody sits on its seats, and it belongs to a department, or to none."""

    department_id: int | None
    case_id: int | None = None


def people_for(role: str, record: "StageRecord | Question") -> list[int]:
    """User ids behind a seat, a role or HEAD for this record."""
    if role == HEAD:
        return _heads(record.department_id)
    return holders_of(record.case_id, role)


def submitters_of(record: StageRecord, actor: Actor) -> list[int]:
    """Whose request it is when the actor submits: a deputy submits for the owner too."""
    if actor.user is None:
        return []
    found = {actor.user.pk}
    if record.owner_id is not None and record.owner_id in actor.user.acting_ids:
        found.add(record.owner_id)
    return sorted(found)


def asked_as(role: str, fallback: str, record: "StageRecord | Question", submitters: Collection[int]) -> list[int]:
    """Who is asked in a role: never who submits; where nobody is left, the fallback role. Empty: nobody can decide."""
    for one in (role, fallback):
        people = [pk for pk in people_for(one, record) if pk not in submitters]
        if people:
            return people[:1] if role == HEAD else people
    return []


def _heads(department_id: int | None) -> list[int]:
    """The heads from the department up to the top, nearest first."""
    layers = authority.upward(department_id)
    heads = dict(Department.objects.filter(pk__in=layers, head__is_active=True).values_list("pk", "head_id"))
    return list(dict.fromkeys(heads[one] for one in layers if one in heads))


def pending_request(record: StageRecord) -> ApprovalRequest | None:
    """The request that waits for a decision on the record."""
    return ApprovalRequest.objects.filter(
        document_kind=record.record_kind(), document_id=record.pk, state="pending"
    ).first()


def act_asked(record: StageRecord, actor: Actor) -> str:
    """What answering is for this person now: "review" for an opinion, "approve" for the decision."""
    people = list(actor.user.acting_ids) if actor.user is not None else []
    opinions = Decision.objects.filter(
        request__document_kind=record.record_kind(),
        request__document_id=record.pk,
        request__state="pending",
        kind=Decision.Kind.REVIEW,
        step__isnull=False,
        decided_at__isnull=True,
        assignees__overlap=people,
    )
    return "review" if opinions.exists() else "approve"


def requests_of(record: StageRecord) -> QuerySet[ApprovalRequest]:
    """All requests on a record, newest first, with their decisions at hand."""
    found = ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk)
    asked = Decision.objects.select_related("decided_by", "on_behalf_of", "step", "letter")
    return found.prefetch_related(Prefetch("decisions", asked)).order_by("-pk")


def last_decisions(record: StageRecord) -> list[Decision]:
    """Reviews and decision of the last request on a record, with the people, in one question."""
    last = ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk).order_by("-pk")
    found = Decision.objects.filter(request=last.values("pk")[:1])
    return list(found.select_related("request", "step", "decided_by", "on_behalf_of", "letter"))


def open_conditions(record: StageRecord) -> list[Decision]:
    """Conditions of the last approval that are not met yet: they block what follows."""
    last = (
        ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk)
        .order_by("-pk")
        .first()
    )
    if last is None:
        return []
    waiting = last.decisions.exclude(conditions="").filter(met_at__isnull=True)
    return list(waiting.select_related("request", "decided_by"))


@dataclass(frozen=True)
class Waited:
    """One person whose answer to one opinion or decision is waited for, and from when on they may be nudged again."""

    decision: Decision
    user: User
    again_at: dt.datetime | None = None


def asked_now(record: StageRecord) -> list[Waited]:
    """Everybody whose answer on a record is waited for now; who has left the company is not."""
    waiting = Decision.objects.filter(
        request__document_kind=record.record_kind(),
        request__document_id=record.pk,
        request__state="pending",
        step__isnull=False,
        decided_at__isnull=True,
    )
    found = list(waiting.select_related("request", "step"))
    people = User.objects.filter(is_active=True).in_bulk({pk for one in found for pk in one.assignees})
    return [
        Waited(one, people[pk], again_at.get(pk))
        for one, again_at in zip(found, nudged_until(found), strict=True)
        for pk in one.assignees
        if pk in people
    ]


def nudged_until(decisions: Collection[Decision]) -> list[dict[int, dt.datetime]]:
    """{user id: when they may be nudged again} for each decision; only those who were nudged."""
    rows = Reminder.objects.filter(decision__in=decisions, kind=Reminder.Kind.NUDGE).order_by("pk")
    last = {(row.decision_id, row.to_id): row.at for row in rows}
    return [
        {
            pk: add_working_hours(at, one.request.frozen_rule.get("nudge_hours", NUDGE_HOURS))
            for (decision_id, pk), at in last.items()
            if decision_id == one.pk
        }
        for one in decisions
    ]


def heads_above(one: Decision) -> Mapping[int, LetterLine | None]:
    """Who is asked next when a step is late, with the letter by which they decide where the rule asks for one: the
    next head above those asked, else the fallback role.

    Never who submitted it, who is asked already, whose letter does not cover it, or who has left. Empty: nobody is
    left.
    """
    frozen = one.request.frozen_rule
    record = one.request.document()
    barred = {*frozen["submitters"], *one.assignees}
    departments = User.objects.filter(pk__in=one.assignees).order_by("pk").values_list("department_id", flat=True)
    above = [_heads(department_id) for department_id in dict.fromkeys(departments)]
    needs_letter = frozen.get("needs_letter") and one.kind == Decision.Kind.DECISION
    for people, count in (*((heads, 1) for heads in above), (people_for(frozen["fallback"], record), None)):
        left = [pk for pk in people if pk not in barred]
        lines: Mapping[int, LetterLine] = {}
        if needs_letter:
            lines = letters.held(left, record.record_kind(), record.department_id, record.measures(), lock=True).lines
            left = list(lines)
        if left:
            return {pk: lines.get(pk) for pk in left[:count]}
    return {}


def with_deputies(people: Collection[int], document: str) -> set[int]:
    """These people (user ids) and whoever stands in for them today in decisions on a kind of document."""
    reach = Q(documents=[]) | Q(documents__contains=[document])
    standing_in = Delegation.objects.filter(reach, principal_id__in=people, during__contains=today())
    return {*people, *standing_in.values_list("deputy_id", flat=True)}


def reminders_of(request: ApprovalRequest) -> QuerySet[Reminder]:
    """Who was reminded of what on a request, oldest first."""
    return Reminder.objects.filter(decision__request=request).select_related("decision", "to")


def asked_under(letter: AuthorityLetter) -> list[Decision]:
    """What somebody is still asked to decide by this letter."""
    waiting = Decision.objects.filter(
        request__state="pending", decided_at__isnull=True, letters__has_key=str(letter.grantee_id)
    )
    found = waiting.select_related("request", "step").order_by("pk")
    return [one for one in found if one.letters[str(letter.grantee_id)]["id"] == letter.pk]


def may_meet(decision: Decision, actor: Actor) -> bool:
    """Whether the actor may say that a condition is met: who submitted, who set it, or whom it was set for."""
    people = {decision.request.submitted_by_id, decision.decided_by_id, decision.on_behalf_of_id}
    return actor.user is not None and bool(actor.user.deciding_for(decision.request.document_kind) & people)


def may_meet_any(record: StageRecord, actor: Actor) -> bool:
    """Whether a condition of the record is open that the actor may say is met."""
    return any(may_meet(one, actor) for one in open_conditions(record))


def approved_request(record: StageRecord) -> ApprovalRequest | None:
    """The last request when it was approved: the proof that a gate is passed."""
    last = requests_of(record).first()
    return last if last is not None and last.state == "approved" else None


def was_asked(record: StageRecord, actor: Actor) -> bool:
    """Whether the actor was ever asked about the record: for those who answer after somebody else has decided."""
    if actor.user is None:
        return False
    return Decision.objects.filter(
        request__document_kind=record.record_kind(),
        request__document_id=record.pk,
        assignees__overlap=list(actor.user.deciding_for(record.record_kind())),
    ).exists()


def has_rule(document: str) -> bool:
    """Whether a rule says who decides on documents of this kind ("contracts.contract")."""
    return AuthorityRule.objects.filter(document=document, is_active=True).exists()


def permits(case_id: int) -> Iterator[Permit]:
    """What the special approvals in force today let pass on a case, thing by thing."""
    granted = SpecialApproval.objects.filter(case_id=case_id, state="granted", expires_on__gte=today()).order_by("pk")
    found = list(granted)
    if not found:
        return
    decided = Decision.objects.filter(
        kind=Decision.Kind.DECISION,
        request__document_kind=SpecialApproval.record_kind(),
        request__document_id__in=[one.pk for one in found],
    )
    by = {
        one.request.document_id: str(one.on_behalf_of or one.decided_by)
        for one in decided.select_related("request", "decided_by", "on_behalf_of")
    }
    for one in found:
        for key in sorted(one.keys):
            yield Permit(
                kind=one.document_kind,
                object_id=one.document_id,
                action=one.action,
                key=key,
                code=one.code,
                url=one.get_absolute_url(),
                by=by.get(one.pk, ""),
                until=one.expires_on,
            )


@dataclass(frozen=True)
class Leader:
    """How many special approvals one person has granted this year, and what is owed on them."""

    name: str
    granted: int
    conditions_open: int
    conditions_overdue: int


def leaders(user: User) -> list[Leader]:
    """Special approvals granted since the year began, as far as `user` may see them, by who granted them.

    A condition is overdue when the special approval it was set for has come to its end.
    """
    seen = SpecialApproval.objects.visible_to(user).filter(approved_at__year=today().year)
    end = SpecialApproval.objects.filter(pk=OuterRef("request__document_id")).values("expires_on")
    given = Decision.objects.filter(
        kind=Decision.Kind.DECISION,
        request__state="approved",
        request__document_kind=SpecialApproval.record_kind(),
        request__document_id__in=seen.values("pk"),
    )
    owed = ~Q(conditions="") & Q(met_at__isnull=True)
    rows = (
        given.annotate(leader=Coalesce("on_behalf_of", "decided_by"), end=Subquery(end))
        .order_by()
        .values("leader")
        .annotate(
            granted=Count("pk"),
            waiting=Count("pk", filter=owed),
            overdue=Count("pk", filter=owed & Q(end__lt=today())),
        )
        .order_by("-granted", "leader")
    )
    found = list(rows)
    names = User.objects.in_bulk([row["leader"] for row in found]) if found else {}
    return [Leader(str(names[row["leader"]]), row["granted"], row["waiting"], row["overdue"]) for row in found]
