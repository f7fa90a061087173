"""Cost books: the four costings of a deal, its ledger, the forecast and the explanations, with the right to cost."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.request import ApiRequest, actor_of
from core.api.inputs import Strict, read
from core.api.lists import PARAMS, page_of, page_response, paging_parameters
from core.api.problems import Invalid
from core.api.shapes import Ref, amount, amount_field, ref
from core.api.views import ApiView, once
from core.dictionary import Term
from core.errors import NotAllowed
from core.paging import Keyset
from core.search import search
from core.text import clean_text
from finance import selectors
from finance.models import CostBook, CostCategory, CostSheet, LedgerEntry, VarianceAlert
from finance.services import alerts
from finance.services import book as books


class CostView(ApiView):
    """A view for those with the right to cost: 403 without it, 404 for a book the person may not know of."""

    area = "finance"

    def book(self, request: ApiRequest, pk: int) -> CostBook:
        """The book."""
        found = get_object_or_404(CostBook.objects.visible_to(request.user).select_related("owner"), pk=pk)
        if not request.user.has_right("see_cost"):
            raise PermissionDenied
        return found


class BookRowSerializer(serializers.Serializer):
    """A book with its sums."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    title = serializers.CharField()
    case_id = serializers.IntegerField()
    owner = Ref(allow_null=True)
    is_frozen = serializers.BooleanField()
    net_cost = amount_field()
    net_committed = amount_field()
    net_recognised = amount_field()


def _row(found: CostBook) -> dict[str, Any]:
    return {
        "id": found.pk,
        "code": found.code,
        "title": found.title,
        "case_id": found.case_id,
        "owner": ref(found.owner),
        "is_frozen": found.is_frozen,
        "net_cost": amount(found.net_cost),
        "net_committed": amount(found.net_committed),
        "net_recognised": amount(found.net_recognised),
    }


class BooksView(CostView):
    """All books the person may see."""

    params = PARAMS | {"q"}

    @extend_schema(
        operation_id="book_list",
        parameters=[OpenApiParameter("q", str), *paging_parameters()],
        responses=page_of(BookRowSerializer, "Book"),
    )
    def get(self, request: ApiRequest) -> Response:
        if not request.user.has_right("see_cost"):
            raise PermissionDenied
        found: Any = CostBook.objects.visible_to(request.user).select_related("owner")
        text = clean_text(request.query_params.get("q", ""))[:100]
        if text.strip():
            found = search(found, "search_text", text, weighed=True)
        return page_response(request, found, Keyset(("-id",)), _row)


class CategorySerializer(serializers.Serializer):
    """One cost category in all costings, net."""

    code = serializers.CharField()
    category = serializers.CharField()
    level = serializers.IntegerField()
    used_percent = amount_field(allow_null=True)
    amounts = serializers.DictField(child=amount_field())


class MarginSerializer(serializers.Serializer):
    """Revenue and margin of one costing, net."""

    costing = serializers.CharField()
    revenue = amount_field(allow_null=True)
    margin = amount_field(allow_null=True)
    margin_percent = amount_field(allow_null=True)


class AlertSerializer(serializers.Serializer):
    """A budget line that runs full."""

    id = serializers.IntegerField()
    category = serializers.CharField()
    threshold = serializers.IntegerField(help_text="Percent.")
    net_budget = amount_field()
    net_used = amount_field()
    opened_at = serializers.DateTimeField()
    cause = Ref(allow_null=True)
    explanation = serializers.CharField()


class BookSerializer(BookRowSerializer):
    """四算: estimate, budget, committed, actual, forecast and settlement side by side."""

    rows = CategorySerializer(many=True)
    total = CategorySerializer()
    margins = MarginSerializer(many=True)
    alerts = AlertSerializer(many=True)


def _category(row: selectors.FourRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "category": str(row.label),
        "level": row.level,
        "used_percent": amount(row.used_percent),
        "amounts": {figure: amount(row.amounts[figure]) for figure in selectors.FIGURES},
    }


def _book(found: CostBook) -> dict[str, Any]:
    four = selectors.four_costings(found)
    return {
        **_row(found),
        "rows": [_category(row) for row in four.rows],
        "total": _category(four.total),
        "margins": [
            {
                "costing": figure,
                "revenue": amount(four.revenue.get(figure)),
                "margin": amount(four.margin(figure)),
                "margin_percent": amount(four.margin_percent(figure)),
            }
            for figure in selectors.FIGURES
        ],
        "alerts": [_alert(alert) for alert in selectors.open_alerts(found).order_by("-threshold", "pk")],
    }


def _alert(alert: VarianceAlert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "category": str(alert.category),
        "threshold": alert.threshold,
        "net_budget": amount(alert.net_budget),
        "net_used": amount(alert.net_used),
        "opened_at": alert.opened_at.isoformat(),
        "cause": ref(alert.cause),
        "explanation": alert.explanation,
    }


class BookView(CostView):
    """The four costings of one deal."""

    @extend_schema(operation_id="book_read", responses=BookSerializer)
    def get(self, request: ApiRequest, pk: int) -> Response:
        return Response(_book(self.book(request, pk)))


