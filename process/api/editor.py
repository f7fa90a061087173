"""The process editor for programs: versions, the draft step by step, what it changes, publishing, rolling back."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from accounts.models import Duty
from accounts.request import ApiRequest
from core.api.inputs import Strict, read
from core.api.lists import number_of
from core.api.schema import IF_MATCH
from core.api.shapes import Ref, ref
from core.api.versions import etag, seen_version
from core.api.views import ApiView, once
from process.api.fields import Text
from process.api.inputs import Input, serializer_class
from process.api.records import not_allowed
from process.api.schema import ETAG
from process.models import ProcessDraft, ProcessVersion
from process.services import definitions
from process.step_forms import StepForm, evidence_initial, initial_of, step_of
from process.views import process_draft

_LINES = tuple(process_draft.lines_of({}).items())
StepNew = serializer_class("ProcessStepNew", StepForm, _LINES)
StepChange = serializer_class("ProcessStepChange", StepForm, _LINES, partial=True)


def _words(**more: Any) -> Any:
    return serializers.ListField(child=serializers.CharField(), **more)


# What is answered ----------------------------------------------------------------------------------
class BilingualSerializer(serializers.Serializer):
    """A text in both languages."""

    zh = serializers.CharField()
    en = serializers.CharField()


class KeyFigureSerializer(BilingualSerializer):
    """What the step is measured by."""

    measure = serializers.ChoiceField(choices=["on_time", "hours", "first_pass", "count"])


class RecordEvidenceSerializer(serializers.Serializer):
    """A record of this kind in one of these states."""

    kind = serializers.CharField()
    state = _words()


class StepEvidenceSerializer(BilingualSerializer):
    """One piece of evidence: shown by fields, a file, a check or another record."""

    code = serializers.CharField()
    before = _words()
    field = _words(required=False)
    file = serializers.CharField(required=False)
    check = serializers.CharField(required=False)
    record = RecordEvidenceSerializer(required=False)


class StepControlSerializer(BilingualSerializer):
    """One control, and what enforces it."""

    kind = serializers.CharField()
    by = serializers.CharField()


class CatalogueStepSerializer(BilingualSerializer):
    """A step as the catalogue keeps it; what is empty is left out."""

    code = serializers.CharField()
    stage = serializers.CharField()
    department = serializers.CharField(required=False)
    accountable = serializers.CharField()
    owner = serializers.CharField(required=False)
    consulted = _words(required=False)
    verbs = _words()
    starts_on = _words(required=False)
    by_hand = serializers.BooleanField(required=False)
    locks = _words(required=False)
    who = serializers.DictField(child=_words(), required=False)
    sla_hours = serializers.FloatField(required=False)
    clock = serializers.ChoiceField(choices=["working", "natural"], required=False)
    input = _words(required=False)
    output = _words(required=False)
    logic = BilingualSerializer(required=False)
    kpi = KeyFigureSerializer(required=False)
    controls = StepControlSerializer(many=True, required=False)
    evidence = StepEvidenceSerializer(many=True, required=False)


class ArtefactSerializer(BilingualSerializer):
    """What steps hand to each other."""

    id = serializers.CharField()
    external = serializers.BooleanField(required=False)
    terminal = serializers.BooleanField(required=False)


class StepDifferenceSerializer(serializers.Serializer):
    """A step that two catalogues see differently."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=["added", "removed", "changed"])
    keys = _words(help_text="What of a changed step is different.")
    before = CatalogueStepSerializer(allow_null=True)
    after = CatalogueStepSerializer(allow_null=True)


class VersionRowSerializer(serializers.Serializer):
    """A published version."""

    number = serializers.IntegerField()
    origin = serializers.ChoiceField(choices=ProcessVersion.Origin.values)
    note = serializers.CharField()
    published_at = serializers.DateTimeField()
    published_by = Ref(allow_null=True)


class VersionSerializer(VersionRowSerializer):
    """A version with all it says, compared with another one and with the delivery it is based on."""

    steps = CatalogueStepSerializer(many=True)
    artefacts = ArtefactSerializer(many=True)
    compared_with = serializers.IntegerField(allow_null=True)
    changes = StepDifferenceSerializer(many=True, help_text="From `compared_with` to this version.")
    own = StepDifferenceSerializer(many=True, help_text="From the delivery to this version: what was edited here.")


