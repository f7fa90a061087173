"""Authority rules and what they would decide; the requests on a record: who was asked, what they said, on what."""

from typing import Any

from django.apps import apps
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import User
from accounts.request import ApiRequest
from approvals import authority, load, selectors, what_if
from approvals.forms import WhatIfForm
from approvals.models import ApprovalRequest, AuthorityRule, Decision, Reminder
from approvals.pages import readable
from core.api.lists import number_of
from core.api.problems import Invalid
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
    letter = Ref(allow_null=True, help_text="The letter of authority it was decided under.")
    decided_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="Null while it is not asked for yet.")


class ReminderSerializer(serializers.Serializer):
    """One person was reminded of one opinion or decision."""

    kind = serializers.ChoiceField(choices=Reminder.Kind.choices)
    opinion = serializers.IntegerField(help_text="The review or decision that is waited for.")
    to = Ref()
    by = serializers.CharField(help_text="Empty for the system.")
    note = serializers.CharField()
    at = serializers.DateTimeField()


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
    reminders = ReminderSerializer(many=True)


def request_row(found: ApprovalRequest, user: User) -> dict[str, Any]:
    """A request with its opinions; cost only for those who may see it."""
    model: Any = apps.get_model(found.document_kind)
    return {
        "id": found.pk,
        "code": found.code,
        "state": found.state,
        "facts": [{"fact": str(label), "value": str(value)} for label, value in readable(found.facts, user, model)],
        "opinions": [_opinion(one) for one in found.decisions.all()],
        "reminders": [
            {
                "kind": one.kind,
                "opinion": one.decision_id,
                "to": ref(one.to),
                "by": one.by_name,
                "note": one.note,
                "at": one.at.isoformat(),
            }
            for one in selectors.reminders_of(found)
        ],
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
        "letter": ref(one.letter),
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
        "due_at": one.step.due_at.isoformat() if one.step and one.step.due_at else None,
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


class LimitSerializer(serializers.Serializer):
    """One dimension in which a rule ends."""

    measure = serializers.ChoiceField(choices=[one.measure for one in authority.DIMENSIONS])
    limit = serializers.CharField()
    at_least = serializers.BooleanField(help_text="Whether figures reach from the limit up, else down from it.")


class RuleSerializer(serializers.Serializer):
    """Who gives an opinion and who decides on a kind of document, as far as every limit reaches."""

    id = serializers.IntegerField()
    document = serializers.CharField()
    rule = serializers.CharField()
    department = Ref(allow_null=True, help_text="The layer; null is the whole company.")
    reviewers = serializers.ListField(child=serializers.CharField())
    decider = serializers.CharField()
    fallback = serializers.CharField(help_text="Asked where nobody is left to be asked.")
    needs_letter = serializers.BooleanField(help_text="Whoever decides needs a letter in force that covers it.")
    hours = serializers.IntegerField(help_text="Working hours for each answer.")
    nudge_hours = serializers.IntegerField(help_text="Working hours in which the same person is nudged once.")
    remind_percent = serializers.IntegerField(help_text="Part of the time after which the system reminds; 0 is never.")
    escalate_hours = serializers.IntegerField(
        allow_null=True, help_text="Working hours late until the next head is asked too; null is never."
    )
    limits = LimitSerializer(many=True)


def rule_row(rule: AuthorityRule) -> dict[str, Any]:
    """A rule with its limits, for programs."""
    limits = [(one, getattr(rule, one.limit)) for one in authority.DIMENSIONS]
    return {
        "id": rule.pk,
        "document": rule.document,
        "rule": rule.label,
        "department": ref(rule.department),
        "reviewers": rule.reviewers,
        "decider": rule.decider,
        "fallback": rule.fallback,
        "needs_letter": rule.needs_letter,
        "hours": rule.hours,
        "nudge_hours": rule.nudge_hours,
        "remind_percent": rule.remind_percent,
        "escalate_hours": rule.escalate_hours,
        "limits": [
            {"measure": one.measure, "limit": str(limit), "at_least": one.at_least}
            for one, limit in limits
            if limit not in (None, "")
        ],
    }


class AuthorityView(ApiView):
    """The authority rules in force, in the order in which they are held against a document of a layer."""

    area = "process"

    @extend_schema(operation_id="authority_list", tags=["approvals"], responses=RuleSerializer(many=True))
    def get(self, request: ApiRequest) -> Response:
        return Response([rule_row(rule) for rule in selectors.rules()])


class LoadSerializer(serializers.Serializer):
    """What one role answered on one kind of document in 90 days."""

    document = serializers.CharField()
    kind = serializers.ChoiceField(choices=Decision.Kind.choices)
    role = serializers.CharField()
    answered = serializers.IntegerField()
    waiting = serializers.IntegerField()
    late = serializers.IntegerField()
    conditional = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Disagreed, rejected or sent back.")
    rounds = serializers.FloatField(allow_null=True, help_text="Requests per document.")
    median_hours = serializers.FloatField(allow_null=True)
    in_time_percent = serializers.IntegerField(allow_null=True)


class LoadView(ApiView):
    """Answers, hours and rounds of approvals by document and role, counted for the company."""

    area = "process"

    @extend_schema(operation_id="authority_load", tags=["approvals"], responses=LoadSerializer(many=True))
    def get(self, request: ApiRequest) -> Response:
        return Response([vars(one) for one in load.of_the_company()])


class AskedOfSerializer(serializers.Serializer):
    """One opinion or decision that would be asked for."""

    kind = serializers.ChoiceField(choices=Decision.Kind.choices)
    role = serializers.CharField()
    people = serializers.ListField(child=serializers.CharField(), help_text="The first of them.")
    letters = serializers.ListField(
        child=serializers.CharField(), help_text="By which letters of authority they decide, person by person."
    )
    count = serializers.IntegerField(help_text="How many in all; 0 where the project's seat decides who.")


class TriedSerializer(serializers.Serializer):
    """A rule that was held against the figures."""

    id = serializers.IntegerField()
    rule = serializers.CharField()
    gaps = serializers.ListField(child=serializers.CharField(), help_text="Empty where it reaches.")


class WhatIfSerializer(serializers.Serializer):
    """What would happen; `rule` is null where a gap is left, and the document would be refused."""

    rule = RuleSerializer(allow_null=True)
    asked = AskedOfSerializer(many=True)
    tried = TriedSerializer(many=True)


class WhatIfView(ApiView):
    """Which rule would decide: on a record as it stands (`id`), else on a document with the figures given."""

    area = "process"
    # What is asked for stands in the parameters, and may not be there.
    may_miss = True
    params = frozenset({"document", "id", "department", *(one.measure for one in authority.DIMENSIONS)})

    @extend_schema(
        operation_id="authority_what_if",
        tags=["approvals"],
        parameters=[
            OpenApiParameter("document", str, required=True, description="`contracts.contract`"),
            OpenApiParameter("id", int, description="A record that would be submitted as it stands."),
            OpenApiParameter("department", int),
            *(OpenApiParameter(one.measure, str) for one in authority.DIMENSIONS),
        ],
        responses=WhatIfSerializer,
    )
    def get(self, request: ApiRequest) -> Response:
        answer = self._answer(request)
        rule = answer.judgement.rule
        return Response(
            {
                "rule": rule_row(rule) if rule is not None else None,
                "asked": [
                    {
                        "kind": one.kind,
                        "role": one.role,
                        "people": one.names,
                        "letters": one.letters,
                        "count": one.count,
                    }
                    for one in answer.asked
                ],
                "tried": [
                    {"id": one.rule.pk, "rule": one.rule.label, "gaps": answer.gaps(one)}
                    for one in answer.judgement.tried
                ],
            }
        )

    def _answer(self, request: ApiRequest) -> what_if.Answer:
        if "id" in request.query_params:
            outlet = outlet_of(request.query_params.get("document", ""))
            if outlet is None:
                raise Http404
            pk = number_of("id", request.query_params.getlist("id"))
            return what_if.of_record(get_object_or_404(outlet.queryset(request.user), pk=pk), request.user)
        form = WhatIfForm(request.query_params)
        if not form.is_valid():
            raise Invalid({name: [str(one) for one in errors] for name, errors in form.errors.items()})
        department = form.cleaned_data["department"]
        return what_if.of_figures(form.cleaned_data["document"], department.pk if department else None, form.measures())
