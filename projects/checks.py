"""What ATI asks for before a project is worth people's time: every gap at once, each with its link."""

from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Reason
from projects.models import Project
from projects.selectors import current_estimate


def initiation_gaps(project: Project) -> list[Reason]:
    """Goals, scope, people, resources, estimate, presales budget and schedule."""
    edit = reverse("projects:project-edit", args=[project.pk])
    reasons = [Reason(text, edit) for text in _field_gaps(project)]
    reasons += people_gaps(project)
    reasons += _resource_gaps(project)
    if current_estimate(project) is None:
        url = f"{reverse('finance:cost-sheet-new')}?case={project.case_id}"
        reasons.append(Reason(_("There is no estimate yet."), url))
    return reasons


def _field_gaps(project: Project) -> list[str]:
    needed = (
        (project.objectives.strip(), _("The objectives are missing.")),
        (project.scope.strip(), _("The scope is missing.")),
        (project.presales_net_budget is not None, _("The presales budget is missing.")),
        (project.expected_sign_on, _("The expected day of signature is missing.")),
        (project.starts_on and project.ends_on, _("The schedule (start and end) is missing.")),
    )
    return [text for given, text in needed if not given]


def people_gaps(project: Project) -> list[Reason]:
    """AR and SR are named; levels C and D may double them in one person."""
    seats = project.seat_holder_ids()
    team = reverse("projects:project-verb", args=[project.pk, "name_triangle"])
    reasons = []
    if "ar" not in seats:
        reasons.append(Reason(_("No account manager (AR) is named."), team))
    if "sr" not in seats:
        reasons.append(Reason(_("No solution manager (SR) is named."), team))
    elif seats["sr"] == seats.get("ar") and project.level in ("A", "B"):
        reasons.append(Reason(_("At levels A and B, AR and SR are two people."), team))
    return reasons


def _resource_gaps(project: Project) -> list[Reason]:
    needs = list(project.resource_needs.select_related("department"))
    if not needs:
        url = reverse("projects:project-verb", args=[project.pk, "add_resource_need"])
        return [Reason(_("No resources are asked for yet."), url)]
    text = _("%(department)s has not confirmed: %(role)s.")
    return [
        Reason(text % {"department": need.department, "role": need.role}, key=f"resource:{need.pk}")
        for need in needs
        if need.confirmed_at is None
    ]
