"""What a form asks for, as data: a program finds here what a person reads in the form."""

from typing import Any

from django import forms
from django.db.models import Model
from django.forms.models import ModelChoiceField
from rest_framework.reverse import reverse

from accounts.models import User
from core.forms import Picker
from process.api.fields import as_json
from process.api.inputs import blank_form, shown_rows
from process.forms import RowChoice
from process.models import StageRecord
from process.shapes import Lines

MOST_OPTIONS = 200


def asked(form: Any, lines: dict[str, Lines], user: User, record: StageRecord | None) -> dict[str, Any]:
    """The fields of a form, and those of one row of each kind of its lines."""
    return {
        "asks": _fields(form),
        "lines": [
            {
                "name": name,
                "label": str(one.title),
                "asks": _fields(blank_form(one.form, user, record)),
                "rows": [{key: as_json(value) for key, value in row.items()} for row in shown_rows(one, record)],
            }
            for name, one in lines.items()
            if not one.cost or user.has_right("see_cost")
        ],
    }


def _fields(form: Any) -> list[dict[str, Any]]:
    return [_asked(form, name, field) for name, field in form.fields.items()]


def _asked(form: Any, name: str, field: forms.Field) -> dict[str, Any]:
    return {
        "name": name,
        "label": str(field.label or name),
        "required": field.required,
        "help": str(field.help_text or ""),
        "initial": as_json(form.get_initial_for_field(field, name)),
        "options": _options(field),
        "pick": _pick(field),
    }


def _model(field: forms.Field) -> type[Model] | None:
    return field.queryset.model if isinstance(field, ModelChoiceField) and field.queryset is not None else None


def _is_picked(field: Any) -> bool:
    """Whether a person types to find the value, instead of choosing from a list."""
    return isinstance(field.widget, Picker)


def _options(field: Any) -> list[dict[str, str]]:
    """What may be chosen, where it can be read in one go."""
    model = _model(field)
    if model is not None:
        return [_row(row) for row in (() if _is_picked(field) else field.queryset[:MOST_OPTIONS])]
    if isinstance(field, RowChoice):
        return [_row(row) for row in getattr(field, "rows", {}).values()]
    choices = getattr(field, "choices", ())
    flat = [pair for key, label in choices for pair in (label if isinstance(label, list | tuple) else [(key, label)])]
    return [{"value": str(key), "code": str(key), "label": str(label)} for key, label in flat if key not in ("", None)]


def _row(row: Any) -> dict[str, str]:
    return {"value": str(row.pk), "code": str(getattr(row, "code", "")), "label": str(row)}


def _pick(field: Any) -> str:
    model = _model(field)
    if model is None or not _is_picked(field):
        return ""
    return reverse("api:pick", args=[model._meta.label_lower])
