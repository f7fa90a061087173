"""Coverage and maturity for programs: figures, pairs, the inventory as a spreadsheet, levels, targets, assessments."""

from typing import Any

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.request import ApiRequest, actor_of
from core.api.inputs import Strict, read
from core.api.shapes import Ref, ref
from core.api.views import ApiView, as_bytes, once
from maturity import filters, levels, selectors, sheets, trend
from maturity.forms import AssessmentForm, TargetForm
from maturity.services import levels as level_services
from maturity.services import sheet as services
from process.api.fields import Upload
from process.api.inputs import Input, serializer_class
from process.api.records import not_allowed


class FiguresSerializer(serializers.Serializer):
    """What is counted of some pairs of department and step."""

    applicable = serializers.IntegerField()
    surveyed = serializers.IntegerField(help_text="Of these it is known how they are done.")
    covered = serializers.IntegerField(help_text="Done in LTC.")
    seen = serializers.IntegerField(help_text="Of those covered: done by somebody of the department in 90 days.")
    excluded = serializers.IntegerField(help_text="Not applicable.")
    coverage = serializers.IntegerField(allow_null=True, help_text="Percent, rounded down.")
    weighted = serializers.IntegerField(allow_null=True, help_text="Percent, weighted by fit, rounded down.")


class DepartmentFiguresSerializer(FiguresSerializer):
    """The figures of a department."""

    department = Ref()


class StageFiguresSerializer(FiguresSerializer):
    """The figures of a stage."""

    stage = serializers.CharField()


class CoverageCellSerializer(StageFiguresSerializer):
    """The figures of a department in a stage."""

    department = Ref()


class PairSerializer(serializers.Serializer):
    """A step in a department."""

    step = serializers.CharField()
    name = serializers.CharField()
    stage = serializers.CharField()
    department = Ref()
    applicable = serializers.BooleanField()
    practice = serializers.IntegerField(allow_null=True, help_text="Null: nobody has looked at it yet.")
    medium = serializers.CharField(allow_null=True)
    fit = serializers.IntegerField(allow_null=True)
    seen = serializers.BooleanField(help_text="Done by somebody of the department in 90 days.")
    claimed_only = serializers.BooleanField(help_text="Said to be done in LTC, and not seen.")


class CoverageSerializer(serializers.Serializer):
    """Digital coverage; the pairs are those of `department` and `stage`, all where none is given."""

    company = FiguresSerializer()
    departments = DepartmentFiguresSerializer(many=True)
    stages = StageFiguresSerializer(many=True)
    cells = CoverageCellSerializer(many=True)
    pairs = PairSerializer(many=True)


def figures_row(figures: selectors.Figures, **more: Any) -> dict[str, Any]:
    """Figures with their shares."""
    names = ("applicable", "surveyed", "covered", "seen", "excluded", "coverage", "weighted")
    return {**more, **{name: getattr(figures, name) for name in names}}


def _pair_row(pair: selectors.Pair) -> dict[str, Any]:
    found = pair.practice
    return {
        "step": pair.step.code,
        "name": pair.step.label,
        "stage": pair.step.stage,
        "department": ref(pair.department),
        "applicable": pair.is_applicable,
        "practice": found.pk if found else None,
        "medium": found.medium if found else None,
        "fit": found.fit if found else None,
        "seen": pair.seen,
        "claimed_only": pair.is_claimed_only,
    }


class CoverageView(ApiView):
    """How much of the process is done in LTC, by department and stage."""

    area = "maturity"
    params = frozenset({"department", "stage"})

    @extend_schema(
        operation_id="coverage",
        tags=["maturity"],
        parameters=[
            OpenApiParameter("department", int, description="The pairs of this department only."),
            OpenApiParameter("stage", str, enum=[one.code for one in selectors.STAGES]),
        ],
        responses=CoverageSerializer,
    )
    def get(self, request: ApiRequest) -> Response:
        found = selectors.coverage()
        shown = filters.narrowed(found, request.query_params)
        departments = {one.pk: ref(one) for one in found.departments}
        return Response(
            {
                "company": figures_row(found.company),
                "departments": [
                    figures_row(found.by_department[pk], department=named) for pk, named in departments.items()
                ],
                "stages": [
                    figures_row(found.by_stage[one.code], stage=one.code)
                    for one in selectors.STAGES
                    if one.code in found.by_stage
                ],
                "cells": [
                    figures_row(one, department=departments[pk], stage=stage)
                    for (pk, stage), one in found.cells.items()
                ],
                "pairs": [_pair_row(pair) for pair in (found.pairs if shown is None else shown)],
            }
        )


class SheetTake(Strict):
    """The inventory as a spreadsheet."""

    file = Upload(max_length=200, help_text="An .xlsx file as `/maturity/sheet/` gives it out.")


class TakenSerializer(serializers.Serializer):
    """What the file did."""

    opened = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()


class SheetView(ApiView):
    """The as-is inventory as a spreadsheet, with a row for every step that nobody has looked at yet."""

    area = "maturity"

    @extend_schema(
        operation_id="coverage_sheet",
        tags=["maturity"],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: ApiRequest) -> FileResponse:
        content = sheets.write(selectors.pairs())
        return as_bytes(FileResponse(content, as_attachment=True, filename=sheets.file_name()))


class SheetTakeView(ApiView):
    """Taking the as-is inventory in from a spreadsheet, all of it or nothing."""

    area = "maturity"
    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="coverage_take", tags=["maturity"], request=SheetTake, responses=TakenSerializer)
    def post(self, request: ApiRequest) -> Response:
        if not services.may_take(request.user):
            raise not_allowed(request)
        file = read(SheetTake, request.data)["file"]
        return once(request, lambda: Response(vars(services.take(file=file, by=actor_of(request)))))


