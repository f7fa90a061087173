"""What waits for the caller, and the search over everything."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.request import ApiRequest
from core.api.views import ApiView
from core.text import clean_text
from desk import selectors


class ItemSerializer(serializers.Serializer):
    """One thing that waits."""

    title = serializers.CharField()
    url = serializers.CharField(help_text="The page where it can be done.")
    sub = serializers.CharField()
    when = serializers.CharField()
    late = serializers.BooleanField()
    soon = serializers.BooleanField(help_text="A decision that is due within four working hours.")


class GroupSerializer(serializers.Serializer):
    """One kind of work."""

    code = serializers.CharField()
    title = serializers.CharField()
    items = ItemSerializer(many=True)


class FigureSerializer(serializers.Serializer):
    """A number with its meaning, as the home page shows it."""

    figure = serializers.CharField()
    value = serializers.CharField()
    sub = serializers.CharField()


class InboxSerializer(serializers.Serializer):
    """What waits for the person, most urgent first, and the person's numbers."""

    groups = GroupSerializer(many=True)
    numbers = FigureSerializer(many=True)


class InboxView(ApiView):
    """What waits for the person: decisions, handovers, receipts, next steps, alerts, records held."""

    area = "desk"

    @extend_schema(operation_id="inbox", responses=InboxSerializer)
    def get(self, request: ApiRequest) -> Response:
        groups = [
            {"code": group.code, "title": str(group.title), "items": [_item(item) for item in group.items]}
            for group in selectors.inbox(request.user)
        ]
        numbers = [
            {"figure": str(one["label"]), "value": str(one["value"]), "sub": str(one.get("sub", ""))}
            for one in selectors.numbers(request.user)
        ]
        return Response({"groups": groups, "numbers": numbers})


def _item(item: selectors.Item) -> dict[str, Any]:
    return {name: value if isinstance(value, bool) else str(value) for name, value in asdict(item).items()}


class HitSerializer(serializers.Serializer):
    """A record that was found."""

    kind = serializers.CharField(help_text="`leads.lead`")
    id = serializers.IntegerField()
    code = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    url = serializers.CharField()


class SearchView(ApiView):
    """Up to five records of every kind that the person may see and that contain all words."""

    area = "desk"
    params = frozenset({"q"})

    @extend_schema(operation_id="search", parameters=[OpenApiParameter("q", str)], responses=HitSerializer(many=True))
    def get(self, request: ApiRequest) -> Response:
        text = clean_text(request.query_params.get("q", ""))[:100].strip()
        found = selectors.find(request.user, text) if text else []
        return Response(
            [
                {
                    "kind": record.record_kind(),
                    "id": record.pk,
                    "code": record.code,
                    "title": record.title,
                    "state": record.state,
                    "url": record.get_absolute_url(),
                }
                for _outlet, records in found
                for record in records
            ]
        )
