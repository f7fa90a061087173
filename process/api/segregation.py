"""The table of the segregation of duties and its report, for programs."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from accounts.models import Duty
from accounts.request import ApiRequest, actor_of
from core.api.inputs import read
from core.api.lists import PARAMS, envelope, limit_of, page_of, paging_parameters
from core.api.problems import Invalid
from core.api.schema import IF_MATCH
from core.api.shapes import Ref, ref
from core.api.versions import etag, seen_version
from core.api.views import ApiView, once
from core.paging import capped_count, page
from process import segregation
from process.api.inputs import Input, serializer_class
from process.api.records import not_allowed
from process.api.schema import ETAG
from process.models import SegregationRule
from process.segregation import Breach, Conflict
from process.segregation_forms import RuleChangeForm, RuleForm
from process.services import segregating
from process.views import segregation as pages

RuleNew = serializer_class("SegregationRuleNew", RuleForm, ())
RuleChange = serializer_class("SegregationRuleChange", RuleChangeForm, (), partial=True)


class SegregationRuleSerializer(serializers.Serializer):
    """Two acts that no person does both of."""

    id = serializers.IntegerField()
    row_version = serializers.IntegerField()
    first = serializers.CharField(help_text="`bill.submit`")
    first_label = serializers.CharField()
    second = serializers.CharField(help_text="`bill.pay`")
    second_label = serializers.CharField()
    zh = serializers.CharField()
    en = serializers.CharField()
    why_zh = serializers.CharField()
    why_en = serializers.CharField()
    level = serializers.ChoiceField(choices=SegregationRule.Level.choices)
    is_active = serializers.BooleanField()
    forbidden_since = serializers.DateTimeField(allow_null=True)


class BuiltInSerializer(serializers.Serializer):
    """What the code keeps apart by itself, in the caller's language."""

    rule = serializers.CharField()
    first_label = serializers.CharField()
    second_label = serializers.CharField()


class SegregationSerializer(serializers.Serializer):
    """The whole table."""

    rules = SegregationRuleSerializer(many=True)
    built_in = BuiltInSerializer(many=True)


class BrokenRuleSerializer(serializers.Serializer):
    """A rule that an act breaks, and the other act that was done before."""

    rule = Ref()
    level = serializers.ChoiceField(choices=SegregationRule.Level.choices)
    was_forbidden = serializers.BooleanField(help_text="The rule forbade it when it was done.")
    act = serializers.CharField()
    act_label = serializers.CharField()
    kind = serializers.CharField()
    record = serializers.IntegerField()
    code = serializers.CharField()
    at = serializers.DateTimeField()


class BreachSerializer(serializers.Serializer):
    """An act of somebody who had done the other act of a rule before."""

    id = serializers.IntegerField(help_text="The entry of the log.")
    at = serializers.DateTimeField()
    person = Ref()
    act = serializers.CharField()
    act_label = serializers.CharField()
    kind = serializers.CharField()
    record = serializers.IntegerField()
    code = serializers.CharField()
    broken = BrokenRuleSerializer(many=True)


def _rule(rule: SegregationRule) -> dict[str, Any]:
    return {
        "id": rule.pk,
        "row_version": rule.row_version,
        "first": rule.first,
        "first_label": segregation.act_label(rule.first),
        "second": rule.second,
        "second_label": segregation.act_label(rule.second),
        **{name: getattr(rule, name) for name in SegregationRule.KEPT},
        "forbidden_since": rule.forbidden_since,
    }


def _shown(rule: SegregationRule, code: int = status.HTTP_200_OK) -> Response:
    return Response(_rule(rule), status=code, headers={"ETag": etag(rule.row_version)})


class TableView(ApiView):
    """The rules and what is built in; a new rule by the security administrator."""

    area = "process"
    duty = Duty.SECURITY

    @extend_schema(operation_id="segregation_table", tags=["process"], responses=SegregationSerializer)
    def get(self, request: ApiRequest) -> Response:
        """Read the table of two acts that no person does both of."""
        built_in = [
            {"rule": title, "first_label": first, "second_label": second}
            for title, first, second in pages.built_in_rows()
        ]
        return Response({"rules": [_rule(one) for one in SegregationRule.objects.all()], "built_in": built_in})

    @extend_schema(
        operation_id="segregation_add",
        tags=["process"],
        request=RuleNew,
        parameters=[ETAG],
        responses={201: SegregationRuleSerializer},
    )
    def post(self, request: ApiRequest) -> Response:
        """Put a rule into the table."""
        require_keeper(request)
        entered = Input(RuleForm, {}, request.user, None)
        entered.bind(read(RuleNew, request.data))

        def act() -> Response:
            return _shown(segregating.add(by=actor_of(request), **entered.cleaned()), status.HTTP_201_CREATED)

        return once(request, act)


