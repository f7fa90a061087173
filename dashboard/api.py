"""The dashboard's figures, as far as the caller may see them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.request import ApiRequest
from approvals.selectors import leaders
from core.api.shapes import Ref, amount, amount_field, ref
from core.api.views import ApiView
from core.calendar import today
from core.selectors import InBase
from dashboard import selectors


class FunnelSerializer(serializers.Serializer):
    """Open deals of one stage, with tax."""

    stage = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()
    gross_amount = amount_field()
    weighted = amount_field(help_text="By probability.")


class BucketSerializer(serializers.Serializer):
    """What is overdue for so many days."""

    days = serializers.CharField()
    gross_amount = amount_field()


class ReceivablesSerializer(serializers.Serializer):
    """Money to come and money received, with tax; retention stands outside ageing."""

    received = amount_field()
    open = amount_field()
    overdue = amount_field()
    retention = amount_field()
    ageing = BucketSerializer(many=True)


class WaitingSerializer(serializers.Serializer):
    """Work that waits in one department."""

    department = serializers.CharField()
    count = serializers.IntegerField()
    longest_days = serializers.IntegerField()
    oldest = serializers.DateField()


class StillSerializer(serializers.Serializer):
    """A running project on which nothing moves."""

    project = Ref()
    stage = serializers.CharField()
    holders = serializers.ListField(child=serializers.CharField(), help_text="Who holds what is open, three at most.")
    departments = serializers.ListField(child=serializers.CharField())
    since = serializers.DateField()
    days = serializers.IntegerField()


class WorstSerializer(serializers.Serializer):
    """A project that has used most of its budget."""

    project = Ref()
    net_budget = amount_field()
    net_used = amount_field()
    used_percent = serializers.IntegerField()


class CostingsSerializer(serializers.Serializer):
    """The four costings of running projects, net."""

    revenue = amount_field()
    estimate = amount_field()
    budget = amount_field()
    committed = amount_field()
    actual = amount_field()
    worst = WorstSerializer(many=True)


class LeaderSerializer(serializers.Serializer):
    """The special approvals one person has granted this year."""

    name = serializers.CharField()
    granted = serializers.IntegerField()
    conditions_open = serializers.IntegerField()
    conditions_overdue = serializers.IntegerField(help_text="Not met when the special approval ended.")


class DashboardSerializer(serializers.Serializer):
    """All figures, in the base currency; `costings` is left out without the right to cost."""

    currency = serializers.CharField()
    counted_at = serializers.DateTimeField(allow_null=True, help_text="When the figures were counted; null: now")
    currencies_left_out = serializers.ListField(child=serializers.CharField())
    funnel = FunnelSerializer(many=True)
    receivables = ReceivablesSerializer()
    waiting = WaitingSerializer(many=True)
    still = StillSerializer(many=True)
    special_approvals = LeaderSerializer(many=True)
    costings = CostingsSerializer(required=False)


class DashboardView(ApiView):
    """Funnel, receivables, waiting time and four costings."""

    area = "dashboard"

    @extend_schema(operation_id="dashboard", responses=DashboardSerializer)
    def get(self, request: ApiRequest) -> Response:
        in_base = InBase(today())
        found = selectors.figures(request.user)
        body: dict[str, Any] = {
            "currency": in_base.currency,
            "counted_at": found.counted_at,
            "funnel": [_funnel(row) for row in selectors.funnel(found, in_base)],
            "receivables": _receivables(selectors.receivables(found, in_base)),
            "waiting": [vars(row) for row in selectors.waiting(found)],
            "still": [
                {**vars(row), "project": ref(row.project), "stage": row.project.stage} for row in selectors.still(found)
            ],
            "special_approvals": [vars(row) for row in leaders(request.user)],
        }
        if request.user.has_right("see_cost"):
            body["costings"] = _costings(selectors.costings(found))
        body["currencies_left_out"] = sorted(in_base.missing)
        return Response(body)


def _funnel(row: selectors.FunnelRow) -> dict[str, Any]:
    return {
        "stage": row.code,
        "name": row.label,
        "count": row.count,
        "gross_amount": amount(row.gross_amount),
        "weighted": amount(row.weighted),
    }


def _receivables(found: selectors.Receivables) -> dict[str, Any]:
    return {
        **{name: amount(getattr(found, name)) for name in ("received", "open", "overdue", "retention")},
        "ageing": [{"days": str(label), "gross_amount": amount(value)} for label, value in found.buckets],
    }


def _costings(found: selectors.Costings) -> dict[str, Any]:
    names = ("revenue", "estimate", "budget", "committed", "actual")
    return {
        **{name: amount(getattr(found, name)) for name in names},
        "worst": [
            {"project": ref(project), "net_budget": amount(budget), "net_used": amount(used), "used_percent": percent}
            for project, budget, used, percent in found.worst
        ],
    }
