"""L3 steps for programs: the checklist of a record, a step done by hand, the process map and the sheet of a step."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.models import Duty
from accounts.request import ApiRequest, actor_of
from core.api.inputs import Strict, read
from core.api.views import ApiView, as_bytes, once
from process import catalogue, lanes, pace
from process.api import inputs, reading
from process.api.fields import Text, Upload
from process.api.records import not_allowed
from process.models import ProcessVersion
from process.outlet import Outlet, outlet_of
from process.services import confirm
from process.views import handbook, process_map, record_steps

_KIND = OpenApiParameter("kind", str, OpenApiParameter.PATH, description="`projects.project`")


class RecordStepSerializer(serializers.Serializer):
    """A step of the stage on the record's case."""

    code = serializers.CharField()
    step = serializers.CharField()
    who = serializers.CharField()
    state = serializers.CharField(help_text="todo, now, late, done or waived.")
    due = serializers.CharField(help_text="Due on, or ended on; may be empty.")
    waivers = serializers.ListField(
        child=serializers.CharField(), help_text="The special approvals in force: by whom, until when."
    )
    by_hand = serializers.BooleanField()
    can_confirm = serializers.BooleanField(help_text="Whether the caller may say that it is done.")


class _RecordStepView(ApiView):
    """A view of the steps of one record, found by its kind."""

    @property
    def area(self) -> str:
        """The part of the house that the record belongs to."""
        return str(self.kwargs.get("kind", "")).partition(".")[0]

    def found(self, request: ApiRequest, kind: str, pk: int) -> tuple[Outlet, Any]:
        """(outlet, record) that the person may see, or 404."""
        outlet = outlet_of(kind)
        if outlet is None:
            raise Http404
        return outlet, get_object_or_404(outlet.queryset(request.user), pk=pk)

    def shown(self, outlet: Outlet, record: Any, request: ApiRequest) -> list[dict[str, Any]]:
        """The checklist as the record's page shows it."""
        if not (getattr(record, "stage", "") or record.home_stage):
            return []
        return [
            {
                "code": one["code"],
                "step": str(one["label"]),
                "who": str(one["who"]),
                "state": one["state"],
                "due": one["due"],
                "waivers": one["waivers"],
                "by_hand": one["definition"].by_hand,
                "can_confirm": "confirm_url" in one,
            }
            for one in record_steps.of_record(outlet, record, Actor.of(request.user))
        ]


class RecordStepsView(_RecordStepView):
    """The checklist of a record."""

    @extend_schema(
        operation_id="step_list", tags=["process"], parameters=[_KIND], responses=RecordStepSerializer(many=True)
    )
    def get(self, request: ApiRequest, kind: str, pk: int) -> Response:
        outlet, record = self.found(request, kind, pk)
        return Response(self.shown(outlet, record, request))


class StepConfirm(Strict):
    """What was found, and a paper about it."""

    note = Text(max_length=4000, help_text="What was found")
    file = Upload(max_length=200, required=False)


