"""The trend of coverage and maturity by month, as pictures with their tables."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from accounts.request import Request
from core.parameters import takes
from maturity import filters
from maturity import trend as selectors
from maturity.selectors import STAGES
from maturity.trend import Point
from maturity.views.levels import share
from process.shapes import Cell, Row


def _when(points: list[Point]) -> list[str]:
    """The months, and today."""
    return [*(f"{point.on:%Y-%m}" for point in points[:-1]), _now("Today")]


def _coverage_chart(points: list[Point]) -> dict[str, Any]:
    shown = (
        (_now("Digital coverage"), [point.figures.coverage for point in points]),
        (_now("Weighted by fit"), [point.figures.weighted for point in points]),
        (_now("Surveyed"), [point.figures.surveyed_share for point in points]),
    )
    rows = [
        Row(
            [
                Cell(when),
                *(Cell(share(data[place]), cls="num") for _name, data in shown),
                Cell(f"{point.figures.covered} / {point.figures.applicable}", cls="num"),
            ]
        )
        for place, (when, point) in enumerate(zip(_when(points), points, strict=True))
    ]
    heads = [_("Month"), *(name for name, _data in shown), _("Steps")]
    return {
        "id": "chart-coverage",
        "title": _("Digital coverage by month"),
        "note": _("at the beginning of each month"),
        "spec": {
            "kind": "line",
            "unit": "percent",
            "categories": _when(points),
            "series": [{"name": name, "data": data} for name, data in shown],
        },
        "columns": [{"label": label, "align": "end" if place else ""} for place, label in enumerate(heads)],
        "rows": rows[::-1],
    }


def _level_chart(points: list[Point]) -> dict[str, Any]:
    """The level of a stage by month; of several stages the first month beside today, which no line crosses."""
    stages = [stage for stage in STAGES if any(stage.code in point.levels for point in points)]
    whens = _when(points)
    rows = [
        Row([Cell(when), *(Cell(point.levels.get(one.code, "–"), cls="num") for one in stages)])
        for when, point in zip(whens, points, strict=True)
    ]
    heads = [_("Month"), *(one.label for one in stages)]
    ends = {whens[0]: points[0], whens[-1]: points[-1]}
    spec: dict[str, Any] = {
        "kind": "bar",
        "categories": [str(one.label) for one in stages],
        "series": [{"name": when, "data": [end.levels.get(one.code) for one in stages]} for when, end in ends.items()],
    }
    if len(stages) == 1:
        data = [point.levels.get(stages[0].code) for point in points]
        spec = {"kind": "line", "categories": whens, "series": [{"name": str(stages[0].label), "data": data}]}
    return {
        "id": "chart-levels",
        "title": _("Maturity by month"),
        "note": _("level 1 to 5"),
        "spec": {"unit": "count", **spec},
        "columns": [{"label": label, "align": "end" if place else ""} for place, label in enumerate(heads)],
        "rows": rows[::-1],
    }


@takes("department", "stage")
def trend(request: Request) -> HttpResponse:
    """Coverage and maturity by month: of the company, a department, a stage, or a department in a stage."""
    department, stage = filters.scope(request.GET)
    points = selectors.trend(department, stage)
    charts = [_coverage_chart(points)]
    if department is None:
        charts.append(_level_chart(points))
    context = {
        "title": _("Trend of coverage and maturity"),
        "charts": charts,
        "departments": Department.objects.filter(is_active=True),
        "stages": STAGES,
        "department": department,
        "stage": stage,
        "kept": len(points) > 1,
    }
    return render(request, "maturity/trend.html", context)
