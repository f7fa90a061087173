"""Reads of leads for pages above."""

from dataclasses import dataclass

from accounts.models import User
from leads.models import Lead


@dataclass(frozen=True)
class Holdings:
    """What a person has in hand, for the home page."""

    held: int
    overdue: int
    unanswered: int
    pooled: int


def lead_of(case_id: int) -> Lead | None:
    """The lead a case began with; the one that was not merged away."""
    return Lead.objects.filter(case_id=case_id).exclude(state="merged").order_by("pk").first()


def holdings(user: User) -> Holdings:
    """How many leads wait for a person, and how many lie in the pool."""
    mine = Lead.objects.filter(owner_id__in=user.acting_ids)
    return Holdings(
        held=mine.held().count(),
        overdue=mine.next_act_overdue().count(),
        unanswered=mine.unanswered().count(),
        pooled=Lead.objects.visible_to(user).filter(state="pooled")[:1000].count(),
    )
