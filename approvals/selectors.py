"""Reading approvals: the rule that fits, the people behind a role, what is still asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Department, User
from approvals.models import ApprovalRequest, AuthorityRule, Decision, SpecialApproval
from core.calendar import today
from core.errors import Refused
from process.models import StageRecord
from process.models.case import holders_of
from process.services.evidence import Permit

# A rule may name, instead of a seat or role, the head of the record's department.
HEAD = "department_head"


def rule_for(record: StageRecord) -> AuthorityRule:
    """The lowest rule whose every dimension fits the record's measures; what is not known fits no limit.

    Raises Refused naming the gap where no rule fits: a missing rule blocks, it never lets pass.
    """
    measures = record.measures()
    amount, margin = measures.get("gross_amount"), measures.get("margin")
    for rule in AuthorityRule.objects.filter(document=record.record_kind(), is_active=True):
        if rule.up_to_amount is not None and (amount is None or abs(Decimal(amount)) > rule.up_to_amount):
            continue
        if rule.min_margin is not None and (margin is None or Decimal(margin) < rule.min_margin):
            continue
        return rule
    raise Refused(_("No authority rule covers this %(document)s.") % {"document": record._meta.verbose_name})


def people_for(role: str, record: StageRecord) -> list[int]:
    """User ids behind a seat, a role or HEAD for this record."""
    if role == HEAD:
        return _heads(record.department_id)
    return holders_of(record.case_id, role)


def _heads(department_id: int | None) -> list[int]:
    """The heads from the department up to the top, nearest first."""
    tree = Department.objects.values_list("pk", "parent_id", "head_id", "head__is_active")
    rows = {pk: (parent, head if active else None) for pk, parent, head, active in tree}
    found: list[int] = []
    while department_id in rows:
        department_id, head = rows[department_id]
        if head and head not in found:
            found.append(head)
    return found


def pending_request(record: StageRecord) -> ApprovalRequest | None:
    """The request that waits for a decision on the record."""
    return ApprovalRequest.objects.filter(
        document_kind=record.record_kind(), document_id=record.pk, state="pending"
    ).first()


def requests_of(record: StageRecord) -> QuerySet[ApprovalRequest]:
    """All requests on a record, newest first, with their decisions at hand."""
    found = ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk)
    return found.prefetch_related("decisions__decided_by", "decisions__on_behalf_of").order_by("-pk")


def last_decisions(record: StageRecord) -> list[Decision]:
    """Reviews and decision of the last request on a record, with the people, in one question."""
    last = ApprovalRequest.objects.filter(document_kind=record.record_kind(), document_id=record.pk).order_by("-pk")
    found = Decision.objects.filter(request=last.values("pk")[:1])
    return list(found.select_related("request", "decided_by", "on_behalf_of"))


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