class LineChangeSerializer(serializers.Serializer):
    """One line of two costings, net; null where one of them does not have it."""

    category = serializers.CharField()
    text = serializers.CharField()
    earlier = amount_field(allow_null=True)
    later = amount_field(allow_null=True)
    difference = amount_field()


class CompareView(CostView):
    """Two costings of a book line by line."""

    @extend_schema(operation_id="cost_sheet_compare", responses=LineChangeSerializer(many=True))
    def get(self, request: ApiRequest, pk: int, other_pk: int) -> Response:
        visible = CostSheet.objects.visible_to(request.user)
        later = get_object_or_404(visible, pk=pk)
        earlier = get_object_or_404(visible, pk=other_pk, book=later.book_id)
        return Response(
            [
                {
                    "category": one.category.code,
                    "text": one.text,
                    "earlier": amount(one.earlier),
                    "later": amount(one.later),
                    "difference": amount(one.difference),
                }
                for one in selectors.compare(earlier, later)
            ]
        )


class PostingSerializer(serializers.Serializer):
    """One posting; it is never changed."""

    id = serializers.IntegerField()
    nature = serializers.ChoiceField(choices=LedgerEntry.Nature.choices)
    category = serializers.CharField(allow_null=True)
    net_amount = amount_field()
    day = serializers.DateField()
    month = serializers.DateField()
    text = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field, not DRF's own attribute
    posted_by = serializers.CharField()


class LedgerPostingsView(CostView):
    """The ledger of a book, newest first."""

    params = PARAMS | {"nature", "category"}

    @extend_schema(
        operation_id="book_entries",
        parameters=[
            OpenApiParameter("nature", str, enum=LedgerEntry.Nature.values),
            OpenApiParameter("category", str, description="A category's code; those below it are counted in."),
            *paging_parameters(),
        ],
        responses=page_of(PostingSerializer, "Posting"),
    )
    def get(self, request: ApiRequest, pk: int) -> Response:
        found = LedgerEntry.objects.filter(book=self.book(request, pk)).select_related("category")
        nature, code = request.query_params.get("nature"), request.query_params.get("category")
        if nature:
            if nature not in LedgerEntry.Nature.values:
                raise Invalid({"nature": [_("Choose one of the offered values.")]})
            found = found.filter(nature=nature)
        if code:
            ids = selectors.category_ids(clean_text(code))
            if not ids:
                raise Invalid({"category": [_("Choose one of the offered values.")]})
            found = found.filter(category_id__in=ids)
        return page_response(request, found, Keyset(("-id",)), _entry)


def _entry(found: LedgerEntry) -> dict[str, Any]:
    return {
        "id": found.pk,
        "nature": found.nature,
        "category": found.category.code if found.category else None,
        "net_amount": amount(found.net_amount),
        "day": found.day.isoformat(),
        "month": found.month.isoformat(),
        "text": found.text,
        "source": found.source,
        "posted_by": found.posted_by_name,
    }


class ForecastLine(Strict):
    """What is still to come in one category; null takes it back."""

    category = serializers.CharField(max_length=60, help_text="The category's code.")
    net_to_complete = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=0, allow_null=True)


class ForecastInput(Strict):
    """The forecast at completion."""

    lines = serializers.ListField(child=ForecastLine(), max_length=500)


class ForecastView(CostView):
    """预计完工: the delivery manager enters what is still to come."""

    @extend_schema(operation_id="book_forecast", request=ForecastInput, responses=BookSerializer)
    def post(self, request: ApiRequest, pk: int) -> Response:
        found = self.book(request, pk)
        if not books.may_forecast(found, Actor.of(request.user)):
            raise NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})
        given = read(ForecastInput, request.data)["lines"]
        known = {one.code: one for one in CostCategory.objects.filter(code__in=[line["category"] for line in given])}
        errors = {
            f"lines.{index}.category": [_("Choose one of the offered values.")]
            for index, line in enumerate(given)
            if line["category"] not in known
        }
        if errors:
            raise Invalid(errors)
        lines = [{**line, "category": known[line["category"]]} for line in given]

        def act() -> Response:
            books.forecast(found, by=actor_of(request), lines=lines)
            return Response(_book(self.book(request, pk)))

        return once(request, act)


class ExplainInput(Strict):
    """Why a budget line runs over."""

    cause = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="A term of `variance_cause`.")
    explanation = serializers.CharField(max_length=2000)


class ExplainView(CostView):
    """Explain a budget alert."""

    @extend_schema(operation_id="alert_explain", request=ExplainInput, responses=AlertSerializer)
    def post(self, request: ApiRequest, pk: int, alert_id: int) -> Response:
        found = self.book(request, pk)
        alert = get_object_or_404(VarianceAlert.objects.select_related("book", "category"), pk=alert_id, book=found)
        if not alerts.may_explain(alert, Actor.of(request.user)):
            raise NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})
        given = read(ExplainInput, request.data)
        cause = Term.objects.filter(dictionary="variance_cause", pk=given["cause"]).first()
        if cause is None:
            raise Invalid({"cause": [_("Choose one of the offered values.")]})

        def act() -> Response:
            done = alerts.explain(alert, by=actor_of(request), cause=cause, explanation=given["explanation"])
            return Response(_alert(done))

        return once(request, act)
