"""What closed projects teach, with the right to cost."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.request import ApiRequest
from closing import learning
from core.api.shapes import amount, amount_field
from core.api.views import ApiView


class LearnedSerializer(serializers.Serializer):
    """One cost category: final accounts in percent of the estimate, and what that says of this estimate, net."""

    code = serializers.CharField()
    number = serializers.IntegerField(help_text="Closed projects with the category in their estimate.")
    ratio_p50 = amount_field()
    ratio_p80 = amount_field()
    net_estimate = amount_field()
    net_p50 = amount_field()
    net_p80 = amount_field()


class LessonSerializer(serializers.Serializer):
    """The circle of closed projects that was asked, and what they teach; empty where they are too few."""

    alike = serializers.CharField()
    number = serializers.IntegerField()
    rows = LearnedSerializer(many=True)


FIGURES = ("ratio_p50", "ratio_p80", "net_estimate", "net_p50", "net_p80")


class LearnedView(ApiView):
    """What closed projects teach about the newest estimate of a deal."""

    area = "finance"

    @extend_schema(operation_id="learned", responses=LessonSerializer)
    def get(self, request: ApiRequest, case_id: int) -> Response:
        book = learning.book_for(request.user, case_id)
        if book is None:
            raise Http404
        lesson = learning.lesson_of(book)
        if lesson is None:
            return Response({"alike": "", "number": 0, "rows": []})
        rows = [
            {"code": one.code, "number": one.number} | {name: amount(getattr(one, name)) for name in FIGURES}
            for one in lesson.rows
        ]
        return Response({"alike": lesson.alike, "number": lesson.number, "rows": rows})