class DraftSerializer(serializers.Serializer):
    """The draft between the delivery, the version in force and what it is to be."""

    based_on = serializers.IntegerField()
    row_version = serializers.IntegerField()
    updated_at = serializers.DateTimeField()
    updated_by = Ref()
    steps = CatalogueStepSerializer(many=True)
    changes = StepDifferenceSerializer(many=True, help_text="From the version it is based on to the draft.")
    own = StepDifferenceSerializer(many=True, help_text="From the delivery to the draft: what is edited here.")
    problems = _words(help_text="What forbids publishing it.")


class NoteInput(Strict):
    """Why."""

    note = Text(max_length=4000, help_text="The reason, kept with the version.")


def difference_rows(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What changes from one catalogue to the other, each step as it was and as it is to be."""
    old, new = ({step["code"]: step for step in steps} for steps in (before, after))
    return [
        {
            "code": one.code,
            "kind": one.kind,
            "keys": list(one.keys),
            "before": old.get(one.code),
            "after": new.get(one.code),
        }
        for one in definitions.differences(before, after)
    ]


def _version_row(version: ProcessVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "origin": version.origin,
        "note": version.note,
        "published_at": version.published_at,
        "published_by": ref(version.published_by),
    }


def _version(version: ProcessVersion, other: ProcessVersion | None) -> dict[str, Any]:
    return {
        **_version_row(version),
        "steps": version.content,
        "artefacts": version.artefacts,
        "compared_with": other.number if other else None,
        "changes": difference_rows(other.content, version.content) if other else [],
        "own": difference_rows(version.delivered, version.content),
    }


def _numbered(number: int) -> ProcessVersion | None:
    return ProcessVersion.objects.select_related("published_by").filter(number=number).first()


def _published(version: ProcessVersion) -> Response:
    """A version that was just put in force, compared with the one it follows."""
    return Response(_version(version, _numbered(version.number - 1)), status=status.HTTP_201_CREATED)


def _draft(draft: ProcessDraft, code: int = status.HTTP_200_OK) -> Response:
    based_on = draft.based_on
    body = {
        "based_on": based_on.number,
        "row_version": draft.row_version,
        "updated_at": draft.updated_at,
        "updated_by": ref(draft.updated_by),
        "steps": draft.content,
        "changes": difference_rows(based_on.content, draft.content),
        "own": difference_rows(based_on.delivered, draft.content),
        "problems": definitions.check(draft.content, based_on.artefacts),
    }
    return Response(body, status=code, headers={"ETag": etag(draft.row_version)})


# Versions ------------------------------------------------------------------------------------------
class VersionsView(ApiView):
    """The published versions, the newest first, a hundred at most."""

    area = "process"
    duty = Duty.SYSTEM

    @extend_schema(operation_id="process_versions", responses=VersionRowSerializer(many=True))
    def get(self, request: ApiRequest) -> Response:
        found = ProcessVersion.objects.defer("content", "artefacts", "delivered").select_related("published_by")
        return Response([_version_row(one) for one in found.order_by("-number")[:100]])


class VersionView(ApiView):
    """One version, compared with another."""

    area = "process"
    duty = Duty.SYSTEM
    params = frozenset({"with"})

    @extend_schema(
        operation_id="process_version",
        parameters=[OpenApiParameter("with", int, description="The other version; by default the one before.")],
        responses=VersionSerializer,
    )
    def get(self, request: ApiRequest, number: int) -> Response:
        found = _numbered(number)
        asked = request.query_params.getlist("with")
        other = _numbered(number_of("with", asked, high=2**31 - 1) if asked else number - 1)
        if found is None or (asked and other is None):
            raise Http404
        return Response(_version(found, other))


# The keeper's views --------------------------------------------------------------------------------
class EditorView(ApiView):
    """A view for the system administrator alone."""

    area = "process"
    duty = Duty.SYSTEM
    may_miss = True
    may_be_stale = True

    def check_permissions(self, request: Any) -> None:
        super().check_permissions(request)
        if request.user.duty != self.duty:
            raise not_allowed(request)

    def draft(self) -> ProcessDraft:
        """The draft, or 404."""
        found = definitions.current_draft()
        if found is None:
            raise Http404
        return found

    def write(self, request: ApiRequest, act: Callable[[], Any], code: int = status.HTTP_200_OK) -> Response:
        """Change the draft once, and show what it is now."""

        def done() -> Response:
            act()
            return _draft(self.draft(), code)

        return once(request, done)


class RollBackView(EditorView):
    """An earlier version again, as a new one."""

    @extend_schema(operation_id="process_roll_back", request=NoteInput, responses={201: VersionSerializer})
    def post(self, request: ApiRequest, number: int) -> Response:
        found = get_object_or_404(ProcessVersion, number=number)
        note = read(NoteInput, request.data)["note"]
        return once(request, lambda: _published(definitions.roll_back(found, by=request.user, note=note)))


class DraftView(EditorView):
    """The draft with what it changes and what is wrong with it."""

    @extend_schema(operation_id="process_draft_read", parameters=[ETAG], responses=DraftSerializer)
    def get(self, request: ApiRequest) -> Response:
        """Read the draft, with what it changes and what is wrong with it."""
        return _draft(self.draft())

    @extend_schema(
        operation_id="process_draft_start", request=None, parameters=[ETAG], responses={201: DraftSerializer}
    )
    def post(self, request: ApiRequest) -> Response:
        """Begin a draft from the version in force."""
        read(Strict, request.data)
        return self.write(request, lambda: definitions.start_draft(by=request.user), status.HTTP_201_CREATED)


class PublishView(EditorView):
    """Putting the draft in force."""

    @extend_schema(
        operation_id="process_draft_publish",
        request=NoteInput,
        parameters=[IF_MATCH],
        responses={201: VersionSerializer},
    )
    def post(self, request: ApiRequest) -> Response:
        note = read(NoteInput, request.data)["note"]

        def act() -> Response:
            version = seen_version(request, self.draft().row_version)
            return _published(definitions.publish_draft(by=request.user, note=note, version=version))

        return once(request, act)


class DiscardView(EditorView):
    """Throwing the draft away."""

    @extend_schema(
        operation_id="process_draft_discard",
        request=None,
        responses={204: OpenApiResponse(description="The draft is gone; nothing in force changed.")},
    )
    def post(self, request: ApiRequest) -> Response:
        read(Strict, request.data)

        def act() -> Response:
            self.draft()
            definitions.discard_draft(by=request.user)
            return Response(status=status.HTTP_204_NO_CONTENT)

        return once(request, act)


class _StepView(EditorView):
    """A view that writes a step as the page's form does."""

    def step(self, code: str) -> dict[str, Any]:
        """The step as the draft has it, or 404."""
        found = next((one for one in self.draft().content if one["code"] == code), None)
        if found is None:
            raise Http404
        return found

    def entered(self, request: ApiRequest, shape: type[Strict], before: dict[str, Any]) -> dict[str, Any]:
        """The step as the catalogue is to keep it; what is not sent stays as in `before`."""
        draft = self.draft()
        lines = {"controls": before.get("controls", []), "evidence": evidence_initial(before)}
        entered = Input(StepForm, dict(_LINES), request.user, None)
        entered.bind(
            {**lines, **read(shape, request.data)},
            prepare=lambda form: form.offer(draft),
            initial=initial_of(before) if before else None,
        )
        values = entered.cleaned()
        return step_of(values, values.pop("controls"), values.pop("evidence"), before)


class NewStepView(_StepView):
    """A new step, at the end of its stage."""

    @extend_schema(
        operation_id="process_draft_new_step",
        request=StepNew,
        parameters=[IF_MATCH, ETAG],
        responses={201: DraftSerializer},
    )
    def post(self, request: ApiRequest) -> Response:
        def act() -> Any:
            version = seen_version(request, self.draft().row_version)
            return definitions.write_step(self.entered(request, StepNew, {}), by=request.user, version=version)

        return self.write(request, act, status.HTTP_201_CREATED)


class DraftStepView(_StepView):
    """One step of the draft."""

    @extend_schema(operation_id="process_draft_step", parameters=[ETAG], responses=CatalogueStepSerializer)
    def get(self, request: ApiRequest, code: str) -> Response:
        """Read one step of the draft."""
        return Response(self.step(code), headers={"ETag": etag(self.draft().row_version)})

    @extend_schema(
        operation_id="process_draft_change_step",
        request=StepChange,
        parameters=[IF_MATCH, ETAG],
        responses=DraftSerializer,
    )
    def patch(self, request: ApiRequest, code: str) -> Response:
        """Change one step of the draft."""
        before = self.step(code)
        version = seen_version(request, self.draft().row_version, required=True)
        step = self.entered(request, StepChange, before)
        return self.write(request, lambda: definitions.write_step(step, by=request.user, code=code, version=version))


class RemoveView(_StepView):
    """Taking a step out of the draft."""

    @extend_schema(
        operation_id="process_draft_remove_step", request=None, parameters=[IF_MATCH, ETAG], responses=DraftSerializer
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        read(Strict, request.data)

        def act() -> Any:
            self.step(code)
            version = seen_version(request, self.draft().row_version)
            return definitions.remove_step(code, by=request.user, version=version)

        return self.write(request, act)
