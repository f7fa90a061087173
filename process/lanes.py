"""The process as people look at it: steps in lanes of departments, and what runs in them now."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Department, Role
from core.dictionary import word_of
from process import catalogue, stages
from process.models import StepDefinition, StepRecord
from process.models.case import SEATS
from process.services.evidence import Permit, standing

KINDS = {
    "quality": gettext_lazy("Quality"),
    "operations": gettext_lazy("Operations"),
    "internal_control": gettext_lazy("Internal control"),
    "authorization": gettext_lazy("Authorization"),
    "finance": gettext_lazy("Finance"),
}
ENFORCED = {
    "check": gettext_lazy("the door checks it"),
    "constraint": gettext_lazy("the database forbids it"),
    "who": gettext_lazy("only the people named may act"),
    "evidence": gettext_lazy("evidence must be shown"),
    "approval": gettext_lazy("an authority rule decides"),
    "alert": gettext_lazy("a job watches and tells"),
    "report": gettext_lazy("a page shows it"),
    "lock": gettext_lazy("the step locks the verb"),
}


@dataclass
class Box:
    """A step on the map: how many cases are in it now, and how many of them are late."""

    step: StepDefinition
    running: int = 0
    late: int = 0


@dataclass
class Lane:
    """A department's steps, by stage."""

    label: str
    cells: list[list[Box]] = field(default_factory=list)


def labels(codes: Iterable[str] | None = None) -> dict[str, str]:
    """The word for each seat and each company role, or for those of `codes`; roles are read where one is named."""
    words = {"anyone": _("everybody"), "owner": _("the owner")}
    seats = {code: str(label) for code, label in SEATS.items()}
    if codes is not None and set(codes) <= words.keys() | seats.keys():
        return words | seats
    return words | {role.code: role.label for role in Role.objects.all()} | seats


def named_in(case_id: int, stage: str) -> dict[str, str]:
    """The words for those who are accountable for the steps of a stage on a case."""
    return labels(step.accountable for step in catalogue.of_case(case_id).steps if step.stage == stage)


def running() -> dict[str, tuple[int, int]]:
    """{step code: (cases in it now, of these late)}, whatever version each walks by."""
    found = StepRecord.objects.filter(state=StepRecord.State.OPEN, definition__isnull=False)
    late = Count("pk", filter=Q(due_at__lt=timezone.now()))
    rows = found.order_by().values("definition__code").annotate(number=Count("pk"), late=late)
    return {row["definition__code"]: (row["number"], row["late"]) for row in rows}


def lanes(steps: Iterable[StepDefinition]) -> list[Lane]:
    """Departments with a step, in the order of the company's tree; each with its steps under each stage."""
    shown = [stage.code for stage in stages.STAGES[:-1]]
    numbers, made = running(), {}
    names = {one.code: one for one in Department.objects.all()}
    for step in steps:
        code = step.content.get("department", "")
        if code not in made:
            made[code] = Lane(names[code].label if code in names else "–", [[] for _stage in shown])
        box = Box(step, *numbers.get(step.code, (0, 0)))
        made[code].cells[shown.index(step.stage)].append(box)
    order = {code: position for position, code in enumerate(names)}
    return [made[code] for code in sorted(made, key=lambda code: order.get(code, len(order)))]


def neighbours(step: StepDefinition, steps: Iterable[StepDefinition], artefacts: Iterable[dict[str, Any]]) -> Any:
    """(inputs, outputs) of a step as [(word, the steps that make or take it, from outside or the end)]."""
    words = {one["id"]: one for one in artefacts}
    everybody = list(steps)

    def rows(key: str, other: str, mark: str) -> list[tuple[str, list[StepDefinition], bool]]:
        return [
            (
                word_of(words[name]) if name in words else name,
                [one for one in everybody if name in one.content.get(other, [])],
                bool(words.get(name, {}).get(mark)),
            )
            for name in step.content.get(key, [])
        ]

    return rows("input", "output", "external"), rows("output", "input", "terminal")


def checklist(case_id: int, stage: str, words: dict[str, str]) -> list[dict[str, Any]]:
    """The L3 steps of a stage on a case: done, expected, late, not applicable or still to come."""
    definitions = [step for step in catalogue.of_case(case_id).steps if step.stage == stage]
    found = StepRecord.objects.filter(case_id=case_id, definition__stage=stage).select_related("definition")
    records = {record.definition.code: record for record in found if record.definition}
    now, passed = timezone.now(), _passed(case_id)
    return [
        {
            "code": definition.code,
            "label": definition.label,
            "url": reverse("process:step", args=[definition.code]),
            "who": words.get(definition.accountable, definition.accountable),
            "definition": definition,
            **_progress(definition.code, records.get(definition.code), now, passed.get(definition.code, [])),
        }
        for definition in definitions
    ]


def _passed(case_id: int) -> dict[str, list[Permit]]:
    """The special approvals in force on a case, by the step whose evidence or work they let pass.

    What a check of the machine lets pass belongs to the step that the verb ends.
    """
    found: dict[str, list[Permit]] = {}
    for permit in standing(case_id):
        walked = catalogue.of_case(case_id)
        named, ended = permit.key.partition(":")[0], walked.by_action.get(permit.action)
        of_step = any(step.code == named for step in walked.steps)
        found.setdefault(named if of_step or ended is None else ended.code, []).append(permit)
    return found


def _progress(code: str, record: StepRecord | None, now: dt.datetime, passed: list[Permit]) -> dict[str, Any]:
    """How far a step is; one done by hand that a special approval names is waived while that stands."""
    text = _("waived by %(who)s until %(day)s")
    waivers = list(dict.fromkeys(text % {"who": one.by, "day": one.until.isoformat()} for one in passed))
    ended = record is not None and record.state != StepRecord.State.OPEN
    if not ended and any(one.key == code for one in passed):
        return {"state": "waived", "state_label": "", "due": "", "waivers": waivers}
    return {**_plain_progress(record, now), "waivers": waivers}


def _plain_progress(record: StepRecord | None, now: dt.datetime) -> dict[str, str]:
    if record is None:
        return {"state": "todo", "state_label": "", "due": ""}
    due = timezone.localtime(record.due_at).date().isoformat() if record.due_at else ""
    if record.state == StepRecord.State.OPEN:
        late = record.due_at is not None and record.due_at < now
        state, label = ("late", _("overdue")) if late else ("now", _("due") if due else "")
        return {"state": state, "state_label": label, "due": due}
    if record.state == StepRecord.State.DONE:
        ended = timezone.localtime(record.ended_at).date().isoformat() if record.ended_at else ""
        return {"state": "done", "state_label": "", "due": ended}
    return {"state": "waived", "state_label": str(record.get_state_display()), "due": ""}
