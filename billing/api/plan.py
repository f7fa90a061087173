"""The collection plan for programs: the same figures as on the page, and the rows behind each."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.request import ApiRequest
from billing.filters import NARROWED, PlanAsked, PlanForm, PlanItemsForm, read_plan
from billing.plan.figures import PlanRow, plan
from billing.plan.items import FIGURES, ORDER, Item, item_of, items
from billing.plan.scope import BY
from core.api.lists import PARAMS, page_of, page_response, paging_parameters
from core.api.problems import Invalid
from core.api.shapes import Ref, amount, amount_field, ref
from core.api.views import ApiView


class PlanRowSerializer(serializers.Serializer):
    """One month, or all of them; with `by` one row per month and key. Gross, in base currency.

    `opening` and `closing` are null before the month begins, `rate` and `cumulative` also where nothing was planned.
    """

    month = serializers.CharField(allow_null=True, help_text="YYYY-MM; null in the sum.")
    id = serializers.IntegerField(allow_null=True, help_text="Of what `by` names.")
    name = serializers.CharField()
    opening = amount_field(allow_null=True)
    planned = amount_field()
    prepaid = amount_field(help_text="Came in before the month, on what is due in it.")
    collected = amount_field(help_text="Received in the month of what is due in it.")
    late = amount_field(help_text="Received of what was due before.")
    early = amount_field(help_text="Received of what is due later, or not payable yet.")
    received = amount_field(help_text="collected + late + early.")
    cash = amount_field(help_text="Money, of what was received.")
    bills = amount_field(help_text="Bills of exchange, of what was received.")
    other = amount_field(help_text="Settled without money: differences, waived, written off.")
    left = amount_field(help_text="Still open today of what is due in the month.")
    closing = amount_field(allow_null=True)
    disputed = amount_field(help_text="Disputed today, of what is due in the month.")
    promised = amount_field()
    kept = amount_field()
    broken = amount_field()
    moved = amount_field(help_text="Due days taken away after the month had begun.")
    free = amount_field(help_text="Value date in the month, neither allocated nor paid back.")
    rate = amount_field(allow_null=True, help_text="Percent of the plan that had come in by the month's end.")
    cumulative = amount_field(allow_null=True, help_text="The same over all months so far.")


class PlanSerializer(serializers.Serializer):
    """Plan and actual by month, and what has no month yet."""

    currency = serializers.CharField()
    foreign = serializers.ListField(child=serializers.CharField(), help_text="Counted at today's rate.")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Left out: no rate is known.")
    undated = amount_field(help_text="Waits for its event and has no due day.")
    retention = amount_field(help_text="Retention in warranty.")
    total = PlanRowSerializer()
    rows = PlanRowSerializer(many=True)


class PlanItemSerializer(serializers.Serializer):
    """One row behind a figure: a receivable, or the receipt where money is not allocated."""

    kind = serializers.CharField()
    record = Ref()
    payer = serializers.CharField()
    owner = Ref(allow_null=True)
    day = serializers.DateField(allow_null=True)
    note = serializers.CharField()
    currency = serializers.CharField(help_text="Of the row; the amount is in base currency.")
    amount = amount_field()


def _plan_parameters(*more: OpenApiParameter) -> list[OpenApiParameter]:
    month = {"type": "string", "pattern": r"^\d{4}-\d{2}$"}
    return [
        OpenApiParameter("from_month", month, description="Six months back without it."),
        OpenApiParameter("to_month", month, description="Six months on without it; at most 24 in all."),
        OpenApiParameter("department", int, description="This department and those below it."),
        OpenApiParameter("owner", int, description="Of one account manager."),
        OpenApiParameter("customer", int, description="Of one payer."),
        OpenApiParameter("entity", int, description="Of one legal entity."),
        *more,
    ]


def _plan_asked(request: ApiRequest, form: type[PlanForm], also: tuple[str, ...] = ()) -> PlanAsked:
    asked, wrong = read_plan(request.query_params, request.user, form, also)
    if asked is None:
        raise Invalid(wrong)
    return asked


class CollectionPlanView(ApiView):
    """What was to come in month by month, what did, from what, and what is behind, of what the caller may see."""

    area = "billing"
    params = frozenset({"from_month", "to_month", *NARROWED, "by"})

    @extend_schema(
        operation_id="collection_plan",
        parameters=_plan_parameters(
            OpenApiParameter("by", str, enum=[*BY], description="A row per month and department, manager, payer.")
        ),
        responses=PlanSerializer,
    )
    def get(self, request: ApiRequest) -> Response:
        asked = _plan_asked(request, PlanForm)
        found = plan(asked.scope, asked.span, asked.by)
        return Response(
            {
                "currency": found.currency,
                "foreign": found.foreign,
                "missing": found.missing,
                "undated": amount(found.undated),
                "retention": amount(found.retention),
                "total": _plan_row(found.total),
                "rows": [_plan_row(row) for row in found.rows],
            }
        )


def _plan_row(row: PlanRow) -> dict[str, Any]:
    month = f"{row.month:%Y-%m}" if row.month else None
    figures = [name for name in map(str, PlanRowSerializer().fields) if name not in ("month", "id", "name")]
    return {
        "month": month,
        "id": row.key,
        "name": row.label,
        **{name: amount(getattr(row, name)) for name in figures},
    }


class CollectionPlanItemsView(ApiView):
    """The rows behind one figure of one month; their amounts sum to it."""

    area = "billing"
    params = PARAMS | {"from_month", "to_month", *NARROWED, "by", "key", "month", "figure"}

    @extend_schema(
        operation_id="collection_plan_items",
        parameters=[
            *_plan_parameters(
                OpenApiParameter("figure", str, required=True, enum=[*FIGURES]),
                OpenApiParameter("month", {"type": "string", "pattern": r"^\d{4}-\d{2}$"}, required=True),
                OpenApiParameter("by", str, enum=[*BY], description="With `key`: one row of a breakdown."),
                OpenApiParameter("key", int, description="Without it: what has none."),
            ),
            *paging_parameters(),
        ],
        responses=page_of(PlanItemSerializer, "PlanItem"),
    )
    def get(self, request: ApiRequest) -> Response:
        asked = _plan_asked(request, PlanItemsForm, tuple(PARAMS))
        kind = FIGURES[asked.figure].kind
        rows = items(asked.scope, asked.figure, asked.month)
        return page_response(request, rows, ORDER[kind], lambda row: _plan_item(kind, item_of(asked.figure, row)))


def _plan_item(kind: str, one: Item) -> dict[str, Any]:
    return {
        "kind": kind,
        "record": ref(one.record),
        "payer": one.payer,
        "owner": ref(one.owner),
        "day": one.day.isoformat() if one.day else None,
        "note": one.note,
        "currency": one.currency,
        "amount": amount(one.amount),
    }
