"""A project beyond its fields: where it stands, who sits on it, what is to be done; the decision sheet."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.request import ApiRequest, actor_of
from approvals import selectors as approvals
from approvals.api import RequestSerializer, request_row
from approvals.pages import readable
from core.api.schema import ReasonSerializer
from core.api.shapes import Ref, amount, amount_field, ref
from core.api.views import ApiView, as_bytes
from process import lanes
from process.api.editor import StepDifferenceSerializer, difference_rows
from process.models import ProcessVersion, Seat
from process.models.case import SEATS
from projects import selectors, services
from projects.models import Project
from projects.pack.answer import answer


def _project(request: ApiRequest, pk: int) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), pk=pk)


class StageSerializer(serializers.Serializer):
    """One stage of the way."""

    stage = serializers.CharField()
    state = serializers.ChoiceField(choices=["done", "now", "todo", "skipped"])
    date = serializers.CharField()
    note = serializers.CharField()


class SeatSerializer(serializers.Serializer):
    """Who sits where."""

    role = serializers.CharField()
    name = serializers.CharField()
    user = Ref()


class StepSerializer(serializers.Serializer):
    """One step of the present stage."""

    code = serializers.CharField()
    step = serializers.CharField()
    who = serializers.CharField()
    state = serializers.ChoiceField(choices=["todo", "now", "late", "done", "waived"])
    due = serializers.CharField()


class OpenRecordSerializer(serializers.Serializer):
    """One record the deal waits for."""

    text = serializers.CharField()
    who = serializers.CharField()
    since = serializers.CharField()
    url = serializers.CharField()
    mine = serializers.BooleanField()


class ProgressSerializer(serializers.Serializer):
    """Where the deal stands."""

    stages = StageSerializer(many=True)
    seats = SeatSerializer(many=True)
    steps = StepSerializer(many=True)
    waiting = OpenRecordSerializer(many=True)


class MovePreviewSerializer(serializers.Serializer):
    """What `move_process` would change for the deal."""

    version = serializers.IntegerField(allow_null=True, help_text="The version the deal is walked by.")
    in_force = serializers.IntegerField(allow_null=True)
    changes = StepDifferenceSerializer(many=True)


class MovePreviewView(ApiView):
    """What moving the deal to the process in force would change, step by step."""

    area = "projects"

    @extend_schema(operation_id="project_move_preview", responses=MovePreviewSerializer)
    def get(self, request: ApiRequest, pk: int) -> Response:
        now = _project(request, pk).case.process_version
        latest = ProcessVersion.objects.order_by("-number").first()
        return Response(
            {
                "version": now.number if now else None,
                "in_force": latest.number if latest else None,
                "changes": difference_rows(now.content if now else [], latest.content) if latest else [],
            }
        )


class ProgressView(ApiView):
    """Where the deal stands: stages, seats, steps, open records with their holders."""

    area = "projects"

    @extend_schema(operation_id="project_progress", responses=ProgressSerializer)
    def get(self, request: ApiRequest, pk: int) -> Response:
        project = _project(request, pk)
        seats = Seat.objects.current().filter(case_id=project.case_id).select_related("user").order_by("role", "pk")
        return Response(
            {
                "stages": [
                    {"stage": str(one["label"]), **{name: str(one[name]) for name in ("state", "date", "note")}}
                    for one in selectors.stagebar(project.case_id)
                ],
                "seats": [{"role": seat.role, "name": str(SEATS[seat.role]), "user": ref(seat.user)} for seat in seats],
                "steps": [
                    {"step": str(one["label"]), **{name: str(one[name]) for name in ("code", "who", "state", "due")}}
                    for one in lanes.checklist(project.case_id, project.stage, lanes.labels())
                ],
                "waiting": [
                    vars(one) for one in selectors.open_records(project, selectors.kept_rows(project), request.user)
                ],
            }
        )


class EvidencePackView(ApiView):
    """The evidence pack of a project: one ZIP, the same to the byte while nothing is done to the deal."""

    area = "projects"

    @extend_schema(
        operation_id="project_evidence_pack", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: ApiRequest, pk: int) -> FileResponse:
        project = _project(request, pk)
        file, digest = services.export_evidence(project, by=actor_of(request))
        return as_bytes(answer(file, digest, project.code))


class SheetFactSerializer(serializers.Serializer):
    """A figure for the deciders."""

    fact = serializers.CharField()
    value = serializers.CharField()


class NeedSerializer(serializers.Serializer):
    """People the project asks a department for."""

    id = serializers.IntegerField()
    department = Ref()
    role = serializers.CharField()
    days = amount_field()
    confirmed_by = Ref(allow_null=True)


class DecisionSheetSerializer(serializers.Serializer):
    """What the deciders of the initiation see."""

    figures = SheetFactSerializer(many=True)
    resources = NeedSerializer(many=True)
    gaps = ReasonSerializer(many=True, help_text="What is missing before it can be submitted.")
    requests = RequestSerializer(many=True)


class DecisionSheetView(ApiView):
    """The decision sheet of a project: figures, resources, gaps, opinions."""

    area = "projects"

    @extend_schema(operation_id="project_decision_sheet", responses=DecisionSheetSerializer)
    def get(self, request: ApiRequest, pk: int) -> Response:
        project = _project(request, pk)
        facts = readable(project.decision_facts(Actor.of(request.user)), request.user, type(project))
        gaps = project.ready() if project.state == "draft" else []
        needs = project.resource_needs.select_related("department", "confirmed_by")
        return Response(
            {
                "figures": [{"fact": str(label), "value": str(value)} for label, value in facts],
                "resources": [_need(need) for need in needs],
                "gaps": [{"text": str(gap), "link": gap.link} for gap in gaps],
                "requests": [request_row(one, request.user) for one in approvals.requests_of(project)],
            }
        )


def _need(need: Any) -> dict[str, Any]:
    return {
        "id": need.pk,
        "department": ref(need.department),
        "role": need.role,
        "days": amount(need.days),
        "confirmed_by": ref(need.confirmed_by),
    }
