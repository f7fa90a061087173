"""The schema: every operation names its problems too, so that a client knows all it can be answered."""

import inspect
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.api.problems import CONTENT_TYPE

_WHY = {
    400: "Not understood: an unknown parameter or field, or a value that is none; `errors` names each.",
    401: "Not signed in, or a token that is unknown, expired or revoked.",
    403: "Not allowed to this person, or not within the token's reach.",
    404: "Not there, or not visible to this person.",
    405: "The address does not take this method.",
    406: "No answer in the format asked for.",
    409: "Not possible now; `reasons` names everything that stands in the way.",
    412: "Changed meanwhile; `conflict` names what differs.",
    413: "Too large.",
    415: "The content type is not taken here.",
    422: "The Idempotency-Key was used with another request.",
    428: "If-Match is missing.",
    429: "Too many requests; Retry-After says when to come again.",
}
_ALWAYS = (400, 401, 403, 405, 406, 429)
_WRITES = (409, 413, 415, 422)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key twice gives one effect and the same answer.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description='The ETag that was seen, such as `"3"`.'
)
ACCEPT_LANGUAGE = OpenApiParameter(
    "Accept-Language", str, OpenApiParameter.HEADER, description="`zh-hans` or `en`; else the person's own choice."
)


class ReasonSerializer(serializers.Serializer):
    """Why something is not possible, and where what is missing can be done."""

    text = serializers.CharField()
    link = serializers.CharField()


class FieldErrorSerializer(serializers.Serializer):
    """What is wrong with one field: `lines.0.category`; empty for the whole."""

    field = serializers.CharField()
    message = serializers.CharField()


class ConflictSerializer(serializers.Serializer):
    """What somebody else changed meanwhile."""

    field = serializers.CharField()
    yours = serializers.CharField()
    stored = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    reasons = ReasonSerializer(many=True, required=False)
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a field, not DRF's own attribute
    conflict = ConflictSerializer(many=True, required=False)


class Schema(AutoSchema):
    """Adds the problems, the tags by app and the headers that every operation shares."""

    def get_summary(self) -> str | None:
        """The first sentence of what the method, or the view, says of itself."""
        said = inspect.getdoc(getattr(self.view, self.method.lower(), None)) or inspect.getdoc(self.view) or ""
        return " ".join(said.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "area", "") or super().get_tags()[0]]

    def get_override_parameters(self) -> list[Any]:
        shared = [ACCEPT_LANGUAGE]
        if self.method == "POST":
            shared.append(IDEMPOTENCY_KEY)
        return [*shared, *super().get_override_parameters()]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found = super()._get_response_bodies(direction)
        component = self.resolve_serializer(ProblemSerializer(), direction)
        for status in self._statuses():
            found.setdefault(
                str(status), {"description": _WHY[status], "content": {CONTENT_TYPE: {"schema": component.ref}}}
            )
        return dict(sorted(found.items()))

    def _statuses(self) -> list[int]:
        found = set(_ALWAYS)
        # Business is not there for administrators.
        if "{" in self.path or getattr(self.view, "business", True) or getattr(self.view, "may_miss", False):
            found.add(404)
        if self.method in ("POST", "PATCH", "DELETE"):
            found.update(_WRITES)
        if self.method == "PATCH":
            found.update((412, 428))
        if self.method == "POST" and ("{" in self.path or getattr(self.view, "may_be_stale", False)):
            found.add(412)
        return sorted(found)
