"""Reads of guidance for the stages above."""

from django.db.models import QuerySet

from guidance.models import GuidancePlan, Requirement


def plan_of(project_id: int) -> GuidancePlan | None:
    """The plan of a project that is in force."""
    return GuidancePlan.objects.filter(project_id=project_id).exclude(state="cancelled").first()


def baseline(project_id: int) -> QuerySet[Requirement]:
    """The requirements agreed with the customer, once the plan is concluded."""
    return Requirement.objects.filter(plan__project_id=project_id, plan__state="concluded").order_by("number")
