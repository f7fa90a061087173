"""What the API takes and gives for an outlet, as serializers and parameters: read at run time and by the schema."""

from functools import cache
from typing import Any

import django_filters
from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.api.inputs import Strict
from core.api.lists import paging_parameters
from core.api.schema import ReasonSerializer
from process.api.fields import Upload
from process.api.inputs import serializer_class
from process.forms import VerbForm
from process.outlet import Outlet


class FileInput(Strict):
    """A file to be added, as multipart/form-data."""

    file = Upload(max_length=200)


def create_input(outlet: Outlet) -> type[Strict]:
    """What a new record is opened with."""
    assert outlet.form is not None
    return serializer_class(f"{outlet.model.__name__}New", outlet.form, tuple(outlet.lines.items()))


def edit_input(outlet: Outlet) -> type[Strict]:
    """What can be changed; whatever is left out stays."""
    form: Any = outlet.edit_form or outlet.form
    lines = tuple((name, one) for name, one in outlet.lines.items() if one.read)
    return serializer_class(f"{outlet.model.__name__}Change", form, lines, partial=True)


def verb_form(outlet: Outlet, verb: str) -> Any:
    """The form of a verb's dialog; a bare one where it asks for nothing."""
    return outlet.verb_form(verb) or VerbForm


def verb_input(outlet: Outlet, verb: str) -> type[Strict]:
    """What a verb asks for."""
    form, spec = verb_form(outlet, verb), outlet.spec(verb)
    name = f"{outlet.model.__name__}{verb.title().replace('_', '')}"
    lines = getattr(form, "lines", {})
    return serializer_class(name, form, tuple(lines.items()), note=bool(spec and spec.note))


def file_fields(form: Any) -> list[str]:
    """Names of the files a form asks for."""
    declared = getattr(form, "base_fields", {})
    return [name for name, field in declared.items() if isinstance(field, forms.FileField)]


# Parameters of lists -------------------------------------------------------------------------------
_FILTERS: tuple[tuple[type, Any], ...] = (
    (django_filters.ModelChoiceFilter, OpenApiTypes.INT64),
    (django_filters.DateFilter, OpenApiTypes.DATE),
    (django_filters.BooleanFilter, OpenApiTypes.BOOL),
    (django_filters.NumberFilter, OpenApiTypes.NUMBER),
)


def _filter(name: str, found: Any) -> OpenApiParameter:
    choices = found.extra.get("choices") if isinstance(found, django_filters.ChoiceFilter) else None
    kind = next((kind for base, kind in _FILTERS if isinstance(found, base)), OpenApiTypes.STR)
    enum = [str(key) for key, _label in choices] if isinstance(choices, list | tuple) else None
    return OpenApiParameter(name, kind, description=found.label or "", enum=enum)


@cache
def list_parameters(outlet: Outlet) -> list[OpenApiParameter]:
    """Every filter, and how the list is sorted and paged; anything else is refused."""
    filters = dict(getattr(outlet.filterset, "base_filters", {}))
    states = list(dict.fromkeys(["open", *outlet.model.states.by_code]))
    sorts = [sign + name for name in outlet.sorts for sign in ("", "-")]
    made = [_filter(name, found) for name, found in filters.items()]
    if "state" not in filters:
        made.append(OpenApiParameter("state", str, enum=states, description="A state, or `open` for all open ones."))
    return [
        *made,
        OpenApiParameter("case", OpenApiTypes.INT64, description="The records of one deal."),
        OpenApiParameter("q", str, description="Words to be found."),
        OpenApiParameter("sort", str, enum=sorts, description="Descending with a minus."),
        *paging_parameters(),
    ]


# What can be done now ------------------------------------------------------------------------------
class OptionSerializer(serializers.Serializer):
    """One value that a field takes now."""

    value = serializers.CharField()
    code = serializers.CharField(help_text="What it is called in every language and installation; may be empty.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not DRF's own attribute


class AskedSerializer(serializers.Serializer):
    """A field of an action's dialog."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not DRF's own attribute
    required = serializers.BooleanField()  # type: ignore[assignment]  # a field, not DRF's own attribute
    help = serializers.CharField()
    initial = serializers.JSONField(help_text="What is taken where nothing is sent.")
    options = OptionSerializer(many=True, help_text="The values offered, where they are few.")
    pick = serializers.CharField(help_text="Where to look for a value, where they are many.")


class AskedLinesSerializer(serializers.Serializer):
    """What each row of a kind of lines asks for."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not DRF's own attribute
    asks = AskedSerializer(many=True)
    rows = serializers.ListField(
        child=serializers.DictField(), help_text="The rows that stand there now; they are taken where none are sent."
    )


class FormSerializer(serializers.Serializer):
    """What a form asks for."""

    asks = AskedSerializer(many=True)
    lines = AskedLinesSerializer(many=True)


class ActionSerializer(FormSerializer):
    """A verb or act that the person may do on this record now."""

    verb = serializers.CharField()
    verb_label = serializers.CharField()
    url = serializers.CharField()
    primary = serializers.BooleanField()
    danger = serializers.BooleanField()
    note_required = serializers.BooleanField()
    reasons = ReasonSerializer(many=True, help_text="What stands in the way now.")


# Bulk ----------------------------------------------------------------------------------------------
class BulkInput(Strict):
    """Either `ids` or `filter`; `expected_count` is the number of records the caller means."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, max_length=500
    )
    filter = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=200),
        required=False,
        help_text='The parameters of the list: `{"state": "pooled"}`.',
    )
    expected_count = serializers.IntegerField(required=False, min_value=0, max_value=500)
    dry_run = serializers.BooleanField(required=False, help_text="Only count, and say what stands in the way.")
    values = serializers.DictField(required=False, help_text="What the verb asks for, the same for every record.")


class BulkRowSerializer(serializers.Serializer):
    """What happened to one record."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    done = serializers.BooleanField()
    status = serializers.IntegerField(help_text="The status that the single action would answer.")
    state = serializers.CharField()
    reasons = ReasonSerializer(many=True)


class BulkResultSerializer(serializers.Serializer):
    """How many records were meant, done and refused, and each of them."""

    dry_run = serializers.BooleanField()
    count = serializers.IntegerField()
    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = BulkRowSerializer(many=True)
