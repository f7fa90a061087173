"""A record as the API answers it: typed by the model's fields, without what the reader may not see."""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from typing import Any, get_type_hints

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Subquery
from rest_framework import serializers

from accounts.models import User
from core.api.lists import page_of
from core.api.shapes import Ref, amount, amount_field, ref
from process import show, visibility
from process.api.fields import as_json
from process.api.inputs import blank_form, reader
from process.models import StageRecord
from process.outlet import Outlet

# Kept by the house for itself.
_HIDDEN = frozenset({"search_text", "name_key", "name_core", "row_version"})
# What every answer begins with.
_FIRST = frozenset({"id", "case", "state", "code", "title", "owner", "department"})


class Text(serializers.CharField):
    """Stored text, as it is."""

    def to_representation(self, value: Any) -> str:
        return str(value)


def _plain(value: Any) -> Any:
    return value


def _date(value: Any) -> Any:
    return None if value is None else value.isoformat()


def _any(field: Any, *, allow_null: bool, **shared: Any) -> serializers.Field:
    """Any JSON, which null is too."""
    return serializers.JSONField(**shared)


_KINDS: tuple[tuple[Any, Callable[..., serializers.Field], Callable[[Any], Any]], ...] = (
    (models.ForeignKey, lambda field, **shared: Ref(**shared), ref),
    (
        models.DecimalField,
        lambda field, **shared: serializers.DecimalField(field.max_digits, field.decimal_places, **shared),
        amount,
    ),
    (models.DateTimeField, lambda field, **shared: serializers.DateTimeField(**shared), _date),
    (models.DateField, lambda field, **shared: serializers.DateField(**shared), _date),
    (models.BooleanField, lambda field, **shared: serializers.BooleanField(**shared), _plain),
    (models.IntegerField, lambda field, **shared: serializers.IntegerField(**shared), _plain),
    (models.JSONField, _any, _plain),
    (ArrayField, lambda field, **shared: serializers.ListField(child=Text(), **shared), _plain),
    (models.CharField, lambda field, **shared: Text(**shared), _plain),
    (models.TextField, lambda field, **shared: Text(**shared), _plain),
)
# What a property may give, by its annotation.
_HINTS: dict[Any, tuple[Callable[..., serializers.Field], Callable[[Any], Any]]] = {
    Decimal: (amount_field, amount),
    dt.datetime: (serializers.DateTimeField, _date),
    dt.date: (serializers.DateField, _date),
    bool: (serializers.BooleanField, _plain),
    int: (serializers.IntegerField, _plain),
}


def _of_model(field: Any, *, required: bool) -> tuple[serializers.Field, Callable[[Any], Any]] | None:
    for kind, make, convert in _KINDS:
        if isinstance(field, kind):
            # Another record that the reader may not see is told as none.
            nullable = bool(field.null) or isinstance(field, models.ForeignKey)
            label = getattr(field, "verbose_name", None)
            return make(field, required=required, allow_null=nullable, label=label, help_text=label), convert
    return None


def _of_property(
    model: type[models.Model], name: str, *, required: bool
) -> tuple[serializers.Field, Callable[[Any], Any]]:
    target = getattr(model, name)
    getter = getattr(target, "fget", None) or getattr(target, "func", target)
    hint = get_type_hints(getter).get("return", str)
    options = [one for one in getattr(hint, "__args__", (hint,)) if one is not type(None)]
    make, convert = _HINTS.get(options[0], (Text, show.text_of))
    nullable = len(options) < len(getattr(hint, "__args__", (hint,)))
    label = show.field_label(model, name)
    return make(required=required, allow_null=nullable, label=label, help_text=label), convert


class Shape:
    """The fields of one outlet's answers, worked out once: (name, API field, getter)."""

    def __init__(self, outlet: Outlet, *, brief: bool) -> None:
        self.model = outlet.model
        declared = [*outlet.columns, *(name for _title, names in outlet.facts for name in names)]
        properties = [name for name in dict.fromkeys(declared) if not self.model.has_field(name)]
        self.parts: list[tuple[str, serializers.Field, Callable[[Any], Any]]] = []
        self.references: list[tuple[str, type[models.Model]]] = []
        self.related = ["owner", "department"]
        for field in self.model._meta.concrete_fields:
            if field.name not in _HIDDEN | _FIRST and (not brief or field.name in outlet.columns):
                self._add(field)
        for name in properties:
            if not brief or name in outlet.columns:
                self.parts.append((name, *_of_property(self.model, name, required=self._told(name))))
        self.lines = {} if brief else {name: one for name, one in outlet.lines.items() if one.read}

    def _told(self, name: str) -> bool:
        """Whether everybody is told: cost is left out for those who may not see it."""
        return name not in self.model.cost_fields

    def _add(self, field: Any) -> None:
        made = _of_model(field, required=self._told(field.name))
        if made is None:
            return
        self.parts.append((field.name, *made))
        if isinstance(field, models.ForeignKey):
            self.related.append(field.name)
            if visibility.is_scoped(field.related_model):
                self.references.append((field.name, field.related_model))


