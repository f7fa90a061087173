"""Digital coverage for programs: the figures, the pairs, and the inventory as a spreadsheet, out and in."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.request import ApiRequest, actor_of
from core.api.inputs import Strict, read
from core.api.shapes import Ref, ref
from core.api.views import ApiView, as_bytes, once
from maturity import filters, selectors, sheets
from maturity.services import sheet as services
from process.api.fields import Upload
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
