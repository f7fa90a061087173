"""Reading a body strictly: every field is known and typed, or every mistake is named."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from core.api.problems import Invalid


class Strict(serializers.Serializer):
    """An object that may hold the named fields only."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise Invalid({str(name)[:60]: [_("Unknown field.")] for name in unknown})
        return super().to_internal_value(data)


def read(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """A body, typed; Invalid with the error of every field."""
    made = serializer(data=data)
    if not made.is_valid():
        raise Invalid(made.errors)
    return dict(made.validated_data)
