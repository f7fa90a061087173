"""Pickers and the content of files, for programs."""

from django.http import FileResponse, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.request import ApiRequest
from core.api.shapes import Ref
from core.api.views import ApiView, as_bytes
from process.models import Attachment
from process.views import kernel


class PickView(ApiView):
    """Up to 20 rows of a kind that the person may see and that match `q`."""

    area = ""
    params = frozenset({"q", "role"})

    @extend_schema(
        operation_id="pick",
        tags=["process"],
        parameters=[
            OpenApiParameter("kind", str, OpenApiParameter.PATH, description="`customers.customer`"),
            OpenApiParameter("q", str),
            OpenApiParameter("role", str, many=True, description="People with one of these roles only."),
        ],
        responses=Ref(many=True),
    )
    def get(self, request: ApiRequest, kind: str) -> Response:
        return Response(kernel.picks(request, kind))


class FileView(ApiView):
    """The content of a file, for those who may see the record it hangs on."""

    @property
    def area(self) -> str:
        """The part of the house that the file's record belongs to."""
        kind = Attachment.objects.filter(pk=self.kwargs.get("pk")).values_list("kind", flat=True).first()
        return (kind or "").partition(".")[0]

    @extend_schema(
        operation_id="file_read", tags=["process"], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: ApiRequest, pk: int) -> FileResponse | HttpResponse:
        return as_bytes(kernel.download(request, pk))
