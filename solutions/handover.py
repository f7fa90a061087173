"""引导 → 方案: takes the requirement baseline along; the project enters the solution stage."""

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from guidance.models import GuidancePlan
from process.models import Handover
from projects import selectors as projects
from projects.services import enter_stage
from solutions.models import Solution
from solutions.services import solution as solutions


def take(handover: Handover, *, by: Actor | User) -> Solution:
    """Open the solution draft of the project; its designer is who took the work over."""
    from django.utils.translation import gettext as _

    project = projects.project_of(handover.case_id)
    if project is None:
        raise Refused(_("There is no project on this case."))
    enter_stage(project, "solution", handover, by=by)
    plan = None
    if handover.source_kind == GuidancePlan.record_kind():
        plan = GuidancePlan.objects.get(pk=handover.source_id)
    running = Solution.objects.open().filter(project=project).order_by("-pk").first()
    if running is not None:
        return running
    return solutions.open(
        by=by,
        project=project,
        plan=plan,
        title=project.title,
        scope=project.scope,
        risks=project.risks,
    )
