"""The few things a template can't do by itself: an icon, a widget with the house's classes."""

from django import forms, template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, cls: str = "") -> SafeString:
    """A decorative icon out of the sprite; the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        cls,
        static("dist/icons.svg"),
        name,
    )


def _native_date(widget: forms.Widget) -> None:
    """The browser's own date fields accept ISO values only, whatever the language of the page."""
    if isinstance(widget, forms.DateInput) and widget.input_type in ("text", "date"):
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    elif isinstance(widget, forms.DateTimeInput) and widget.input_type in ("text", "datetime-local"):
        widget.input_type, widget.format = "datetime-local", "%Y-%m-%dT%H:%M"


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


@register.filter
def is_number(field: BoundField) -> bool:
    """Figures stand at the end of their cell."""
    return isinstance(field.field, (forms.DecimalField, forms.IntegerField))
