"""The few things a template can't do by itself: an icon, a widget with the house's classes."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from html import escape
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def icon(name: str, cls: str = "") -> SafeString:
    """A decorative icon out of the sprite; the words beside it carry the meaning."""
    return _drawing(name, cls, _sprite() if not settings.DEBUG else static("dist/icons.svg"))


@cache
def _sprite() -> str:
    return static("dist/icons.svg")


@register.simple_tag
def unchanging(name: str) -> SafeString:
    """A template that says the same on every page, drawn once per language (and every time while developing)."""
    language = get_language() or ""
    return _drawn.__wrapped__(name, language) if settings.DEBUG else _drawn(name, language)


@lru_cache(maxsize=64)
def _drawn(name: str, language: str) -> SafeString:
    return render_to_string(name)


@lru_cache(maxsize=512)
def _drawing(name: str, cls: str, sprite: str) -> SafeString:
    names = f"icon {cls}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', names, sprite, name
    )


# The rows of lists and tables are written here and not in a template loop: 50 rows of 9 cells cost 1 ms instead of 7.
@register.simple_tag
def table_rows(rows: Iterable[Any], has_actions: bool = False) -> SafeString:
    """Rows of {url, cells: [{text, cls, badge, sub, url}], actions: [{label, url}]}, as objects or dictionaries."""
    return mark_safe("\n".join([_row(row, has_actions) for row in rows]))  # every value is escaped below


def _part(thing: Any, name: str) -> str:
    value = thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)
    return _escaped(value) if value else "" if value is None else conditional_escape(value)


def _escaped(value: Any) -> str:
    # Python's own is five times as fast as Django's, and nearly every value is a plain string.
    return escape(value) if type(value) is str else conditional_escape(value)


def _row(row: Any, has_actions: bool) -> str:
    url = _part(row, "url")
    cells = row["cells"] if isinstance(row, dict) else row.cells
    html = [f'<tr data-href="{url}">' if url else "<tr>"]
    html += [_cell(cell, url if not index else "") for index, cell in enumerate(cells)]
    pick = None if isinstance(row, dict) else getattr(row, "pick", None)
    if pick:
        html[1] = html[1].replace(">", ">" + _mark(pick, _part(cells[0], "text")), 1)
    if has_actions:
        actions = (row.get("actions") if isinstance(row, dict) else getattr(row, "actions", None)) or ()
        html.append('<td class="row-actions">' + "".join(map(_action, actions)) + "</td>")
    return "".join(html) + "</tr>"


def _mark(pick: tuple[int, str], name: str) -> str:
    number, state = pick
    return (
        f'<input type="checkbox" class="form-check-input pick" data-pick="{number}" data-state="{escape(state)}" '
        f'aria-label="{name}" autocomplete="off">'
    )


def _cell(cell: Any, row_url: str) -> str:
    if not isinstance(cell, dict) and not (row_url or cell.sub or cell.badge or cell.url):
        text = "" if cell.text is None else _escaped(cell.text)
        return f'<td class="{escape(cell.cls)}">{text}</td>' if cell.cls else f"<td>{text}</td>"
    text, cls, sub = _part(cell, "text"), _part(cell, "cls"), _part(cell, "sub")
    badge, url = _part(cell, "badge"), row_url or _part(cell, "url")
    if badge:
        text = f'<span class="badge bg-{badge}-lt">{text}</span>'
    if url:
        text = f'<a href="{url}">{text}</a>'
    start = f'<td class="{cls}">' if cls else "<td>"
    return f"{start}{text}<small>{sub}</small></td>" if sub else f"{start}{text}</td>"


def _action(action: Any) -> str:
    url = _part(action, "url")
    return f'<a class="btn btn-sm" href="{url}" hx-get="{url}" hx-target="#modal-body">{_part(action, "label")}</a>'


def _native_date(widget: forms.Widget) -> None:
    """The browser's own date fields accept ISO values only, whatever the language of the page."""
    if isinstance(widget, forms.DateInput) and widget.input_type in ("text", "date"):
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    elif isinstance(widget, forms.DateTimeInput) and widget.input_type in ("text", "datetime-local"):
        widget.input_type, widget.format = "datetime-local", "%Y-%m-%dT%H:%M"


def _tidy(field: BoundField) -> None:
    """A stored quantity without the zeros that its column adds: 1.000 is 1."""
    has_zeros = isinstance(field.field, forms.DecimalField) and (field.field.decimal_places or 0) > 2
    if has_zeros and isinstance(field.initial, Decimal) and not field.form.is_bound:
        field.initial = Decimal(f"{field.initial.normalize():f}")


def _classes(widget: forms.Widget) -> str:
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return ""  # Django would write it on the group too
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


@register.simple_tag
def widget(field: BoundField, label: str = "") -> SafeString:
    """The field's widget with classes; `label` names it where no visible label stands beside it."""
    drawn = field.field.widget
    _native_date(drawn)
    _tidy(field)
    names = [drawn.attrs.get("class", ""), _classes(drawn), "is-invalid" if field.errors else ""]
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, names))}
    if label:
        attrs["aria-label"] = label
    if isinstance(drawn, forms.NumberInput) and isinstance(field.field, forms.DecimalField):
        # Amounts are typed and pasted with separators; app.js takes them out before sending.
        drawn.input_type = "text"
        attrs |= {"inputmode": "decimal", "autocomplete": "off", "data-number": True}
    if isinstance(drawn, forms.Textarea) and drawn.attrs.get("rows") == "10":
        attrs["rows"] = "3"  # Django's default fills half a dialog
    return field.as_widget(attrs=attrs)


@register.filter
def is_check(field: BoundField) -> bool:
    """A single check box stands before its label, every other widget below it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Radio buttons and check boxes form a group with a legend."""
    return isinstance(field.field.widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))


@register.filter
def is_wide(field: BoundField) -> bool:
    """Long text and groups take the whole row of the form."""
    drawn = field.field.widget
    return isinstance(drawn, forms.Textarea) or is_group(field) or "data-wide" in drawn.attrs


def _is_missing(fact: Any) -> bool:
    return str(_raw(fact, "value") if _raw(fact, "value") is not None else "") in ("", "–")


def _raw(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)


@register.filter
def filled(facts: Iterable[Any]) -> list[Any]:
    """The facts that have a value."""
    return [fact for fact in facts or () if not _is_missing(fact)]


@register.filter
def missing(facts: Iterable[Any]) -> list[str]:
    """The names of the facts that have none: they stand in one line, not in a field of dashes."""
    return [str(_raw(fact, "label")) for fact in facts or () if _is_missing(fact)]


@register.filter
def has_errors(fields: Iterable[BoundField]) -> bool:
    """A folded part of a form unfolds when something in it is wrong."""
    return any(field.errors for field in fields)


@register.filter
def is_number(field: BoundField) -> bool:
    """Figures stand at the end of their cell."""
    return isinstance(field.field, (forms.DecimalField, forms.IntegerField))
