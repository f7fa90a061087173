"""Formatting a record's fields once, for lists, detail pages and pickers alike."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from core.money import format_money
from process.models import StageRecord
from process.shapes import Cell, Column, Fact, Table


def text_of(value: Any) -> str:
    """A value as people read it; nothing is an en dash."""
    if type(value) is str:  # nearly every cell of a list
        return value or "–"
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


def percent(share: int | None) -> str:
    """A share of a hundred; nothing is an en dash."""
    return f"{share} %" if share is not None else "–"


def hours(number: float | None) -> str:
    """A time in hours; nothing is an en dash."""
    return _("%(hours)s h") % {"hours": number} if number is not None else "–"


def field_label(model: type[models.Model], name: str) -> Any:
    """The label of a field or of a property that has a `short_description`."""
    return _("State") if name == "state" else _label(model, name)


@cache
def _label(model: type[models.Model], name: str) -> Any:
    for part in model._meta.get_fields():
        if part.name == name and hasattr(part, "verbose_name"):
            return part.verbose_name
    attribute = getattr(model, name, None)
    target = attribute.fget if isinstance(attribute, property) else attribute
    return getattr(target, "short_description", name.replace("_", " "))


@cache
def is_number(model: type[models.Model], name: str) -> bool:
    """Whether a column is aligned to the end."""
    try:
        kind = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name.endswith(("_amount", "_margin", "_rate", "_percent"))
    # A choice is shown by its words, whatever it is stored as.
    return isinstance(kind, models.DecimalField | models.IntegerField) and not (kind.is_relation or kind.choices)


def value(record: models.Model, name: str) -> Any:
    """What a record says under a name: a choice by its label, everything else as it is stored."""
    return _reader(type(record), name)(record)


@cache
def _reader(model: type[models.Model], name: str) -> Callable[[Any], Any]:
    """How a field of a record is read: a choice by its label, which Django would look up anew in every row."""
    try:
        choices = dict(model._meta.get_field(name).flatchoices or ())
    except (FieldDoesNotExist, AttributeError):
        choices = {}
    if choices:
        return lambda record: choices.get(value := getattr(record, name), value)
    return attrgetter(name)


def fact(record: models.Model, name: str) -> Fact:
    """One field as a fact, linked where it is another record."""
    found = value(record, name)
    url = found.get_absolute_url() if isinstance(found, models.Model) and hasattr(found, "get_absolute_url") else ""
    text = text_of(found)
    wide = isinstance(found, str) and len(text) > 60
    return Fact(field_label(type(record), name), text, url=url, cls=_sign(found), wide=wide)


def cell(record: models.Model, name: str) -> Cell:
    """One field as a cell of a list."""
    if name == "state" and isinstance(record, StageRecord):
        return Cell(record.state_label, badge=record.state_colour)
    found = value(record, name)
    # A missing figure stands where the figures stand.
    number = (isinstance(found, Decimal | int) and not isinstance(found, bool)) or (
        found is None and is_number(type(record), name)
    )
    cls = f"num {_sign(found)}".strip() if number else ""
    return Cell(text_of(found), cls=cls)


def _sign(value: Any) -> str:
    return "neg" if isinstance(value, Decimal) and value < 0 else ""


def column(model: type[models.Model], name: str, *, sort: str = "") -> Column:
    """A column for a field, labelled by the model, which also says whether it is cost."""
    cost = name in getattr(model, "cost_fields", ())
    return Column(name, field_label(model, name), "end" if is_number(model, name) else "", sort, cost)


def without_cost(table: Table) -> Table:
    """A table for those who may not see cost: its other columns."""
    kept = [place for place, one in enumerate(table.columns) if not one.cost]
    if len(kept) == len(table.columns):
        return table
    rows = [replace(row, cells=[row.cells[place] for place in kept]) for row in table.rows]
    footer = [table.footer_cells[place] for place in kept] if table.footer_cells else []
    return replace(table, columns=[table.columns[place] for place in kept], rows=rows, footer_cells=footer)