class TargetSerializer(serializers.Serializer):
    """The level a stage shall have by a day."""

    level = serializers.IntegerField()
    due_on = serializers.DateField()
    note = serializers.CharField()
    set_by = Ref()
    set_at = serializers.DateTimeField()


class CriterionSerializer(serializers.Serializer):
    """A criterion held against a stage."""

    code = serializers.CharField()
    level = serializers.IntegerField()
    criterion = serializers.CharField()
    at_least = serializers.IntegerField(allow_null=True, help_text="Percent, or a number; null: assessed by hand.")
    value = serializers.IntegerField(
        allow_null=True, help_text="Percent, or a number; null: by hand, or nothing to measure."
    )
    met = serializers.BooleanField()
    evidence = serializers.CharField(help_text="What was said, where it is assessed by hand.")


class LevelSerializer(serializers.Serializer):
    """A stage with its maturity, its target, and how that came about."""

    stage = serializers.CharField()
    level = serializers.IntegerField(help_text="1 initial, 2 repeatable, 3 defined, 4 measured, 5 optimising.")
    target = TargetSerializer(allow_null=True)
    gap = serializers.IntegerField(help_text="Levels that lack of the target.")
    late = serializers.BooleanField()
    figures = FiguresSerializer()
    criteria = CriterionSerializer(many=True)


def level_row(one: levels.StageLevel) -> dict[str, Any]:
    """A stage with its maturity."""
    target = one.target
    return {
        "stage": one.stage.code,
        "level": one.level.value,
        "target": {
            "level": target.level,
            "due_on": target.due_on,
            "note": target.note,
            "set_by": ref(target.set_by),
            "set_at": target.set_at,
        }
        if target
        else None,
        "gap": one.gap,
        "late": one.is_late,
        "figures": figures_row(one.facts.figures),
        "criteria": [
            {
                "code": judged.criterion.code,
                "level": judged.criterion.level.value,
                "criterion": str(judged.criterion.label),
                "at_least": judged.criterion.at_least,
                "value": judged.value,
                "met": judged.is_met,
                "evidence": judged.assessment.evidence if judged.assessment else "",
            }
            for judged in one.judged
        ],
    }


class LevelsView(ApiView):
    """The maturity of every stage."""

    area = "maturity"

    @extend_schema(operation_id="maturity_list", tags=["maturity"], responses=LevelSerializer(many=True))
    def get(self, request: ApiRequest) -> Response:
        return Response([level_row(one) for one in levels.levels()])


_CODE = OpenApiParameter("code", str, OpenApiParameter.PATH, enum=[one.code for one in selectors.STAGES])


class _StageView(ApiView):
    """A view of one stage."""

    area = "maturity"

    @staticmethod
    def found(code: str) -> dict[str, Any]:
        """The stage with its maturity, or 404."""
        one = next((one for one in levels.levels() if one.stage.code == code), None)
        if one is None:
            raise Http404
        return level_row(one)

    def said(self, request: ApiRequest, code: str, form: type, body: Any, act: Any) -> Response:
        """What the keeper says of a stage, and the stage as it is then."""
        self.found(code)
        if not level_services.may_keep(request.user):
            raise not_allowed(request)
        entered = Input(form, {}, request.user, None)
        entered.bind(read(body, request.data))
        values = entered.cleaned()

        def checked() -> Response:
            act(stage=code, by=actor_of(request), **values)
            return Response(self.found(code))

        return once(request, checked)


class StageView(_StageView):
    """The maturity of one stage."""

    @extend_schema(operation_id="maturity_read", tags=["maturity"], parameters=[_CODE], responses=LevelSerializer)
    def get(self, request: ApiRequest, code: str) -> Response:
        return Response(self.found(code))


MaturityTarget = serializer_class("MaturityTarget", TargetForm, ())
MaturityAssessment = serializer_class("MaturityAssessment", AssessmentForm, ())


class TargetView(_StageView):
    """Saying which level a stage shall have by a day."""

    @extend_schema(
        operation_id="maturity_target",
        tags=["maturity"],
        parameters=[_CODE],
        request=MaturityTarget,
        responses=LevelSerializer,
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        return self.said(request, code, TargetForm, MaturityTarget, level_services.set_target)


class AssessView(_StageView):
    """Saying whether a stage meets what the system cannot know."""

    @extend_schema(
        operation_id="maturity_assess",
        tags=["maturity"],
        parameters=[_CODE],
        request=MaturityAssessment,
        responses=LevelSerializer,
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        return self.said(request, code, AssessmentForm, MaturityAssessment, level_services.assess)


class TrendPointSerializer(FiguresSerializer):
    """The figures at the beginning of a month; the last ones are those of today."""

    on = serializers.DateField()
    levels = serializers.DictField(child=serializers.IntegerField(), help_text="By stage; a department has none.")


class TrendView(ApiView):
    """Coverage and maturity by month: of the company, a department, a stage, or a department in a stage."""

    area = "maturity"
    params = frozenset({"department", "stage"})

    @extend_schema(
        operation_id="maturity_trend",
        tags=["maturity"],
        parameters=[
            OpenApiParameter("department", int),
            OpenApiParameter("stage", str, enum=[one.code for one in selectors.STAGES]),
        ],
        responses=TrendPointSerializer(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        points = trend.trend(*filters.scope(request.query_params))
        return Response([figures_row(one.figures, on=one.on, levels=one.levels) for one in points])
