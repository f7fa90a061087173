"""How the schema describes a view set: by its outlet, and only when somebody asks for the schema."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import ListSerializer

from core.api.lists import paging_parameters
from core.api.schema import IF_MATCH, Schema
from process.api import outputs, reading, shapes

ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, description="The row version.", response=[200, 201])
LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    description="The record that was made, where it is another one.",
    response=[200, 201, 204],
)
GONE = OpenApiResponse(description="Done; the person sees the record no longer.")
# The names of operations and what they do; a verb is called by its own name and label.
_NAMES = {
    "list": ("list", _("List")),
    "retrieve": ("read", _("Read one")),
    "create": ("new", _("Open a new one")),
    "partial_update": ("change", _("Change fields")),
    "page": ("page", _("Read the page as text")),
    "timeline": ("timeline", _("Read the log")),
    "actions": ("actions", _("What can be done now")),
    "asks_new": ("asks_new", _("What a new one is asked for")),
    "asks_change": ("asks_change", _("What can be changed")),
    "files": ("files", _("List the files")),
    "add_file": ("add_file", _("Add a file")),
    "bulk": ("bulk", _("Act on several at once")),
}
_PARAMETERS: dict[str, Callable[[Any], list[Any]]] = {
    "list": shapes.list_parameters,
    "retrieve": lambda outlet: [ETAG],
    "timeline": lambda outlet: paging_parameters(),
    "create": lambda outlet: [ETAG, LOCATION],
    "partial_update": lambda outlet: [IF_MATCH, ETAG],
    "bulk": lambda outlet: [
        OpenApiParameter("verb", str, OpenApiParameter.PATH, enum=[*outlet.offered(), *outlet.acts])
    ],
}
_REQUESTS: dict[str, Callable[[Any], Any]] = {
    "create": shapes.create_input,
    "partial_update": shapes.edit_input,
    "add_file": lambda outlet: shapes.FileInput,
    "bulk": lambda outlet: shapes.BulkInput,
}
_RESPONSES: dict[str, Callable[[Any], Any]] = {
    "list": outputs.list_serializer,
    "retrieve": outputs.record_serializer,
    "page": lambda outlet: reading.RecordPageSerializer,
    "timeline": lambda outlet: reading.EntryPage,
    "actions": lambda outlet: shapes.ActionSerializer(many=True),
    "asks_new": lambda outlet: shapes.FormSerializer,
    "asks_change": lambda outlet: shapes.FormSerializer,
    "files": lambda outlet: reading.FileSerializer(many=True),
    "create": lambda outlet: {201: outputs.record_serializer(outlet), 204: GONE},
    "add_file": lambda outlet: {201: reading.FileSerializer},
    "bulk": lambda outlet: shapes.BulkResultSerializer,
}


class RecordSchema(Schema):
    """One operation of a view set."""

    view: Any

    @property
    def verb(self) -> str:
        """The verb of a verb's action; empty for the others."""
        return self.view.action.removeprefix("do_") if self.view.action.startswith("do_") else ""

    def get_operation_id(self) -> str:
        return f"{self.view.outlet.slug.replace('-', '_')}_{self.verb or _NAMES[self.view.action][0]}"

    def get_summary(self) -> str:
        outlet = self.view.outlet
        spec = outlet.spec(self.verb) if self.verb else None
        done = spec.label if spec else _NAMES[self.view.action][1]
        return f"{outlet.model._meta.verbose_name}: {done}"

    def get_override_parameters(self) -> list[Any]:
        own = _PARAMETERS.get(self.view.action, lambda outlet: [])
        extra = [IF_MATCH, ETAG, LOCATION] if self.verb else own(self.view.outlet)
        return [*super().get_override_parameters(), *extra]

    def get_request_serializer(self) -> Any:
        if self.verb:
            return shapes.verb_input(self.view.outlet, self.verb)
        return _REQUESTS[self.view.action](self.view.outlet) if self.view.action in _REQUESTS else None

    def get_response_serializers(self) -> Any:
        if self.verb or self.view.action == "partial_update":
            return {200: outputs.record_serializer(self.view.outlet), 204: GONE}
        return _RESPONSES[self.view.action](self.view.outlet)

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Only what answers with an array: the envelope of a page is part of the answer."""
        found = self.get_response_serializers() if serializer is None else serializer
        return isinstance(found, ListSerializer)
