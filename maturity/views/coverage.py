"""Digital coverage: departments across stages, down to the pairs; the inventory out as a spreadsheet, and in again."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.request import Request, actor_of
from core.calendar import today
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from core.parameters import takes
from maturity import filters, selectors, sheets
from maturity.forms import SheetForm
from maturity.models import Practice
from maturity.selectors import Coverage, Figures, Pair
from maturity.services import sheet as services
from process import access
from process.shapes import Cell, Column, Row, Table
from process.views.forms import done, once, problem

# How many colours the matrix has above nothing; a cell that is whole has the last one.
HEATS = 4


def share(value: int | None) -> str:
    """A percentage; an en dash of nothing."""
    return f"{value} %" if value is not None else "–"


def heat(figures: Figures) -> str:
    """The colour of a cell, which says again what its text says."""
    return "" if figures.coverage is None else f"heat-{figures.coverage * HEATS // 100}"


def _cell(figures: Figures | None, **narrow: Any) -> dict[str, Any]:
    """One cell of the matrix, leading to its pairs."""
    if figures is None:
        return {"text": "", "sub": "", "cls": "", "url": ""}
    sub = _now("%(done)s of %(all)s") % {"done": figures.covered, "all": figures.applicable}
    if not figures.applicable:
        sub = _now("not applicable")
    url = f"{reverse('maturity:coverage')}?{urlencode(narrow)}#pairs" if narrow else ""
    return {"text": share(figures.coverage), "sub": sub, "cls": heat(figures), "url": url}


def _matrix(found: Coverage) -> list[dict[str, Any]]:
    """Departments with a cell per stage and their sum; the company last."""
    codes = [stage.code for stage in selectors.STAGES]
    rows = [
        {
            "label": department.label,
            "cells": [
                *(
                    _cell(found.cells.get((department.pk, code)), department=department.pk, stage=code)
                    for code in codes
                ),
                _cell(found.by_department[department.pk], department=department.pk),
            ],
        }
        for department in found.departments
    ]
    sums = [_cell(found.by_stage.get(code), stage=code) for code in codes]
    return [*rows, {"label": _now("Company"), "cells": [*sums, _cell(found.company)], "total": True}]


def stats(found: Coverage) -> list[dict[str, Any]]:
    """The company in a few figures."""
    company = found.company
    late = Practice.objects.late(today()).filter(step__in={pair.step.code for pair in found.pairs}).count()
    return [
        {
            "label": _now("Digital coverage"),
            "value": share(company.coverage),
            "sub": _now("%(done)s of %(all)s") % {"done": company.covered, "all": company.applicable},
        },
        {"label": _now("Weighted by fit"), "value": share(company.weighted)},
        {"label": _now("Surveyed"), "value": share(company.surveyed_share)},
        {
            "label": _now("Claimed, not seen"),
            "value": company.unseen,
            "tone": "warn" if company.unseen else "",
            "url": "#unseen" if company.unseen else "",
        },
        {
            "label": _now("Should be in LTC by now"),
            "value": late,
            "tone": "bad" if late else "",
            "url": f"{reverse('maturity:practice-list')}?late=true" if late else "",
        },
    ]


def _pair_row(pair: Pair, actor: Actor) -> Row:
    found = pair.practice
    named = [Cell(pair.step.label, sub=pair.step.code), Cell(pair.department.label)]
    if found is None:
        may = access.may(Practice(department=pair.department), "open", actor)
        asked = urlencode([("department", str(pair.department.pk)), ("step", pair.step.code)])
        url = f"{reverse('maturity:practice-new')}?{asked}" if may else ""
        return Row([*named, Cell(_now("not surveyed"), cls="muted"), *[Cell("–")] * 4], url=url)
    if not pair.is_applicable:
        return Row(
            [
                *named,
                Cell(_now("not applicable"), cls="muted"),
                Cell("–"),
                Cell(found.reason, cls="wrap"),
                *[Cell("–")] * 2,
            ],
            url=found.get_absolute_url(),
        )
    medium = Cell(found.get_medium_display())
    if pair.is_covered:
        said = "" if pair.seen else _now("claimed, not seen")
        medium = Cell(found.get_medium_display(), badge="green" if pair.seen else "yellow", sub=said)
    late = found.due_on is not None and found.due_on < today() and not pair.is_covered
    return Row(
        [
            *named,
            medium,
            Cell(found.get_fit_display()),
            Cell(found.pain or "–", sub=found.gap, cls="wrap"),
            Cell(str(found.owner or "–")),
            Cell(found.due_on.isoformat() if found.due_on else "–", cls="neg" if late else ""),
        ],
        url=found.get_absolute_url(),
    )


_PAIR_COLUMNS = [
    Column("step", _("Step")),
    Column("department", _("Department")),
    Column("medium", _("Done in")),
    Column("fit", _("Fit")),
    Column("pain", _("Pain point and gap")),
    Column("owner", _("Owner")),
    Column("due", _("In LTC by")),
]


def _tables(found: Coverage, shown: list[Pair] | None, actor: Actor) -> list[Table]:
    made = []
    if shown is not None:
        rows = [_pair_row(pair, actor) for pair in shown]
        empty = _("No step of this department belongs to the stage.")
        made.append(Table(_("Steps"), _PAIR_COLUMNS, rows, id="pairs", empty_text=empty))
    if found.claimed_only:
        note = _("said to be done in LTC, done by nobody of the department in 90 days")
        rows = [_pair_row(pair, actor) for pair in found.claimed_only]
        made.append(Table(_("Claimed, not seen"), _PAIR_COLUMNS, rows, id="unseen", note=note))
    return made


@takes("department", "stage")
def coverage(request: Request) -> HttpResponse:
    """数字化覆盖: how much of the process is done in LTC, by department and stage, and what is only said to be."""
    found = selectors.coverage()
    actor = Actor.of(request.user)
    context = {
        "title": _("Digital coverage"),
        "stats": stats(found),
        "stages": [stage.label for stage in selectors.STAGES],
        "matrix": _matrix(found),
        "tables": _tables(found, filters.narrowed(found, request.GET), actor),
        "may_take": services.may_take(request.user),
    }
    return render(request, "maturity/coverage.html", context)


@takes()
def sheet(request: Request) -> FileResponse:
    """The inventory as a spreadsheet, with a row to fill in for every pair that nobody has looked at yet."""
    return FileResponse(sheets.write(selectors.pairs()), as_attachment=True, filename=sheets.file_name())


def said_of(taken: services.Taken) -> str:
    """What a file did, in a sentence."""
    text = _now("%(opened)s steps recorded, %(changed)s changed, %(same)s as they were.")
    return text % vars(taken)


@takes()
def take(request: Request) -> HttpResponse:
    """The page that takes the inventory in from a spreadsheet."""
    if not services.may_take(request.user):
        raise NotAllowed(_now("%(who)s may not do this here.") % {"who": request.user})
    form = SheetForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method != "POST":
        return _take_page(request, form)
    if not form.is_valid():
        return _take_page(request, form, status=422)

    def act() -> str:
        taken = services.take(file=form.cleaned_data["file"], by=actor_of(request))
        messages.success(request, said_of(taken))
        return reverse("maturity:coverage")

    try:
        address = once(request, act)
    except DomainError as error:
        return _take_page(request, form, error=error, status=error.status)
    return done(request, address)


def _take_page(
    request: Request, form: SheetForm, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Take in the as-is inventory"),
        "form": form,
        "idempotency_key": new_key(),
        "cancel_url": reverse("maturity:coverage"),
        "submit_label": _("Take in"),
        "multipart": True,
    }
    if error is not None:
        context |= problem(error)
    return render(request, "generic/form.html", context, status=status)