def require_keeper(request: ApiRequest) -> None:
    """NotAllowed for everybody but the security administrator."""
    if request.user.duty != Duty.SECURITY:
        raise not_allowed(request)


class RuleView(ApiView):
    """One rule."""

    area = "process"
    duty = Duty.SECURITY
    may_miss = True
    may_be_stale = True

    @extend_schema(
        operation_id="segregation_rule", tags=["process"], parameters=[ETAG], responses=SegregationRuleSerializer
    )
    def get(self, request: ApiRequest, pk: int) -> Response:
        """Read one rule."""
        return _shown(get_object_or_404(SegregationRule, pk=pk))

    @extend_schema(
        operation_id="segregation_change",
        tags=["process"],
        request=RuleChange,
        parameters=[IF_MATCH, ETAG],
        responses=SegregationRuleSerializer,
    )
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change words, consequence or force of a rule, with a reason."""
        require_keeper(request)
        found = get_object_or_404(SegregationRule, pk=pk)
        version = seen_version(request, found.row_version, required=True)
        given = read(RuleChange, request.data)
        entered = Input(RuleChangeForm, {}, request.user, None)
        entered.bind(given, initial={name: getattr(found, name) for name in SegregationRule.KEPT}, partial=True)

        def act() -> Response:
            return _shown(segregating.change(found, by=actor_of(request), version=version, **entered.changes()))

        return once(request, act)


class ReportView(ApiView):
    """Who did both acts of a rule, the newest first."""

    area = "process"
    params = PARAMS | frozenset(pages.FILTERS)

    @extend_schema(
        operation_id="segregation_report",
        tags=["process"],
        parameters=[
            OpenApiParameter("rule", int, description="This rule, also one that is off; by default all in force."),
            OpenApiParameter("level", str, enum=SegregationRule.Level.values),
            OpenApiParameter("person", int),
            OpenApiParameter("from_on", OpenApiTypes.DATE, description="First day of the acts."),
            OpenApiParameter("to_on", OpenApiTypes.DATE, description="Last day of the acts."),
            *paging_parameters(),
        ],
        responses=page_of(BreachSerializer, "Breach"),
    )
    def get(self, request: ApiRequest) -> Response:
        """Read who did both acts of a rule: the auditor, and whoever sees all records and people's names."""
        pages.require_reader(request.user)
        given = request.query_params.copy()
        for name in PARAMS:
            given.pop(name, None)
        scope, wrong, _form = pages.read_scope(given, request.user)
        if scope is None:
            raise Invalid(wrong)
        rules = scope.rules()
        breaches = segregation.breaches(scope, rules)
        size = limit_of(request.query_params.getlist("limit"))
        cursor = request.query_params.get("cursor") or None
        found = page(breaches.select_related("user"), keyset=pages.ORDER, cursor=cursor, size=size)
        rows = [_breach(one) for one in segregation.told(found.rows, rules)]
        return Response(envelope(request, found, rows, capped_count(breaches)))


def _breach(one: Breach) -> dict[str, Any]:
    entry = one.entry
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "person": ref(entry.user),
        "act": entry.action,
        "act_label": segregation.act_label(entry.action),
        "kind": entry.kind,
        "record": entry.object_id,
        "code": one.code,
        "broken": [_broken(one, conflict, code) for conflict, code in zip(one.broken, one.other_codes, strict=True)],
    }


def _broken(one: Breach, conflict: Conflict, code: str) -> dict[str, Any]:
    other = conflict.entry
    return {
        "rule": ref(conflict.rule),
        "level": conflict.rule.level,
        "was_forbidden": one.was_forbidden(conflict),
        "act": other.action,
        "act_label": segregation.act_label(other.action),
        "kind": other.kind,
        "record": other.object_id,
        "code": code,
        "at": other.at.isoformat(),
    }
