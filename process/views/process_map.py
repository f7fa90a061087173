"""The process itself: its map in lanes of departments, the definition sheet of each step, its versions."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.duties import open_to
from accounts.models import Duty, User
from accounts.request import Request
from core.dictionary import word_of
from process import catalogue, improvements, lanes, pace, panels, show, stages
from process.forms import EventLogForm
from process.guards import stage_models
from process.machine import verbs_of
from process.models import ProcessDraft, ProcessVersion, StepDefinition
from process.services.definitions import Difference, differences
from process.shapes import Cell, Column, Fact, Row, Section, Table
from process.views import history

CHANGES = {"added": _("added"), "removed": _("removed"), "changed": _("changed")}
KEYS = {
    "zh": _("Chinese name"),
    "en": _("English name"),
    "accountable": _("accountable"),
    "owner": _("process owner"),
    "department": _("department"),
    "consulted": _("consulted"),
    "verbs": _("verbs"),
    "starts_on": _("starts on"),
    "by_hand": _("done by hand"),
    "locks": _("locks"),
    "who": _("who may act"),
    "sla_hours": _("time limit in hours"),
    "clock": _("clock"),
    "input": _("input"),
    "output": _("output"),
    "logic": _("processing logic"),
    "evidence": _("evidence"),
    "kpi": _("key figure"),
    "controls": _("controls"),
    "stage": _("stage"),
}


@open_to(Duty.SYSTEM)
def process_map(request: Request) -> HttpResponse:
    """All steps in force, departments across stages, with what runs in each now."""
    found = catalogue.current()
    version = ProcessVersion.objects.order_by("-number").select_related("published_by").first()
    context = {
        "title": _("Process map"),
        "stages": [stage.label for stage in stages.STAGES[:-1]],
        "lanes": lanes.lanes(found.steps),
        "version": version,
        "tables": walls(),
        "may_edit": request.user.duty == Duty.SYSTEM,
        "event_form": EventLogForm() if request.user.sees_business else None,
    }
    return render(request, "process/map.html", context)


def step_of(code: str) -> StepDefinition:
    """A step by its code: in force, or one that only running cases still have; else 404."""
    step = catalogue.in_force().get(code)
    if step is None:  # a step that only running cases still have
        step = StepDefinition.objects.filter(code=code).order_by("-version__number").first()
    if step is None:
        raise Http404
    return step


@open_to(Duty.SYSTEM)
def step_sheet(request: Request, code: str) -> HttpResponse:
    """Everything about one step: what it takes and gives, who answers, what is enforced, how it goes."""
    step = step_of(code)
    context = {"title": f"{step.code} {step.label}", "step": step, **sheet(step, request.user)}
    return render(request, "process/step.html", context)


def sheet(step: StepDefinition, user: User) -> dict[str, Any]:
    """What the sheet of a step says to a reader."""
    version = ProcessVersion.objects.get(pk=step.version_id)
    steps = list(StepDefinition.objects.filter(version=version).order_by("position"))
    taken, given = lanes.neighbours(step, steps, version.artefacts)
    return {
        "logic": word_of(step.content.get("logic", {})),
        "stats": _stats(step),
        "sections": [Section(_("Responsibility"), people(step))],
        "inputs": taken,
        "outputs": given,
        "tables": [controls(step), evidence(step), improvements.of_step(step, user), _waiting(step, user)],
    }


def _stats(step: StepDefinition) -> list[dict[str, Any]]:
    found = pace.of_steps(step.code).get(step.code, pace.Pace())
    now, late = lanes.running().get(step.code, (0, 0))
    hours = _now("P90 %(hours)s h") % {"hours": found.p90} if found.p90 is not None else ""
    return [
        {"label": _("Running now"), "value": now, "sub": _now("%(number)s late") % {"number": late} if late else ""},
        {"label": _("Done in 90 days"), "value": found.done},
        {"label": _("In time"), "value": show.percent(found.in_time_percent)},
        {"label": _("Median time"), "value": show.hours(found.median), "sub": hours},
    ]


def walls() -> list[Table]:
    """How the steps went and what happened at the counter in 90 days: counted for the company, no deal is named."""
    return [_paces(), _passages()]


def _paces() -> Table:
    found, running = pace.of_steps(), lanes.running()
    rows = []
    for step in catalogue.current().steps:
        one, (now, late) = found.get(step.code, pace.Pace()), running.get(step.code, (0, 0))
        cells = [
            Cell(step.label, sub=step.code),
            Cell(now, cls="num"),
            Cell(late, cls="num neg" if late else "num"),
            Cell(one.done, cls="num"),
            Cell(show.hours(one.median), cls="num"),
            Cell(show.hours(one.p90), cls="num"),
            Cell(show.percent(one.in_time_percent), cls="num"),
        ]
        rows.append(Row(cells, url=reverse("process:step", args=[step.code])))
    columns = [
        Column("step", _("Step")),
        *(
            Column(key, label, "end")
            for key, label in (
                ("now", _("Running now")),
                ("late", _("Late")),
                ("done", _("Done in 90 days")),
                ("median", _("Median time")),
                ("p90", _("90 % within")),
                ("in_time", _("In time")),
            )
        ),
    ]
    return Table(_("How long the steps take"), columns, rows, id="pace")


def _passages() -> Table:
    columns = [
        Column("from", _("From")),
        Column("to", _("To")),
        *(
            Column(key, label, "end")
            for key, label in (
                ("offered", _("Handed over")),
                ("taken", _("Taken")),
                ("returned", _("Returned")),
                ("waiting", _("Still waiting")),
                ("late", _("Late")),
                ("first_pass", _("Taken at first pass")),
                ("in_time", _("In time")),
            )
        ),
    ]
    rows = [
        Row(
            [
                Cell(stages.label(one.from_stage)),
                Cell(stages.label(one.to_stage)),
                Cell(one.offered, cls="num"),
                Cell(one.taken, cls="num"),
                Cell(one.returned, cls="num"),
                Cell(one.waiting, cls="num"),
                Cell(one.late, cls="num neg" if one.late else "num"),
                Cell(show.percent(one.first_pass_percent), cls="num"),
                Cell(show.percent(one.in_time_percent), cls="num"),
            ]
        )
        for one in pace.at_the_counter()
    ]
    note = _("handovers of the last 90 days")
    return Table(_("At the counter"), columns, rows, id="counter", note=note)


def people(step: StepDefinition) -> list[Fact]:
    """Who answers for the step, how long it may take, what begins and ends it."""
    words = lanes.labels()
    natural = step.clock == "natural"
    limit = _now("%(hours)s natural hours") if natural else _now("%(hours)s working hours")
    return [
        Fact(_("Accountable"), words.get(step.accountable, step.accountable)),
        Fact(_("Consulted"), show.text_of([words.get(code, code) for code in step.consulted])),
        Fact(_("Process owner"), words.get(step.owner, step.owner)),
        Fact(_("Time limit"), limit % {"hours": f"{float(step.sla_hours):g}"} if step.sla_hours else "–"),
        Fact(_("Begins with"), show.text_of([action_label(one) for one in step.starts_on])),
        Fact(_("Done by"), _now("a person who confirms it") if step.by_hand else _actions(step.verbs)),
        *([Fact(_("Locks until done"), _actions(step.locks))] if step.locks else []),
        Fact(_("Key figure"), word_of(step.content.get("kpi", {})) or "–"),
    ]


def _actions(actions: list[str]) -> str:
    return show.text_of([action_label(one) for one in actions])


def action_label(action: str) -> str:
    """An action as people say it: "contract.sign" is "Contract: Sign"."""
    noun, _dot, verb = action.partition(".")
    model = next((one for one in stage_models() if one.noun() == noun), None)
    if model is None:
        return action
    spec = verbs_of(model).get(verb)
    label = spec.label if spec else history.ACTIONS.get(verb, verb)
    return f"{model._meta.verbose_name}: {label}"


def controls(step: StepDefinition) -> Table:
    """The key controls of the step, each with what enforces it."""
    rows = []
    for control in step.content.get("controls", []):
        kind, _colon, name = control["by"].partition(":")
        rows.append(
            Row([Cell(lanes.KINDS[control["kind"]]), Cell(word_of(control)), Cell(lanes.ENFORCED[kind], sub=name)])
        )
    columns = [Column("kind", _("Kind")), Column("control", _("Control")), Column("by", _("Enforced by"))]
    return Table(_("Controls"), columns, rows, empty_text=_("This step has no controls of its own."))


def evidence(step: StepDefinition) -> Table:
    """What must be shown, and before which verbs."""
    rows = [Row([Cell(word_of(item)), Cell(_actions(item["before"]))]) for item in step.evidence]
    columns = [Column("evidence", _("Evidence")), Column("before", _("Must be shown before"))]
    empty = _("The verbs of this step ask for what they need themselves.")
    return Table(_("Evidence"), columns, rows, empty_text=empty)


def _waiting(step: StepDefinition, user: User) -> Table:
    """The cases longest in the step; those the reader may not see are counted, not named."""
    found = pace.longest_waiting(step.code)
    deals = panels.spines([record.case_id for record in found], user)
    rows = [
        Row(
            [Cell(deal["label"]), Cell(show.text_of(record.opened_at)[:10]), Cell(show.text_of(record.due_at)[:10])],
            url=deal["url"],
        )
        for record in found
        if (deal := deals.get(record.case_id))
    ]
    columns = [Column("deal", _("Deal")), Column("since", _("Since")), Column("due", _("Due"))]
    return Table(_("Longest in this step"), columns, rows, empty_text=_("No deal you may see is in this step."))


@open_to(Duty.SYSTEM)
def versions(request: Request) -> HttpResponse:
    """All published versions, the newest first."""
    rows = [
        Row(
            [
                Cell(str(one)),
                Cell(one.get_origin_display()),
                Cell(show.text_of(one.published_at)),
                Cell(show.text_of(one.published_by)),
                Cell(one.note or "–"),
                Cell(len(one.content), cls="num"),
            ],
            url=reverse("process:version", args=[one.number]),
        )
        for one in ProcessVersion.objects.order_by("-number").select_related("published_by")[:100]
    ]
    columns = [
        Column("version", _("Version")),
        Column("origin", _("Origin")),
        Column("at", _("Published at")),
        Column("by", _("Published by")),
        Column("note", _("Reason")),
        Column("steps", _("Steps"), "end"),
    ]
    context = {
        "title": _("Process versions"),
        "table": Table(_("Process versions"), columns, rows),
        "draft": ProcessDraft.objects.select_related("based_on", "updated_by").first(),
        "tables": walls(),
        "may_edit": request.user.duty == Duty.SYSTEM,
    }
    return render(request, "process/versions.html", context)


@open_to(Duty.SYSTEM)
def version(request: Request, number: int) -> HttpResponse:
    """One version compared with another (`?with=3`, by default the one before)."""
    found = get_object_or_404(ProcessVersion.objects.select_related("published_by"), number=number)
    asked = request.GET.get("with", "")
    other_number = int(asked) if asked.isdecimal() and len(asked) < 9 else number - 1
    other = ProcessVersion.objects.filter(number=other_number).first()
    latest = ProcessVersion.objects.order_by("-number").values_list("number", flat=True).first()
    before = other.content if other else []
    changes = differences(before, found.content) if other else []
    context = {
        "title": _now("Process %(version)s") % {"version": found},
        "version": found,
        "other": other,
        "table": difference_table(changes, before, found.content),
        "may_roll_back": request.user.duty == Duty.SYSTEM and found.number != latest,
        "numbers": list(ProcessVersion.objects.order_by("-number").values_list("number", flat=True)[:50]),
    }
    return render(request, "process/version.html", context)


def difference_table(changes: list[Difference], before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Table:
    """What changes, line by line: step, what of it, before and after."""
    old, new = ({step["code"]: step for step in steps} for steps in (before, after))
    rows = []
    for one in changes:
        name = f"{one.code} {word_of(new.get(one.code) or old[one.code])}"
        if one.kind != "changed":
            rows.append(Row([Cell(name), Cell(CHANGES[one.kind]), Cell(), Cell()]))
        for key in one.keys:
            values = [plain(steps[one.code].get(key)) for steps in (old, new)]
            rows.append(Row([Cell(name), Cell(KEYS.get(key, key)), *map(Cell, values)]))
    columns = [
        Column("step", _("Step")),
        Column("what", _("What")),
        Column("before", _("Before")),
        Column("after", _("After")),
    ]
    return Table(_("Differences"), columns, rows, empty_text=_("The two say the same."))


def plain(value: Any) -> str:
    """A value of the catalogue as people compare it."""
    if isinstance(value, dict) and {"zh", "en"} <= set(value):
        rest = [f"{key}: {plain(other)}" for key, other in value.items() if key not in ("zh", "en")]
        return " · ".join([word_of(value), *rest])
    if isinstance(value, dict):
        return " · ".join(f"{key}: {plain(other)}" for key, other in value.items())
    if isinstance(value, list):
        return "; ".join(plain(one) for one in value) or "–"
    return show.text_of(value)
