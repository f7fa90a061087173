"""Events for process mining, for programs."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.request import ApiRequest
from core.api.problems import Invalid
from core.api.views import ApiView, as_bytes
from process.views import event_log


class EventLogView(ApiView):
    """What happened on the deals the caller may see, as XES (`xes`) or OCEL 2.0 (`ocel`)."""

    area = "process"
    params = frozenset({"from_on", "to_on", "department"})

    @extend_schema(
        operation_id="event_log",
        tags=["process"],
        parameters=[
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(event_log.FORMATS)),
            OpenApiParameter("from_on", OpenApiTypes.DATE, description="First day of the events."),
            OpenApiParameter("to_on", OpenApiTypes.DATE, description="Last day of the events."),
            OpenApiParameter("department", int, description="Deals of this department and of those below it."),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: ApiRequest, kind: str) -> StreamingHttpResponse:
        scope, wrong = event_log.read_scope(request.query_params)
        if scope is None:
            raise Invalid(wrong)
        return as_bytes(event_log.answer(kind, scope, request.user))
