"""Reading projects: the project of a case, its stage bar, its checklist, its estimate."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Prefetch, Q, QuerySet, When
from django.utils import timezone

from accounts.models import User
from approvals.models import ApprovalRequest
from finance.models import CostSheet
from process import show, stages, visibility
from process.models import CaseRecord, Handover
from projects.models import GATES, Project, ResourceNeed, StageEntry, VariantStage

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
    if "passed_over" in project.__dict__:
        return frozenset(project.__dict__["passed_over"])
    rows = VariantStage.objects.filter(variant_id=project.variant_id, applicable=False)
    return frozenset(rows.values_list("stage", flat=True))


# The people a project asks for, with what their table shows.
NEEDS = Prefetch("resource_needs", ResourceNeed.objects.select_related("department", "confirmed_by"))


def kinds_on(project: Project) -> Counter[str]:
    """How many records of each kind the case of a project has."""
    if "kinds" in project.__dict__:
        return Counter(project.__dict__["kinds"])
    return Counter(CaseRecord.objects.filter(case_id=project.case_id).values_list("kind", flat=True))


def for_page(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Projects with what the one page for all departments shows of them: case, stages, people asked for."""
    passed_over = VariantStage.objects.filter(variant_id=OuterRef("variant_id"), applicable=False)
    kept = CaseRecord.objects.filter(case_id=OuterRef("case_id"))
    return (
        projects.select_related("case")
        .annotate(passed_over=ArraySubquery(passed_over.values("stage")), kinds=ArraySubquery(kept.values("kind")))
        .prefetch_related("stage_entries", NEEDS)
    )


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
    return stages_of(project, kept_rows(project) if project.state in project.states.active else [])


def stages_of(project: Project, kept: Iterable[CaseRecord]) -> list[dict[str, Any]]:
    """The stage bar of a project, out of what its case keeps of its records."""
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
        note = waiting_note(project, kept) if state == "now" else ""
        bar.append({"label": stages.label(code), "state": state, "date": date, "note": note})
    return bar


def spines(case_ids: Iterable[int], user: User) -> dict[int, dict[str, str]]:
    """The projects' pages as the way back from the records of their cases; only those the user may see."""
    found = Project.objects.visible_to(user).filter(case_id__in=list(case_ids))
    return {
        one.case_id: {
            "label": f"{one.code} {one.title}",
            "url": one.get_absolute_url(),
            "department": str(one.department_id or ""),
        }
        for one in found
    }


def kept_rows(project: Project) -> list[CaseRecord]:
    """What the case keeps of the project itself, of all that is open, and of what somebody holds in this stage."""
    held = Q(stage=project.stage, holder__isnull=False)
    own = Q(kind=Project.record_kind(), object_id=project.pk)
    rows = CaseRecord.objects.filter(held | own | Q(is_open=True), case_id=project.case_id)
    main = Case(When(kind__in=MAIN_RECORDS.values(), then=0), default=1)
    return list(rows.select_related("holder", "department").order_by(main, "since", "pk")[:200])


def waiting_note(project: Project, kept: Iterable[CaseRecord]) -> str:
    """Which department, and who, the present stage waits for; an ended project says how it ended."""
    if project.state not in project.states.active:
        return project.state_label
    held_now = [row for row in kept if row.stage == project.stage and row.holder_id is not None]
    found = sorted(held_now, key=lambda row: (row.since, row.pk), reverse=True)
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


def open_records(project: Project, kept: Iterable[CaseRecord], user: User) -> list[Waiting]:
    """The open records of the case that the reader may see, each with its holder, longest wait first."""
    from projects.blockers import record_url

    open_rows = [row for row in kept if row.is_open and row.kind != Project.record_kind()]
    open_rows.sort(key=lambda row: (row.since, row.pk))
    seen = visibility.seen({(row.kind, row.object_id) for row in open_rows}, user)
    found = [row for row in open_rows if (row.kind, row.object_id) in seen][:20]
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


def open_offer(project: Project) -> Handover | None:
    """The offer of this project that waits to be taken."""
    found = Handover.objects.filter(source_kind=Project.record_kind(), source_id=project.pk, state="offered")
    return found.order_by("-pk").first()
