"""Maturity: the level of every stage with its target; of one stage every criterion, and what the keeper says."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.request import Request, actor_of
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from core.parameters import takes
from maturity import levels as selectors
from maturity.criteria import BY_HAND, CRITERIA, Criterion
from maturity.forms import AssessmentForm, TargetForm
from maturity.levels import Judged, StageLevel
from maturity.models import Level
from maturity.services import levels as services
from process import show
from process.shapes import Cell, Column, Row, Table
from process.views.forms import done, once, problem

_COLOURS = {1: "red", 2: "orange", 3: "yellow", 4: "azure", 5: "green"}


def share(value: int | None) -> str:
    """A percentage; an en dash where there is nothing to measure."""
    return f"{value} %" if value is not None else "–"


def _figure(one: Criterion, value: int | None) -> str:
    """A figure in the unit of its criterion."""
    return share(value) if one.is_share else str(value)


def _asked(one: Criterion) -> str:
    """What a computed criterion asks for."""
    return _now("at least %(figure)s") % {"figure": _figure(one, one.at_least)}


def level_cell(level: Level) -> Cell:
    """A level by its word, in its colour."""
    return Cell(level.label, badge=_COLOURS[level.value])


def _lacks(one: Judged) -> str:
    """What lacks of a criterion, in a few words."""
    if one.criterion.by_hand:
        return str(one.criterion.label)
    now, wanted = _figure(one.criterion, one.value), _figure(one.criterion, one.criterion.at_least)
    return _now("%(what)s: %(now)s of %(wanted)s") % {"what": one.criterion.label, "now": now, "wanted": wanted}


def _gap(one: StageLevel) -> Any:
    """How many levels are still to go to the target."""
    return (one.gap or _now("reached")) if one.target else "–"


def _stage_row(one: StageLevel) -> Row:
    target = one.target
    return Row(
        [
            Cell(one.stage.label),
            level_cell(one.level),
            Cell(share(one.facts.figures.coverage), cls="num"),
            Cell(target.get_level_display() if target else "–", sub=target.due_on.isoformat() if target else ""),
            Cell(_gap(one), cls="neg" if one.is_late else ""),
            Cell(_now("; ").join(_lacks(lack) for lack in one.lacking) or "–", cls="wrap"),
        ],
        url=reverse("maturity:stage", args=[one.stage.code]),
    )


def _stages_table(found: list[StageLevel]) -> Table:
    columns = [
        Column("stage", _("Stage")),
        Column("level", _("Level")),
        Column("coverage", _("Digital coverage"), "end"),
        Column("target", _("Target")),
        Column("gap", _("Levels to go")),
        Column("lacks", _("Lacks for the next level")),
    ]
    return Table(_("Maturity by stage"), columns, [_stage_row(one) for one in found])


def _criteria_table() -> Table:
    """What each level asks for, as it is written."""
    rows = [
        Row(
            [
                Cell(one.level.label),
                Cell(one.label, cls="wrap"),
                Cell(_now("by hand") if one.by_hand else _asked(one)),
            ]
        )
        for one in CRITERIA
    ]
    columns = [Column("level", _("Level")), Column("criterion", _("Criterion")), Column("asked", _("Asked for"))]
    return Table(_("What the levels ask for"), columns, rows, id="criteria")


@takes()
def levels(request: Request) -> HttpResponse:
    """成熟度: the level of every stage, its target, and what lacks for the next level."""
    context = {"title": _("Maturity"), "tables": [_stages_table(selectors.levels()), _criteria_table()]}
    return render(request, "maturity/levels.html", context)


def _judged_row(one: Judged) -> Row:
    criterion, said = one.criterion, one.assessment
    if not criterion.by_hand:
        now = Cell(_figure(criterion, one.value), sub=_asked(criterion))
    elif said is None:
        now = Cell(_now("not assessed"), cls="muted")
    else:
        by = {"who": said.assessed_by, "day": show.text_of(said.assessed_at)[:10]}
        now = Cell(said.evidence, sub=_now("%(who)s, %(day)s") % by, cls="wrap")
    if one.is_met:
        met = Cell(_now("met"), badge="green")
    elif one.is_stale:
        met = Cell(_now("assessed too long ago"), badge="yellow")
    elif one.value is None and not criterion.by_hand:
        met = Cell(_now("nothing to measure"), badge="secondary")
    else:
        met = Cell(_now("not met"), badge="red")
    return Row([Cell(criterion.level.label), Cell(criterion.label, cls="wrap"), now, met])


def _judged_table(one: StageLevel) -> Table:
    columns = [
        Column("level", _("Level")),
        Column("criterion", _("Criterion")),
        Column("now", _("Now")),
        Column("met", _("Met")),
    ]
    return Table(_("Criteria"), columns, [_judged_row(judged) for judged in one.judged], id="criteria")


def _assessed_table(one: StageLevel) -> Table:
    """Everything that was assessed by hand, superseded or not."""
    rows = [
        Row(
            [
                Cell(show.text_of(said.assessed_at)),
                Cell(BY_HAND[said.criterion].label if said.criterion in BY_HAND else said.criterion, cls="wrap"),
                Cell(_now("met") if said.is_met else _now("not met")),
                Cell(said.evidence, cls="wrap"),
                Cell(str(said.assessed_by)),
            ]
        )
        for said in selectors.assessments_of(one.stage.code)
    ]
    columns = [
        Column("at", _("At")),
        Column("criterion", _("Criterion")),
        Column("met", _("Met")),
        Column("evidence", _("Evidence")),
        Column("by", _("By")),
    ]
    empty = _("Nothing was assessed by hand yet.")
    return Table(_("Assessed by hand"), columns, rows, id="assessed", empty_text=empty)


def _stats(one: StageLevel) -> list[dict[str, Any]]:
    target = one.target
    sub = _now("by %(day)s, set by %(who)s") % {"day": target.due_on, "who": target.set_by} if target else ""
    return [
        {"label": _now("Level"), "value": one.level.label},
        {"label": _now("Target"), "value": target.get_level_display() if target else "–", "sub": sub},
        {
            "label": _now("Levels to go"),
            "value": _gap(one),
            "tone": "bad" if one.is_late else "",
        },
        {"label": _now("Digital coverage"), "value": share(one.facts.figures.coverage)},
    ]


def _stage(code: str) -> StageLevel:
    found = next((one for one in selectors.levels() if one.stage.code == code), None)
    if found is None:
        raise Http404
    return found


def _forms(request: Request, code: str, bound: Any = None) -> list[dict[str, Any]]:
    """What the keeper fills in; `bound` stands in the place of the form it is of."""
    if not services.may_keep(request.user):
        return []
    shown = (
        (TargetForm, _("Set a target"), "maturity:target", _("Set")),
        (AssessmentForm, _("Assess by hand"), "maturity:assess", _("Assess")),
    )
    return [
        {
            "title": title,
            "form": bound if isinstance(bound, form) else form(user=request.user),
            "url": reverse(route, args=[code]),
            "label": label,
            "key": new_key(),
        }
        for form, title, route, label in shown
    ]


def _stage_page(
    request: Request, code: str, *, bound: Any = None, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    one = _stage(code)
    context: dict[str, Any] = {
        "title": _now("Maturity: %(stage)s") % {"stage": one.stage.label},
        "stats": _stats(one),
        "tables": [_judged_table(one), _assessed_table(one)],
        "forms": _forms(request, code, bound),
    }
    if error is not None:
        context |= problem(error)
    return render(request, "maturity/stage.html", context, status=status)


@takes()
def stage(request: Request, code: str) -> HttpResponse:
    """One stage: every criterion with what it has, the target, and what was assessed."""
    return _stage_page(request, code)


def _post(request: Request, code: str, form: Any, act: Callable[..., Any], sentence: str) -> HttpResponse:
    """What the keeper said of a stage, once; a refusal shows the page again with what was typed."""
    if not services.may_keep(request.user):
        raise NotAllowed(_now("%(who)s may not do this here.") % {"who": request.user})
    _stage(code)
    if not form.is_valid():
        return _stage_page(request, code, bound=form, status=422)

    def checked() -> str:
        act(stage=code, by=actor_of(request), **form.cleaned_data)
        return reverse("maturity:stage", args=[code])

    try:
        address = once(request, checked)
    except DomainError as error:
        return _stage_page(request, code, bound=form, error=error, status=error.status)
    messages.success(request, sentence)
    return done(request, address)


@require_POST
def target(request: Request, code: str) -> HttpResponse:
    """Say which level the stage shall have by a day."""
    form = TargetForm(request.POST, user=request.user)
    return _post(request, code, form, services.set_target, _now("The target is set."))


@require_POST
def assess(request: Request, code: str) -> HttpResponse:
    """Say whether the stage meets what the system cannot know."""
    form = AssessmentForm(request.POST, user=request.user)
    return _post(request, code, form, services.assess, _now("The assessment is kept."))
