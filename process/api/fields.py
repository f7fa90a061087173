"""A Django form's fields as typed API fields: they say which JSON fits; the form says whether it is right."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.apps import apps
from django.core.files.base import File
from django.db.models import Manager, Model, QuerySet
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from process.forms import RowChoice
from process.step_forms import ActionsField


class Text(serializers.CharField):
    """Text only: a number or a list is not silently taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Choice(serializers.ChoiceField):
    """A choice among fixed words; a list or an object is a wrong choice, not a fault."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | int) or isinstance(data, bool):
            self.fail("invalid_choice", input=str(data)[:60])
        return super().to_internal_value(data)


class Reference(serializers.IntegerField):
    """The key of another row; `kind` says of what, for those who look for a value."""

    def __init__(self, *, kind: str = "", **shared: Any) -> None:
        self.kind = kind
        super().__init__(min_value=1, max_value=2**63 - 1, **shared)

    @property
    def model(self) -> type[Model] | None:
        """What it is the key of; None where only the form knows."""
        return apps.get_model(self.kind) if self.kind else None


class ReferenceExtension(OpenApiSerializerFieldExtension):
    """In the schema: `x-kind` is what `/pick/{kind}/` takes."""

    target_class = Reference

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1}
        return {**shape, "x-kind": self.target.kind} if self.target.kind else shape


class Upload(serializers.FileField):
    """The content of a file, as multipart/form-data."""


class UploadExtension(OpenApiSerializerFieldExtension):
    """In the schema: bytes, not the address of a file."""

    target_class = Upload

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "format": "binary"}


def _reference(field: Any, **shared: Any) -> serializers.Field:
    queryset = getattr(field, "queryset", None)
    return Reference(kind=queryset.model._meta.label_lower if queryset is not None else "", **shared)


def _references(field: Any, **shared: Any) -> serializers.Field:
    return serializers.ListField(child=_reference(field), max_length=500, **shared)


def _decimal(field: Any, **shared: Any) -> serializers.Field:
    low, high = (None if limit is None else Decimal(limit) for limit in (field.min_value, field.max_value))
    return serializers.DecimalField(
        max_digits=field.max_digits or 18,
        decimal_places=field.decimal_places if field.decimal_places is not None else 4,
        min_value=low,
        max_value=high,
        **shared,
    )


def _integer(field: Any, **shared: Any) -> serializers.Field:
    low = field.min_value if field.min_value is not None else -(2**31)
    high = field.max_value if field.max_value is not None else 2**31 - 1
    return serializers.IntegerField(min_value=low, max_value=high, **shared)


def _choice(field: Any, **shared: Any) -> serializers.Field:
    fixed = field.choices if isinstance(field.choices, list) else []
    words = [(str(key), label) for key, label in fixed if key not in ("", None)]
    if not words:  # read from a table, for each caller anew
        return _word(field, **shared)
    return Choice(choices=words, **shared)


def _word(field: Any, **shared: Any) -> serializers.Field:
    return Text(max_length=80, allow_blank=not field.required, **shared)


def _words(field: Any, **shared: Any) -> serializers.Field:
    return serializers.ListField(child=Text(max_length=80), max_length=100, **shared)


def _text(field: Any, **shared: Any) -> serializers.Field:
    return Text(max_length=field.max_length or 20000, allow_blank=not field.required, **shared)


def _plainly(kind: type[serializers.Field], **own: Any) -> Any:
    return lambda field, **shared: kind(**own, **shared)


_KINDS: tuple[tuple[type, Any], ...] = (
    (RowChoice, _reference),
    (ActionsField, _words),
    (ModelMultipleChoiceField, _references),
    (ModelChoiceField, _reference),
    (forms.FileField, _plainly(Upload, max_length=200)),
    (forms.BooleanField, _plainly(serializers.BooleanField)),
    (forms.MultipleChoiceField, _words),
    (forms.ChoiceField, _choice),
    (forms.DateTimeField, _plainly(serializers.DateTimeField)),
    (forms.DateField, _plainly(serializers.DateField)),
    (forms.DecimalField, _decimal),
    (forms.IntegerField, _integer),
    (forms.CharField, _text),
)


def field_of(field: forms.Field, *, required: bool | None = None, open_choice: bool = False) -> serializers.Field:
    """The API field of a form field, mandatory as there unless `required` says otherwise.

    `open_choice`: the choices differ from record to record, so the type does not name them. The label is not made the
    title of the type: generated clients would be called after a translation.
    """
    make = next((make for kind, make in _KINDS if isinstance(field, kind)), None)
    if make is None:
        raise TypeError(f"No API field for {type(field).__name__}")
    if make is _choice and open_choice:
        make = _word
    made: serializers.Field = make(
        field,
        required=field.required if required is None else required,
        allow_null=not field.required and not isinstance(field, forms.BooleanField),
        help_text=field.help_text or field.label,
    )
    return made


def as_typed(value: Any) -> Any:
    """A value as the form's widget reads it: what a person would have typed."""
    if value is None:
        return ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, Manager):
        value = value.all()
    if isinstance(value, list | tuple | set | QuerySet):
        return [str(as_typed(item)) for item in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool | File):
        return value
    return str(value)


def as_json(value: Any) -> Any:
    """A form's initial value as the API shows it: references by their key."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, Manager):
        value = value.all()
    if isinstance(value, list | tuple | set | QuerySet):
        return [as_json(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
