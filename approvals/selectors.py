"""Reading approvals: the rule that fits, the people behind a role, what is still asked."""

from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Department
from approvals.models import ApprovalRequest, AuthorityRule, Decision
from core.errors import Refused
from process.models import StageRecord
from process.models.case import holders_of

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
