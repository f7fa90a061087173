"""The requests on a record: who was asked, what they said, on which figures."""

from typing import Any

from django.apps import apps
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import User
from accounts.request import ApiRequest
from approvals import selectors
from approvals.models import ApprovalRequest, Decision
from approvals.pages import readable
from core.api.lists import number_of
from core.api.shapes import Ref, ref
from core.api.views import ApiView
from process.outlet import outlet_of


class OpinionSerializer(serializers.Serializer):
    """One review or decision, given or still asked for."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Decision.Kind.choices)
    role = serializers.CharField()
    opinion = serializers.CharField(help_text="Empty while it is waited for.")
    comment = serializers.CharField()
    conditions = serializers.CharField()
    met_at = serializers.DateTimeField(allow_null=True)
    decided_by = Ref(allow_null=True)
    on_behalf_of = Ref(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class RequestFactSerializer(serializers.Serializer):
    """A figure as it stood when the request was made."""

    fact = serializers.CharField()
    value = serializers.CharField()


class RequestSerializer(serializers.Serializer):
    """One request for a decision."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    state = serializers.CharField()
    facts = RequestFactSerializer(many=True)
    opinions = OpinionSerializer(many=True)


def request_row(found: ApprovalRequest, user: User) -> dict[str, Any]:
    """A request with its opinions; cost only for those who may see it."""
    model: Any = apps.get_model(found.document_kind)
    return {
        "id": found.pk,
        "code": found.code,
        "state": found.state,
        "facts": [{"fact": str(label), "value": str(value)} for label, value in readable(found.facts, user, model)],
        "opinions": [_opinion(one) for one in found.decisions.all()],
    }


def _opinion(one: Decision) -> dict[str, Any]:
    return {
        "id": one.pk,
        "kind": one.kind,
        "role": one.role,
        "opinion": one.opinion,
        "comment": one.comment,
        "conditions": one.conditions,
        "met_at": one.met_at.isoformat() if one.met_at else None,
        "decided_by": ref(one.decided_by),
        "on_behalf_of": ref(one.on_behalf_of),
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
    }


class RequestsView(ApiView):
    """The requests on a record that the person may see, newest first."""

    area = "process"
    # What is asked for stands in the parameters, and may not be there.
    may_miss = True
    params = frozenset({"kind", "id"})

    @extend_schema(
        operation_id="approval_list",
        parameters=[
            OpenApiParameter("kind", str, required=True, description="`contracts.contract`"),
            OpenApiParameter("id", int, required=True, description="The record's key."),
        ],
        responses={200: RequestSerializer(many=True)},
    )
    def get(self, request: ApiRequest) -> Response:
        outlet = outlet_of(request.query_params.get("kind", ""))
        if outlet is None:
            raise Http404
        pk = number_of("id", request.query_params.getlist("id"))
        record = get_object_or_404(outlet.queryset(request.user), pk=pk)
        return Response([request_row(one, request.user) for one in selectors.requests_of(record)])
