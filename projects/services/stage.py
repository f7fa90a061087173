"""Moving the spine: forward one stage that applies at a time, with handover and gate; back by a gate approver."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Reason, Refused
from process import stages
from process.models import CaseRecord, Handover, ProcessVersion
from process.services import definitions, doors
from projects import selectors
from projects.models import EARLY_STAGES, GATES, Project, StageEntry

ORDER = stages.PROJECT_STAGES


@transaction.atomic
def enter_stage(project: Project, stage: str, handover: Handover | None = None, *, by: Actor | User) -> Project:
    """The project enters `stage`, called by that stage's handover; no-op where it stands there or further.

    Stages in between are passed over only where the variant marks them not applicable. Raises Refused
    with every reason: no handover taken, gate not passed, customer or amount unknown, a stage left out.
    """
    actor = Actor.of(by)
    project.refresh_from_db()
    if ORDER.index(stage) <= ORDER.index(project.stage):
        return project
    between = ORDER[ORDER.index(project.stage) + 1 : ORDER.index(stage)]
    reasons = _closing_gaps(project) if stage == "closed" else _gaps(project, stage, between, handover)
    if reasons:
        raise Refused(reasons)
    states = project.states.by_code if stage == "closed" else ("approved",)
    changes = {"stage": stage}
    doors.act(project, "enter_stage", by=actor, who=("anyone",), states=states, changes=changes)
    passed_over = selectors.inapplicable_stages(project)
    for skipped in between:
        if skipped in passed_over:
            StageEntry.objects.create(project=project, stage=skipped, by=actor.user, skipped=True)
    project.enter(stage)
    project.save(update_fields=["stage", "updated_at"])
    StageEntry.objects.create(project=project, stage=stage, by=actor.user)
    return project


def _closing_gaps(project: Project) -> list[Reason]:
    """A project is closed by its final accounts, whatever stage it ended in."""
    final = CaseRecord.objects.filter(case_id=project.case_id, kind="closing.closing", state="final")
    return [] if final.exists() else [Reason(_("The final accounts are not final yet."))]


def _gaps(project: Project, stage: str, between: tuple[str, ...], handover: Handover | None) -> list[Reason]:
    reasons = []
    here = project.get_absolute_url()
    if project.state != "approved":
        text = _("The project is %(state)s, so it cannot go on.")
        reasons.append(Reason(text % {"state": project.state_label}, here))
    passed_over = selectors.inapplicable_stages(project)
    for missing in between:
        if missing not in passed_over:
            reasons.append(Reason(_("The stage %(stage)s is not passed yet.") % {"stage": stages.label(missing)}, here))
    if not _handed_over(project, stage, handover):
        reasons.append(Reason(_("No handover to %(stage)s has been taken.") % {"stage": stages.label(stage)}, here))
    for gated in (*between, stage):
        if gated in GATES and not selectors.gate_passed(project.case_id, gated):
            gate = stages.BY_CODE[gated].gate
            reasons.append(Reason(_("The gate %(gate)s is not passed.") % {"gate": gate}, here))
    if stage not in EARLY_STAGES and (project.customer_id is None or project.gross_amount is None):
        from django.urls import reverse

        edit = reverse("projects:project-edit", args=[project.pk])
        reasons.append(Reason(_("From the solution stage on, customer and amount must be known."), edit))
    return reasons


def _handed_over(project: Project, stage: str, handover: Handover | None) -> bool:
    """Whether a handover to `stage` has been taken on this case; the one at hand counts when it fits."""
    if handover is not None and (handover.case_id, handover.target, handover.state) == (
        project.case_id,
        stage,
        "taken",
    ):
        return True
    return Handover.objects.filter(case_id=project.case_id, target=stage, state="taken").exists()


@transaction.atomic
def step_back(project: Project, *, by: Actor | User, stage: str, note: str = "", version: int | None = None) -> Project:
    """A gate approver sends the project back to an earlier stage, with a reason.

    Raises NotAllowed for anybody else, Refused without a reason or where `stage` is not an earlier one.
    """
    actor = Actor.of(by)
    reasons = [] if note.strip() else [_("Please give a reason.")]
    earlier = stage in ORDER and ORDER.index(stage) < ORDER.index(project.stage)
    if not earlier:
        reasons.append(_("Only an earlier stage can be gone back to."))
    elif stage in selectors.inapplicable_stages(project):
        reasons.append(_("This stage does not apply to the project's variant."))
    changes = {"stage": stage}
    doors.act(
        project,
        "step_back",
        by=actor,
        who=("@is_gate_approver",),
        states=("approved", "suspended"),
        note=note,
        version=version,
        changes=changes,
    )
    if reasons:
        raise Refused(reasons)
    project.fall_back(stage)
    project.save(update_fields=["stage", "updated_at"])
    StageEntry.objects.create(project=project, stage=stage, by=actor.user, is_back=True, note=note)
    return project


@transaction.atomic
def move_process(project: Project, *, by: Actor | User, note: str = "", version: int | None = None) -> Project:
    """Walk the rest of the deal by the L3 catalogue in force; the dialog shows before what changes.

    Raises NotAllowed for anybody but the PMO and the director, Refused without a reason or where nothing changes.
    """
    doors.lock(project, version)
    latest = ProcessVersion.objects.order_by("-number").first()
    if latest is None:
        raise Refused(_("There is no published process yet."))
    definitions.move_case(project, latest, by=by, note=note)
    project.refresh_from_db()
    return project
