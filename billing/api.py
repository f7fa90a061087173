"""Collection: what is due and how old it is, and where a deal stands in money."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.request import ApiRequest
from billing.models import ReceivableLine
from billing.selectors import BUCKETS, AgeingRow, ageing, position
from core.api.lists import PARAMS, page_of, page_response, paging_parameters
from core.api.shapes import Ref, amount, amount_field, ref
from core.api.views import ApiView
from core.paging import Keyset


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


class AgeingSerializer(serializers.Serializer):
    """One payer's open amounts by days past due; retention stands beside them."""

    customer = serializers.CharField()
    buckets = serializers.DictField(child=amount_field())
    total = amount_field()
    overdue = amount_field()
    retention = amount_field()


class AgeingView(ApiView):
    """Open receivables by payer and days past due: `not_due`, `d30`, … `older`."""

    area = "billing"

    @extend_schema(operation_id="ageing", responses=AgeingSerializer(many=True))
    def get(self, request: ApiRequest) -> Response:
        return Response([_ageing(row) for row in ageing(lines=ReceivableLine.objects.visible_to(request.user))])


def _ageing(row: AgeingRow) -> dict[str, Any]:
    return {
        "customer": str(row.label),
        "buckets": {code: amount(row.buckets[code]) for code, _label, _end in BUCKETS},
        "total": amount(row.total),
        "overdue": amount(row.overdue),
        "retention": amount(row.retention),
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
