"""Collection: what is due and how old it is, and where a deal stands in money."""

import datetime as dt
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.request import ApiRequest
from billing.ageing import BY, AgeingRow, ageing_for
from billing.dunning import Next
from billing.letters import LANGUAGES, dunning_paper, statements_of
from billing.models import DunningLetter, ReceivableLine
from billing.selectors import position
from billing.workbench import ORDER, Work, customers, lines_of, work_of
from core.api.lists import PARAMS, envelope, limit_of, number_of, page_of, page_response, paging_parameters
from core.api.shapes import Ref, amount, amount_field, ref
from core.api.views import ApiView
from core.paging import Keyset, capped_count, page
from core.parameters import day_of, one_of
from customers.models import Customer


class DueSerializer(serializers.Serializer):
    """A receivable that is payable now."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    title = serializers.CharField()
    customer = Ref(allow_null=True)
    owner = Ref(allow_null=True)
    currency = serializers.CharField()
    gross_open = amount_field()
    due_on = serializers.DateField(allow_null=True)
    days_overdue = serializers.IntegerField()
    promised_on = serializers.DateField(allow_null=True)
    disputed_until = serializers.DateField(allow_null=True)


class CollectionView(ApiView):
    """Everything payable that the person may see, the most overdue first."""

    area = "billing"
    params = PARAMS

    @extend_schema(operation_id="collection", parameters=paging_parameters(), responses=page_of(DueSerializer, "Due"))
    def get(self, request: ApiRequest) -> Response:
        due: Any = ReceivableLine.objects.visible_to(request.user).ageing().select_related("customer", "owner")
        return page_response(request, due, Keyset(("due_on", "id")), _due)


def _due(line: ReceivableLine) -> dict[str, Any]:
    return {
        "id": line.pk,
        "code": line.code,
        "title": line.title,
        "customer": ref(line.customer),
        "owner": ref(line.owner),
        "currency": line.currency,
        "gross_open": amount(line.gross_open),
        "due_on": _day(line.due_on),
        "days_overdue": line.days_overdue,
        "promised_on": _day(line.promised_on),
        "disputed_until": _day(line.disputed_until),
    }


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None


class WorkSerializer(serializers.Serializer):
    """One customer in one currency with what comes next."""

    customer = Ref()
    currency = serializers.CharField()
    open = amount_field()
    overdue = amount_field()
    disputed = amount_field()
    contacted_on = serializers.DateField(allow_null=True)
    promised_on = serializers.DateField(allow_null=True)
    next_act = serializers.ChoiceField(choices=[*Next])
    level = serializers.IntegerField(help_text="Of the letter, where that is the next act.")
    receivable = Ref()
    letter = Ref(allow_null=True)


class WorkbenchView(ApiView):
    """Whom to collect from, the most overdue first, each with the next act and the record it is done on."""

    area = "billing"
    params = PARAMS | {"owner"}

    @extend_schema(
        operation_id="collection_work",
        parameters=[*paging_parameters(), OpenApiParameter("owner", int, description="Of one account manager.")],
        responses=page_of(WorkSerializer, "Work"),
    )
    def get(self, request: ApiRequest) -> Response:
        given = request.query_params.getlist("owner")
        lines = lines_of(request.user, number_of("owner", given) if given else None)
        chosen = customers(lines)
        size = limit_of(request.query_params.getlist("limit"))
        found = page(chosen, keyset=ORDER, cursor=request.query_params.get("cursor") or None, size=size)
        rows = [_work(one) for one in work_of(found.rows, lines, request.user)]
        return Response(envelope(request, found, rows, capped_count(chosen)))


def _work(one: Work) -> dict[str, Any]:
    amounts = {name: amount(getattr(one, name)) for name in ("open", "overdue", "disputed")}
    return {
        "customer": ref(one.customer),
        "currency": one.currency,
        **amounts,
        "contacted_on": _day(one.contacted_on),
        "promised_on": _day(one.promised_on),
        "next_act": one.act.value,
        "level": one.level,
        "receivable": ref(one.line),
        "letter": ref(one.letter),
    }


class AgeingSerializer(serializers.Serializer):
    """Open amounts of one payer (account manager, contract, project) in one currency, by both clocks.

    Retention in warranty and bills of exchange that are not paid yet stand beside them.
    """

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    currency = serializers.CharField()
    buckets = serializers.DictField(child=amount_field(), help_text="By days past due.")
    ages = serializers.DictField(child=amount_field(), help_text="By time since it arose.")
    total = amount_field()
    overdue = amount_field()
    retention = amount_field()
    bills = amount_field()


class AgeingView(ApiView):
    """Open receivables as of a day, by days past due (`not_due` … `older`) and age (`m6` … `over`)."""

    area = "billing"
    params = frozenset({"on", "by"})

    @extend_schema(
        operation_id="ageing",
        parameters=[
            OpenApiParameter("on", dt.date, description="As of the end of this day; today without it."),
            OpenApiParameter("by", str, enum=[*BY], description="What is summed; payers without it."),
        ],
        responses=AgeingSerializer(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        on, by = day_of(request.query_params.get("on", "")), one_of(request.query_params.get("by", ""), BY)
        return Response([_ageing(row) for row in ageing_for(request.user, on, by)])


def _ageing(row: AgeingRow) -> dict[str, Any]:
    return {
        "id": row.key,
        "name": row.label,
        "currency": row.currency,
        "buckets": {code: amount(value) for code, value in row.buckets.items()},
        "ages": {code: amount(value) for code, value in row.ages.items()},
        **{name: amount(getattr(row, name)) for name in ("total", "overdue", "retention", "bills")},
    }


class PositionSerializer(serializers.Serializer):
    """Where a deal stands in money, with tax, in the contract's currency."""

    contract = amount_field()
    invoiced = amount_field()
    received = amount_field()
    deducted = amount_field()
    eligible = amount_field()
    overdue = amount_field()
    retention = amount_field()
    given_up = amount_field()
    open = amount_field()


