"""Somebody saved first: what they changed beside what was typed, field by field, and nothing typed is lost."""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.db.models import Model
from django.forms import BoundField

from accounts.request import Request
from process import show
from process.models import Case, LogEntry, StageRecord
from process.outlet import Outlet, outlet_of
from process.selectors import entries_since
from process.views import history


@dataclass(frozen=True)
class Difference:
    """One field that both changed: two texts, who stored theirs and when, and their value as the widget takes it."""

    name: str
    label: Any
    yours: str
    stored: str
    raw: list[str]
    who: str = ""
    at: str = ""

    @property
    def raw_json(self) -> str:
        """Their value for the script that puts it into the form."""
        return json.dumps(self.raw)


@dataclass(frozen=True)
class Their:
    """The last change of one field since the form was shown, and what stood there before."""

    old: Any
    who: str
    at: str


def seen_of(request: Request) -> int | None:
    """How long the log was when the form was shown; None where the form does not say."""
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _theirs(entries: list[LogEntry]) -> dict[str, Their]:
    found: dict[str, Their] = {}
    for entry in entries:
        for name, values in entry.changes.items():
            if isinstance(values, list) and len(values) == 2:
                old = found[name].old if name in found else values[0]
                found[name] = Their(old, entry.actor_name, show.text_of(entry.at))
    return found


def _same(typed: Any, logged: Any) -> bool:
    """Whether a typed value is the one the log keeps: as text, by id for a row, by value for a number."""
    if typed in (None, "") or logged in (None, ""):
        return typed in (None, "") and logged in (None, "")
    if isinstance(typed, Model):
        return isinstance(logged, dict) and typed.pk == logged.get("id")
    if isinstance(typed, Decimal):
        try:
            return typed == Decimal(str(logged))
        except InvalidOperation:
            return False
    return str(typed) == str(logged)


def _raw(field: BoundField) -> list[str]:
    """A stored value as the browser would send it."""
    value, widget = field.value(), field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if value else []
    shown = widget.format_value(value)
    if isinstance(shown, list | tuple):
        return [str(one) for one in shown]
    return ["" if shown is None else str(shown)]


def _text(field: Any, value: Any) -> str:
    """A value as people read it: the words of a choice, else as on any page."""
    choices = getattr(field, "choices", None) if not isinstance(field, forms.ModelChoiceField) else None
    word = next((label for key, label in choices if str(key) == str(value)), None) if choices and value else None
    return str(word) if word is not None else show.text_of(value)


def merge(outlet: Outlet, form_class: Any, form: Any, record: StageRecord, request: Request) -> tuple[Any, dict]:
    """(the form to show, what the page says) after a stale edit; `record` is read anew and `form` is valid.

    What only others changed is taken over into the form; what both changed keeps what was typed and is shown with
    theirs beside it. Without a log position every field that differs is shown.
    """
    seen = seen_of(request)
    entries = entries_since(record, seen) if seen is not None else []
    theirs = _theirs(entries)
    stored = form_class(user=request.user, record=record)
    data = request.POST.copy()
    both, taken = [], []
    for name in [name for name in stored.fields if record.has_field(name)]:
        typed, now, their = form.cleaned_data.get(name), getattr(record, name), theirs.get(name)
        if typed == now or (theirs and their is None):
            continue
        field, label = stored.fields[name], stored[name].label
        if their is not None and _same(typed, their.old):
            data.setlist(stored[name].html_name, _raw(stored[name]))
            taken.append({"label": label, "stored": _text(field, now), "who": their.who, "at": their.at})
            continue
        who, at = (their.who, their.at) if their else ("", "")
        texts = _text(field, typed), _text(field, now)
        both.append(Difference(stored[name].html_name, label, *texts, _raw(stored[name]), who, at))
    merged = form_class(data, request.FILES or None, user=request.user, record=record)
    merged.is_valid()
    return merged, {
        "stale": True,
        "conflict": both,
        "taken": taken,
        "meanwhile": [] if both or taken else meanwhile(entries, request),
        "stored_tables": outlet.tables(record, request.user) if outlet.lines else [],
        "stored_url": record.get_absolute_url(),
        "seen": length_of_log(record),
    }


def overtaken(record: StageRecord, request: Request) -> dict[str, Any]:
    """What the dialog of a verb says when the record was changed since it was opened."""
    seen = seen_of(request)
    # A card that was dropped says no position: then the last three acts are told.
    entries = entries_since(record, seen) if seen is not None else entries_since(record, 0)[-3:]
    return {"stale": True, "meanwhile": meanwhile(entries, request), "seen": length_of_log(record)}


def meanwhile(entries: list[LogEntry], request: Request) -> list[dict[str, Any]]:
    """What others did since, as the activity log says it."""
    return [history.entry(one, request.user) for one in entries if outlet_of(one.kind)][-10:]


def length_of_log(record: StageRecord) -> int:
    """The position of the log that a form carries, so that what came later can be named."""
    return Case.objects.values_list("log_length", flat=True).get(pk=record.case_id)