class StepConfirmView(_RecordStepView):
    """Saying that a step done by hand is done, as the dialog on the record's page does."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="step_confirm",
        tags=["process"],
        parameters=[_KIND, OpenApiParameter("code", str, OpenApiParameter.PATH, description="The code of the step.")],
        request=StepConfirm,
        responses=RecordStepSerializer(many=True),
    )
    def post(self, request: ApiRequest, kind: str, pk: int, code: str) -> Response:
        outlet, record = self.found(request, kind, pk)
        steps = catalogue.of_case(record.case_id).steps
        step = next((one for one in steps if one.code == code and one.by_hand), None)
        if step is None:
            raise Http404
        if not record_steps.may_confirm(record, step, Actor.of(request.user)):
            raise not_allowed(request)
        entered = inputs.Input(record_steps.ConfirmForm, {}, request.user, record)
        entered.bind(read(StepConfirm, request.data))
        values = entered.cleaned()

        def act() -> Response:
            confirm(record, code, by=actor_of(request), note=values["note"], file=values["file"])
            return Response(self.shown(outlet, record, request))

        return once(request, act)


# The process ---------------------------------------------------------------------------------------
class MapStepSerializer(serializers.Serializer):
    """A step on the map, with what runs in it now."""

    code = serializers.CharField()
    step = serializers.CharField()
    stage = serializers.CharField()
    department = serializers.CharField()
    running = serializers.IntegerField()
    late = serializers.IntegerField()
    done = serializers.IntegerField(help_text="On cases where it began in the last 90 days, as the figures below.")
    in_time_percent = serializers.IntegerField(allow_null=True)
    median = serializers.FloatField(allow_null=True, help_text="Hours.")
    p90 = serializers.FloatField(allow_null=True, help_text="Hours.")


class PassageSerializer(serializers.Serializer):
    """Packages handed from one stage to another in the last 90 days."""

    from_stage = serializers.CharField()
    to_stage = serializers.CharField()
    offered = serializers.IntegerField()
    taken = serializers.IntegerField()
    returned = serializers.IntegerField()
    waiting = serializers.IntegerField()
    late = serializers.IntegerField()
    first_pass_percent = serializers.IntegerField(allow_null=True, help_text="Of those taken: never returned.")
    in_time_percent = serializers.IntegerField(allow_null=True)


class MapSerializer(serializers.Serializer):
    """The process in force."""

    version = serializers.IntegerField(help_text="0 before the first was published.")
    steps = MapStepSerializer(many=True)
    counter = PassageSerializer(many=True)


class MapView(ApiView):
    """The process map."""

    area = ""
    duty = Duty.SYSTEM

    @extend_schema(operation_id="process_map", tags=["process"], responses=MapSerializer)
    def get(self, request: ApiRequest) -> Response:
        latest = ProcessVersion.objects.order_by("-number").values_list("number", flat=True).first()
        paces = pace.of_steps()
        steps = [
            {
                "code": box.step.code,
                "step": str(box.step.label),
                "stage": box.step.stage,
                "department": str(lane.label),
                "running": box.running,
                "late": box.late,
                **vars(paces.get(box.step.code, pace.Pace())),
            }
            for lane in lanes.lanes(catalogue.current().steps)
            for cell in lane.cells
            for box in cell
        ]
        counter = [vars(one) for one in pace.at_the_counter()]
        return Response({"version": latest or 0, "steps": steps, "counter": counter})


class FlowSerializer(serializers.Serializer):
    """What a step takes or gives, and the steps on the other end."""

    artefact = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())


class StepSheetSerializer(serializers.Serializer):
    """Everything about one step, in the caller's language."""

    code = serializers.CharField()
    step = serializers.CharField()
    stage = serializers.CharField()
    logic = serializers.CharField()
    figures = reading.FactSerializer(many=True)
    facts = reading.FactSerializer(many=True)
    inputs = FlowSerializer(many=True)
    outputs = FlowSerializer(many=True)
    tables = reading.TableSerializer(many=True)


class StepSheetView(ApiView):
    """The definition sheet of a step."""

    area = ""
    duty = Duty.SYSTEM
    may_miss = True

    @extend_schema(operation_id="process_step", tags=["process"], responses=StepSheetSerializer)
    def get(self, request: ApiRequest, code: str) -> Response:
        step = process_map.step_of(code)
        sheet = process_map.sheet(step, request.user)
        facts = [fact for section in sheet["sections"] for fact in section.facts]
        return Response(
            {
                "code": step.code,
                "step": str(step.label),
                "stage": step.stage,
                "logic": sheet["logic"],
                "figures": [{"label": str(f["label"]), "value": str(f["value"]), "url": ""} for f in sheet["stats"]],
                "facts": [{"label": str(f.label), "value": str(f.value), "url": f.url} for f in facts],
                "inputs": [_flow(one) for one in sheet["inputs"]],
                "outputs": [_flow(one) for one in sheet["outputs"]],
                "tables": [reading.table_row(table) for table in sheet["tables"]],
            }
        )


class HandbookView(ApiView):
    """The process in force as PDF: the map, then every definition sheet, in the caller's language."""

    area = ""
    duty = Duty.SYSTEM

    @extend_schema(
        operation_id="process_handbook",
        tags=["process"],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: ApiRequest) -> HttpResponseBase:
        return as_bytes(handbook.handbook(request))


def _flow(one: Any) -> dict[str, Any]:
    word, steps, _marked = one
    return {"artefact": str(word), "steps": [step.code for step in steps]}
