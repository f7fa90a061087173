"""Form fields and inputs for every app; the inputs themselves stand in core.widgets."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.apps import apps
from django.db.models import Model, QuerySet
from django.forms.models import ModelChoiceIterator
from django.forms.renderers import DjangoTemplates

from core.text import clean_text
from core.widgets import DateInput, DateTimeInput, MoneyInput, MonthInput, Picker

__all__ = ["DateInput", "DateTimeInput", "MoneyInput", "MonthInput", "Picker", "PickerField"]


class Typed(forms.BoundField):
    """What was typed, without characters that hide or turn the text round; NUL is left for the field to refuse."""

    @property
    def data(self) -> Any:
        """The typed value, which is checked, kept and shown again."""
        value = super().data
        return clean_text(value) if isinstance(value, str) and "\x00" not in value else value


class Renderer(DjangoTemplates):
    """How every form of the house reads its fields."""

    bound_field_class = Typed


Source = str | type[Model] | QuerySet[Any] | Callable[[], QuerySet[Any]]


def _queryset(source: Source) -> QuerySet[Any]:
    """Resolve a model label, a model, a queryset or a callable that gives one."""
    if isinstance(source, str):
        source = apps.get_model(source)
    if isinstance(source, type) and issubclass(source, Model):
        return source._default_manager.all()
    return source if isinstance(source, QuerySet) else cast("Callable[[], QuerySet[Any]]", source)()


class _LazyChoices(ModelChoiceIterator):
    """The choices of a picker, which ask for the queryset only when somebody walks them."""

    def __init__(self, field: "PickerField") -> None:
        self.field = field

    @property
    def queryset(self) -> QuerySet[Any]:
        """The scope of the field at this moment."""
        return cast("QuerySet[Any]", self.field.queryset)


class PickerField(forms.ModelChoiceField):
    """A choice out of a table of any size: `PickerField("customers.Customer", url="customers:customer-pick")`.

    A form narrows it at init to what its user may see: `self.fields["customer"].queryset = Customer.objects
    .visible_to(user)`. Whatever is posted is validated against that queryset, and only the chosen row is read.
    """

    _queryset: QuerySet[Any] | None

    widget = Picker
    iterator = _LazyChoices

    def __init__(self, source: Source, *, url: str = "", **kwargs: Any) -> None:
        self._source = source
        super().__init__(queryset=None, **kwargs)
        if isinstance(self.widget, Picker) and url:
            self.widget.url = url

    def _get_queryset(self) -> QuerySet[Any]:
        if self._queryset is None:  # resolved on first use: at import time the model may not be loaded yet
            self._queryset = _queryset(self._source)
        return self._queryset

    def _set_queryset(self, queryset: QuerySet[Any] | None) -> None:
        self._queryset = None if queryset is None else queryset.all()
        self._read: dict[str, Any] = {}  # rows found in this scope
        self.shown: dict[str, Model] = {}  # rows the form was given to show
        self.widget.choices = cast(Any, self.choices)

    queryset = property(_get_queryset, _set_queryset)

    def __deepcopy__(self, memo: Any) -> "PickerField":
        """Give each form its own scope without resolving a model that nobody asked for yet."""
        result = forms.Field.__deepcopy__(self, memo)  # past ModelChoiceField, which would read self.queryset
        result.queryset = self._queryset
        return result

    def prepare_value(self, value: Any) -> Any:
        """Remember an instance given as initial, so that showing its label costs no query."""
        key = super().prepare_value(value)
        if isinstance(value, Model):
            self.shown[str(key)] = value
        return key

    def to_python(self, value: Any) -> Any:
        """Read the row of a posted key, once per form; NUL and lone surrogates never reach the database."""
        if not isinstance(value, str):
            return super().to_python(value)
        value = clean_text(value)
        if value not in self._read:
            self._read[value] = super().to_python(value)
        return self._read[value]
