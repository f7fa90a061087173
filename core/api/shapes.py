"""Small shapes that many answers share."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers


class Ref(serializers.Serializer):
    """Another row: its key and its name."""

    id = serializers.IntegerField()
    text = serializers.CharField()


def ref(value: Any) -> dict[str, Any] | None:
    """A row as its key and name."""
    return None if value is None else {"id": value.pk, "text": str(value)}


def amount(value: Decimal | None) -> str | None:
    """A number without losing a cent."""
    return None if value is None else f"{value:f}"


def amount_field(**more: Any) -> serializers.DecimalField:
    """An amount or percentage as text."""
    return serializers.DecimalField(max_digits=24, decimal_places=6, **more)
