"""Formatting a record's fields once, for lists, detail pages and pickers alike."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from core.money import format_money
from process.models import StageRecord
from process.shapes import Cell, Column, Fact


def text_of(value: Any) -> str:
    """A value as people read it; nothing is an en dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Decimal):
        return format_money(value)
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "–"
    return str(value)


def field_label(model: type[models.Model], name: str) -> Any:
    """The label of a field or of a property that has a `short_description`."""
    if name == "state":
        return _("State")
    for part in model._meta.get_fields():
        if part.name == name and hasattr(part, "verbose_name"):
            return part.verbose_name
    attribute = getattr(model, name, None)
    target = attribute.fget if isinstance(attribute, property) else attribute
    return getattr(target, "short_description", name.replace("_", " "))


def is_number(model: type[models.Model], name: str) -> bool:
    """Whether a column is aligned to the end."""
    try:
        kind = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name.endswith(("_amount", "_margin", "_rate", "_percent"))
    return isinstance(kind, models.DecimalField | models.IntegerField) and not isinstance(kind, models.ForeignKey)


def _value(record: models.Model, name: str) -> Any:
    display = getattr(record, f"get_{name}_display", None)
    return display() if display else getattr(record, name)


def fact(record: models.Model, name: str) -> Fact:
    """One field as a fact, linked where it is another record."""
    value = _value(record, name)
    url = value.get_absolute_url() if isinstance(value, models.Model) and hasattr(value, "get_absolute_url") else ""
    text = text_of(value)
    wide = isinstance(value, str) and len(text) > 60
    return Fact(field_label(type(record), name), text, url=url, cls=_sign(value), wide=wide)


def cell(record: models.Model, name: str) -> Cell:
    """One field as a cell of a list."""
    if name == "state" and isinstance(record, StageRecord):
        return Cell(record.state_label, badge=record.state_colour)
    value = _value(record, name)
    # A missing figure stands where the figures stand.
    number = (isinstance(value, Decimal | int) and not isinstance(value, bool)) or (
        value is None and is_number(type(record), name)
    )
    cls = f"num {_sign(value)}".strip() if number else ""
    return Cell(text_of(value), cls=cls)


def _sign(value: Any) -> str:
    return "neg" if isinstance(value, Decimal) and value < 0 else ""


def column(model: type[models.Model], name: str, *, sort: str = "", cost: bool = False) -> Column:
    """A column for a field, labelled by the model."""
    return Column(name, field_label(model, name), "end" if is_number(model, name) else "", sort, cost)
