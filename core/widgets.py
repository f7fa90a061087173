"""Form inputs used on every page; no query except for the one option a picker shows."""

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.shortcuts import resolve_url

from core.text import clean_text

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")


class DateInput(forms.DateInput):
    """The browser's own date input; its value is ISO in every language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str | None = None) -> None:
        super().__init__(attrs, format or "%Y-%m-%d")


class MonthInput(forms.DateInput):
    """The browser's own month input; its value is ISO in every language."""

    input_type = "month"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, "%Y-%m")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own date and time input, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str | None = None) -> None:
        super().__init__(attrs, format or "%Y-%m-%dT%H:%M")


def plain_number(text: str) -> str:
    """Turn what people type or paste as an amount (1,234.50 or ¥1,234) into 1234.50 or 1234.

    A comma that does not group by three is left in, so that 1,5 is refused and never read as 15.
    """
    typed = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    compact = re.sub(r"[\s¥']", "", typed)
    if _GROUPED.fullmatch(compact):
        return compact.replace(",", "")
    return compact if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", compact) else text


class MoneyInput(forms.TextInput):
    """An amount: number keys on a phone, thousands separators shown and accepted, full-width digits accepted."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """Show 1,234,567.00; what a user typed is shown as typed."""
        return f"{value:,f}" if isinstance(value, Decimal) and value.is_finite() else super().format_value(value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Read the amount with separators removed; what is no number stays as typed for the error message."""
        value = super().value_from_datadict(data, files, name)
        return plain_number(value) if isinstance(value, str) else value


class Picker(forms.Select):
    """A select that holds only the chosen option; the script asks `data-picker-url` for others as the user types.

    It serves core.forms.PickerField and any ModelChoiceField. `url` is a path or the name of a route.
    """

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = (), url: str = "") -> None:
        super().__init__(attrs, choices)
        self.url = url

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add the address to ask."""
        context = super().get_context(name, value, attrs)
        if self.url:
            context["widget"]["attrs"]["data-picker-url"] = resolve_url(self.url)
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Read the posted key without what a database cannot take."""
        value = super().value_from_datadict(data, files, name)
        return clean_text(value) if isinstance(value, str) else value

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> list[Any]:
        """Render an empty option and the chosen one; one outside the field's queryset is not named."""
        chosen = [str(item) for item in value if item not in (None, "")]
        options = [("", ""), *self._labels(chosen)]
        return [
            (None, [self.create_option(name, key, label, key in (chosen or [""]), index, attrs=attrs)], index)
            for index, (key, label) in enumerate(options)
        ]

    def _labels(self, chosen: list[str]) -> list[tuple[str, str]]:
        """Name the chosen keys: a field that reads a table is asked for these rows only."""
        field = getattr(self.choices, "field", None)
        if field is None:
            return [(str(key), str(label)) for key, label in self.choices if str(key) in chosen]
        rows = ((key, find_row(field, key)) for key in chosen)
        return [(key, field.label_from_instance(row)) for key, row in rows if row is not None]

    def use_required_attribute(self, initial: Any) -> bool:
        """Answer without reading the table, unlike the stock select."""
        return not self.is_hidden


def find_row(field: Any, key: str) -> Any:
    """The row behind a key of a ModelChoiceField; None when the key is unknown, malformed or out of scope."""
    shown = getattr(field, "shown", {})
    if key in shown:
        return shown[key]
    try:
        return field.to_python(clean_text(key))
    except ValidationError:
        return None