class PositionView(ApiView):
    """The money of one deal, for those who may see its receivables."""

    area = "billing"

    @extend_schema(operation_id="position", responses=PositionSerializer)
    def get(self, request: ApiRequest, case_id: int) -> Response:
        if not ReceivableLine.objects.visible_to(request.user).filter(case_id=case_id).exists():
            raise Http404
        found = position(case_id)
        return Response({name: amount(getattr(found, name)) for name in map(str, PositionSerializer().fields)})


class PaperLineSerializer(serializers.Serializer):
    """One receivable on paper."""

    contract = serializers.CharField()
    title = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    days_overdue = serializers.IntegerField()
    owed = amount_field()
    open = amount_field()


class PaperSerializer(serializers.Serializer):
    """A letter or statement as it is printed."""

    language = serializers.CharField()
    kind = serializers.CharField()
    number = serializers.CharField()
    day = serializers.DateField()
    sender = serializers.CharField()
    receiver = serializers.CharField()
    currency = serializers.CharField()
    paragraphs = serializers.ListField(child=serializers.CharField())
    lines = PaperLineSerializer(many=True)
    total = amount_field()
    capital = serializers.CharField()
    account = serializers.CharField()


LANGUAGE = OpenApiParameter(
    "language", str, enum=[*LANGUAGES], description="Language of the paper; Chinese without it."
)


class LetterPaperView(ApiView):
    """A dunning letter as it is printed."""

    area = "billing"
    params = frozenset({"language"})

    @extend_schema(operation_id="letter_paper", parameters=[LANGUAGE], responses=PaperSerializer)
    def get(self, request: ApiRequest, pk: int) -> Response:
        letter = get_object_or_404(DunningLetter.objects.visible_to(request.user).select_related("rung"), pk=pk)
        language = one_of(request.query_params.get("language", ""), LANGUAGES)
        return Response(PaperSerializer(dunning_paper(letter, language)).data)


class CustomerStatementView(ApiView):
    """What a customer owes on a day, one paper per legal entity and currency."""

    area = "billing"
    params = frozenset({"language", "on"})

    @extend_schema(
        operation_id="customer_statement",
        parameters=[LANGUAGE, OpenApiParameter("on", dt.date, description="As of this day; today without it.")],
        responses=PaperSerializer(many=True),
    )
    def get(self, request: ApiRequest, pk: int) -> Response:
        customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
        language = one_of(request.query_params.get("language", ""), LANGUAGES)
        on = day_of(request.query_params.get("on", ""))
        return Response(PaperSerializer(statements_of(customer, request.user, on, language), many=True).data)