@cache
def shape_of(outlet: Outlet, brief: bool) -> Shape:
    """The shape of list rows (brief) or of the whole record."""
    return Shape(outlet, brief=brief)


def unseen(records: Iterable[Any], shape: Shape, user: User) -> dict[str, set[int]]:
    """{reference: keys} of other records that the reader may not see: neither key nor name is told. One statement."""
    rows = list(records)
    keys = {name: {getattr(row, f"{name}_id") for row in rows} - {None} for name, _model in shape.references}
    kinds = {name: model._meta.label_lower for name, model in shape.references}
    seen = visibility.seen({(kinds[name], pk) for name, pks in keys.items() for pk in pks}, user)
    return {name: {pk for pk in pks if (kinds[name], pk) not in seen} for name, pks in keys.items()}


def telling(queryset: Any, shape: Shape, user: User) -> Any:
    """The rows with what `unseen_in` reads: of each record they name its key again, where the reader may see it.

    Asked with the rows, for a list has no statement left; a value, not EXISTS, for that could read a whole table once.
    """
    seen = {
        _mark(name): Subquery(
            visibility.scope(model, user).filter(pk=OuterRef(f"{name}_id")).order_by().values("pk")[:1]
        )
        for name, model in shape.references
        if not visibility.is_common(model, user)
    }
    return queryset.annotate(**seen)


def unseen_in(records: Iterable[Any], shape: Shape, user: User) -> dict[str, set[int]]:
    """The same as `unseen`, for rows that were read by `telling`."""
    found: dict[str, set[int]] = {name: set() for name, _model in shape.references}
    for row in records:
        for name, hidden in found.items():
            key = getattr(row, f"{name}_id")
            if key is not None and getattr(row, _mark(name), key) is None:
                hidden.add(key)
    return found


def _mark(name: str) -> str:
    return f"seen_{name}"


def represent(record: StageRecord, shape: Shape, user: User, hidden: dict[str, set[int]]) -> dict[str, Any]:
    """One record, ready for JSON."""
    costs = record.hidden_from(user)
    found: dict[str, Any] = {
        "id": record.pk,
        "url": record.get_absolute_url(),
        "case_id": record.case_id,
        "version": record.row_version,
        "code": record.code,
        "title": record.title,
        "state": record.state,
        "state_label": record.state_label,
        "owner": ref(record.owner),
        "department": ref(record.department),
    }
    for name, _field, convert in shape.parts:
        if name in costs:
            continue
        if getattr(record, f"{name}_id", None) in hidden.get(name, ()):
            found[name] = None
        else:
            found[name] = convert(getattr(record, name))
    for name, lines in shape.lines.items():
        if lines.cost and not record.tells_cost_to(user):
            continue
        found[name] = [{key: as_json(value) for key, value in row.items()} for row in lines.read(record)]
    return found


def _base(outlet: Outlet) -> dict[str, serializers.Field]:
    return {
        "id": serializers.IntegerField(),
        "url": serializers.CharField(help_text="The page of the record."),
        "case_id": serializers.IntegerField(help_text="The deal it belongs to."),
        "version": serializers.IntegerField(help_text="The row version, also its ETag."),
        "code": serializers.CharField(),
        "title": serializers.CharField(),
        "state": serializers.ChoiceField(choices=outlet.model.states.choices),
        "state_label": serializers.CharField(),
        "owner": Ref(allow_null=True),
        "department": Ref(allow_null=True),
    }


def serializer_class(outlet: Outlet, *, brief: bool) -> type[serializers.Serializer]:
    """The schema of an answer; `represent` makes it."""
    shape = shape_of(outlet, brief)
    made = _base(outlet)
    made.update({name: field for name, field, _convert in shape.parts})
    for key, one in shape.lines.items():
        form = blank_form(one.form, reader(), None)
        made[key] = _line_class(f"{outlet.model.__name__}{key.title()}Row", form)(many=True, required=not one.cost)
    name = f"{outlet.model.__name__}{'Row' if brief else ''}"
    return type(name, (serializers.Serializer,), made)


def list_serializer(outlet: Outlet) -> type[serializers.Serializer]:
    """The schema of one page of a list."""
    return page_of(serializer_class(outlet, brief=True), outlet.model.__name__)


@cache
def record_serializer(outlet: Outlet) -> type[serializers.Serializer]:
    """The schema of a whole record; one class for all operations that answer with it."""
    return serializer_class(outlet, brief=False)


def _line_class(name: str, form: Any) -> type[serializers.Serializer]:
    """A stored line in the shape in which it is written."""
    made = {key: serializers.JSONField(required=False, label=field.label) for key, field in form.fields.items()}
    return type(name, (serializers.Serializer,), made)
