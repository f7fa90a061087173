"""Pages of rows: how they are asked for, and the envelope they come in."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from core.api.problems import Invalid
from core.paging import Keyset, Page, capped_count, page

PAGE_SIZE, MOST_ROWS = 50, 200
PARAMS = frozenset({"limit", "cursor"})


def number_of(name: str, values: list[str], *, low: int = 1, high: int = 2**63 - 1) -> int:
    """A number out of the address; Invalid for anything else."""
    text = values[-1] if values else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and low <= int(text) <= high):
        raise Invalid({name: [_("A whole number from %(low)s to %(high)s.") % {"low": low, "high": high}]})
    return int(text)


def limit_of(values: list[str]) -> int:
    """How many rows a page has."""
    return number_of("limit", values, high=MOST_ROWS) if values else PAGE_SIZE


def envelope(request: Any, found: Page[Any], rows: list[Any], count: tuple[int, bool]) -> dict[str, Any]:
    """One page: how many there are (at most counted to a thousand), the addresses of its neighbours, the rows."""

    def link(cursor: str | None) -> str | None:
        if not cursor:
            return None
        params = request.query_params.copy()
        params["cursor"] = cursor
        return str(request.build_absolute_uri(f"{request.path}?{params.urlencode()}"))

    number, capped = count
    return {
        "count": number,
        "count_is_capped": capped,
        "next": link(found.next_cursor),
        "previous": link(found.previous_cursor),
        "results": rows,
    }


def page_response(request: Any, queryset: QuerySet[Any], keyset: Keyset, row: Callable[[Any], Any]) -> Response:
    """The page of a queryset that the request asks for."""
    size = limit_of(request.query_params.getlist("limit"))
    found = page(queryset, keyset=keyset, cursor=request.query_params.get("cursor") or None, size=size)
    rows = [row(one) for one in found.rows]
    return Response(envelope(request, found, rows, capped_count(queryset.select_related(None))))


def page_of(row: type[serializers.Serializer], name: str) -> type[serializers.Serializer]:
    """The schema of a page of rows."""
    fields = {
        "count": serializers.IntegerField(help_text="Counted up to 1000."),
        "count_is_capped": serializers.BooleanField(help_text="There are more than counted."),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": row(many=True),
    }
    return type(f"{name}Page", (serializers.Serializer,), fields)


def paging_parameters() -> list[OpenApiParameter]:
    """How a list is paged, for the schema."""
    limit: Any = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE_SIZE}
    return [
        OpenApiParameter("limit", limit, description="Rows per page."),
        OpenApiParameter("cursor", str, description="Where the page begins: from `next` or `previous`."),
    ]
