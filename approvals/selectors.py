"""Reading approvals: the rule that fits, the people behind a role, what is still asked."""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Delegation, Department, User
from approvals import authority
from approvals.models import NUDGE_HOURS, ApprovalRequest, AuthorityRule, Decision, Reminder, SpecialApproval
from core.calendar import add_working_hours, today
from core.errors import Refused
from process.models import StageRecord
from process.models.case import holders_of
from process.services.evidence import Permit

# A rule may name, instead of a seat or role, the head of the record's department.
HEAD = "department_head"


def rule_for(record: StageRecord, user: User | None = None) -> AuthorityRule:
    """The rule that decides on the record as it stands.

    Raises Refused naming the gap of each rule where none fits, with figures of cost only for a `user` who may see
    them: a missing rule blocks, it never lets pass.
    """
    measures = record.measures()
    judgement = authority.judge(record.record_kind(), record.department_id, measures)
    if judgement.rule is not None:
        return judgement.rule
    hidden = authority.hidden_from(user, record)
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


def requests_of(record: StageRecord) -> QuerySet[ApprovalRequest]:
    """All requests on a record, newest first, with their decisions at hand."""
    found = ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk)
    return found.prefetch_related("decisions__decided_by", "decisions__on_behalf_of", "decisions__step").order_by("-pk")


def last_decisions(record: StageRecord) -> list[Decision]:
    """Reviews and decision of the last request on a record, with the people, in one question."""
    last = ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk).order_by("-pk")
    found = Decision.objects.filter(request=last.values("pk")[:1])
    return list(found.select_related("request", "step", "decided_by", "on_behalf_of"))


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


def heads_above(one: Decision) -> list[int]:
    """Who is asked next when a step is late: the next head above those asked, else the fallback role.

    Never who submitted it, who is asked already, or who has left. Empty: nobody is left.
    """
    frozen = one.request.frozen_rule
    barred = {*frozen["submitters"], *one.assignees}
    departments = User.objects.filter(pk__in=one.assignees).order_by("pk").values_list("department_id", flat=True)
    for department_id in dict.fromkeys(departments):
        above = [pk for pk in _heads(department_id) if pk not in barred]
        if above:
            return above[:1]
    return [pk for pk in people_for(frozen["fallback"], one.request.document()) if pk not in barred]


def with_deputies(people: Collection[int]) -> set[int]:
    """These people (user ids) and whoever stands in for them today."""
    standing_in = Delegation.objects.filter(principal_id__in=people, during__contains=today())
    return {*people, *standing_in.values_list("deputy_id", flat=True)}


def reminders_of(request: ApprovalRequest) -> QuerySet[Reminder]:
    """Who was reminded of what on a request, oldest first."""
    return Reminder.objects.filter(decision__request=request).select_related("decision", "to")


def may_meet(decision: Decision, actor: Actor) -> bool:
    """Whether the actor may say that a condition is met: who submitted, who set it, or whom it was set for."""
    people = {decision.request.submitted_by_id, decision.decided_by_id, decision.on_behalf_of_id}
    return actor.user is not None and bool(actor.user.acting_ids & people)


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
        assignees__overlap=list(actor.user.acting_ids),
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
