"""What guidance takes over from initiation: the approved project and its goals."""

from typing import Any

from accounts.actor import Actor
from accounts.models import User
from guidance import services
from guidance.models import GuidancePlan
from process.models import Handover
from projects import selectors as projects
from projects import services as project_services


def take(handover: Handover, *, by: Actor | User) -> GuidancePlan:
    """Open the guidance plan of the project whose ATI was given, and move the project into guidance."""
    project: Any = projects.project_of(handover.case_id)
    project_services.enter_stage(project, "guidance", handover, by=by)
    current = GuidancePlan.objects.filter(project=project).exclude(state="cancelled").first()
    if current is not None:
        return current
    goals = str(handover.package.get("objectives") or handover.package.get("goals") or project.objectives)
    return services.open(by=by, project=project, case=handover.case, goals=goals)
