"""Reading projects: the project of a case, its stage bar, its checklist, its estimate."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from approvals.models import ApprovalRequest
from finance.models import CostSheet
from process import catalogue, show, stages
from process.models import CaseRecord, Handover, StepRecord
from process.models.case import SEATS
from projects.models import GATES, Project, StageEntry, VariantStage

# The record that carries each stage: who holds it is who the stage waits for. The apps above are not imported.
MAIN_RECORDS = {
    "initiation": "projects.project",
    "guidance": "guidance.guidanceplan",
    "solution": "solutions.solution",
    "contract": "contracts.contract",
    "delivery": "delivery.deliveryorder",
    "operations": "operations.serviceagreement",
}
# A document in one of these states does not carry its gate any more.
NOT_STANDING = ("draft", "in_review", "rejected", "void")


def project_of(case_id: int) -> Project | None:
    """The project of a case; None while there is only a lead, or no deal at all."""
    return Project.objects.filter(case_id=case_id).first()


def inapplicable_stages(project: Project) -> frozenset[str]:
    """Stages that the project's variant passes over."""
    if project.variant_id is None:
        return frozenset()
    rows = VariantStage.objects.filter(variant_id=project.variant_id, applicable=False)
    return frozenset(rows.values_list("stage", flat=True))


def next_stage(project: Project) -> str | None:
    """The next stage that applies to this project; None when it stands in the last one."""
    passed_over = inapplicable_stages(project)
    later = stages.PROJECT_STAGES[stages.PROJECT_STAGES.index(project.stage) + 1 :]
    return next((stage for stage in later if stage not in passed_over), None)


def gate_passed(case_id: int, stage: str) -> bool:
    """Whether the decision that opens `stage` was taken on this case and its document still stands."""
    kind = GATES[stage]
    decided = ApprovalRequest.objects.filter(case_id=case_id, document_kind=kind, state="approved")
    standing = CaseRecord.objects.filter(case_id=case_id, kind=kind, object_id__in=decided.values("document_id"))
    return standing.exclude(state__in=NOT_STANDING).exists()


# Money -----------------------------------------------------------------------------------------------
def estimates(project: Project) -> Any:
    """The estimates 概算 of the project's book, newest first, without those that were superseded."""
    found = CostSheet._default_manager.filter(book_id=project.book_id, kind="estimate").exclude(state="superseded")
    return found.order_by("-version")


def current_estimate(project: Project) -> CostSheet | None:
    """The approved estimate; while none is approved, the newest one."""
    if project.book_id is None:
        return None
    found = list(estimates(project)[:10])
    return next((sheet for sheet in found if sheet.state == "approved"), found[0] if found else None)


def estimate_margin(project: Project) -> Decimal | None:
    """The margin in percent that the current estimate shows; None where it cannot be told."""
    sheet = current_estimate(project)
    return sheet.margin_percent if sheet is not None else None


# The page ---------------------------------------------------------------------------------------------
def stagebar(case_id: int) -> list[dict[str, Any]]:
    """The stages of the deal with their dates; at the present one, who holds it."""
    project = Project.objects.filter(case_id=case_id).select_related("case").first()
    if project is None:
        return []
    entered: dict[str, StageEntry] = {entry.stage: entry for entry in project.stage_entries.all()}
    passed_over = inapplicable_stages(project)
    here = stages.PROJECT_STAGES.index(project.stage)
    bar = []
    if project.lead_id:
        opened = timezone.localtime(project.case.opened_at).date().isoformat()
        bar.append({"label": stages.label("lead"), "state": "done", "date": opened, "note": ""})
    for index, code in enumerate(stages.PROJECT_STAGES):
        entry = entered.get(code)
        skipped = entry.skipped if entry else code in passed_over
        state = "now" if index == here else "skipped" if skipped else "done" if index < here else "todo"
        if project.stage == "closed" and index == here:
            state = "done"
        date = show.text_of(entry.entered_at)[:10] if entry and not entry.skipped and index <= here else ""
        note = waiting_note(project) if state == "now" else ""
        bar.append({"label": stages.label(code), "state": state, "date": date, "note": note})
    return bar


def spine(case_id: int, user: User) -> dict[str, str] | None:
    """The project's page as a way back from every record of its case."""
    project = Project.objects.visible_to(user).filter(case_id=case_id).first()
    return {"label": f"{project.code} {project.title}", "url": project.get_absolute_url()} if project else None


def waiting_note(project: Project) -> str:
    """Which department, and who, the present stage waits for; an ended project says how it ended."""
    if project.state not in project.states.active:
        return project.state_label
    rows = CaseRecord.objects.filter(case_id=project.case_id, stage=project.stage, holder__isnull=False)
    found = list(rows.select_related("holder", "department").order_by("-since", "-pk")[:50])
    main = (row for row in found if row.kind == MAIN_RECORDS.get(project.stage))
    held = next(main, found[0] if found else None)
    if held is None:
        return ""
    return f"{held.department} · {held.holder}" if held.department else str(held.holder)


@dataclass(frozen=True)
class Waiting:
    """One thing the project waits for: what, with whom, since when."""

    text: str
    who: str
    since: str
    url: str
    mine: bool = False


def open_records(project: Project, user: User) -> list[Waiting]:
    """Every open record of the case with its holder, longest wait first."""
    from projects.blockers import record_url

    rows = CaseRecord.objects.filter(case_id=project.case_id, is_open=True).exclude(kind="projects.project")
    found = rows.select_related("holder").order_by("since")[:20]
    return [
        Waiting(
            f"{row.code} {row.title}",
            str(row.holder or ""),
            show.text_of(row.since)[:10],
            record_url(row),
            row.holder_id in user.acting_ids,
        )
        for row in found
    ]


def checklist(project: Project) -> list[dict[str, Any]]:
    """The L3 steps of the present stage: done, expected, late, not applicable or still to come."""
    definitions = [step for step in catalogue.current().steps if step.stage == project.stage]
    records = {
        (record.definition.code if record.definition else ""): record
        for record in StepRecord.objects.filter(
            case_id=project.case_id, definition__stage=project.stage
        ).select_related("definition")
    }
    now, labels = timezone.now(), role_labels()
    return [
        _step(definition, records.get(definition.code), now)
        | {"who": labels.get(definition.accountable, definition.accountable)}
        for definition in definitions
    ]


def _step(definition: Any, record: StepRecord | None, now: Any) -> dict[str, Any]:
    state, label, due = "todo", "", ""
    if record is not None:
        due = show.text_of(record.due_at)[:10] if record.due_at else ""
        if record.state == StepRecord.State.OPEN:
            late = record.due_at is not None and record.due_at < now
            state, label = ("late", _("overdue")) if late else ("now", _("due") if due else "")
        elif record.state == StepRecord.State.DONE:
            state, due = "done", show.text_of(record.ended_at)[:10] if record.ended_at else ""
        else:
            state, label, due = "waived", str(record.get_state_display()), ""
    return {
        "code": definition.code,
        "label": definition.label,
        "state": state,
        "state_label": label,
        "due": due,
    }


def role_labels() -> dict[str, str]:
    """The word for each seat and each company role."""
    roles = {role.code: role.label for role in Role.objects.all()}
    return roles | {code: str(label) for code, label in SEATS.items()}


def open_offer(project: Project) -> Handover | None:
    """The offer of this project that waits to be taken."""
    found = Handover.objects.filter(source_kind=Project.record_kind(), source_id=project.pk, state="offered")
    return found.order_by("-pk").first()
