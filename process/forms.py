"""Forms of records and verbs. They give shape to input; rules live in models and services."""

from typing import Any

from django import forms
from django.db.models import Model
from django.forms.models import ModelChoiceField
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount, Department, LegalEntity, User
from core.dictionary import Labelled, Term
from core.forms import DateInput, DateTimeInput, MonthInput, Picker
from core.text import clean_text
from process import catalogue
from process.models import Improvement, ProcessVersion, StageRecord

# Short lists an administrator keeps are offered whole; everything else is asked for as people type.
SHORT = (Labelled, LegalEntity, BankAccount, ProcessVersion)


def scope_fields(form: forms.BaseForm, user: User) -> None:
    """Narrow every reference to what `user` may see and give it a picker; give dates the browser's input."""
    for field in form.fields.values():
        if isinstance(field, ModelChoiceField):
            _scope(field, user)
        elif isinstance(field, forms.DateTimeField) and not isinstance(field.widget, DateTimeInput):
            field.widget = DateTimeInput()
        elif isinstance(field, forms.DateField) and not isinstance(field.widget, DateInput | MonthInput):
            field.widget = DateInput()


def _scope(field: ModelChoiceField, user: User) -> None:
    queryset = field.queryset
    if queryset is None:
        return
    model = queryset.model
    if issubclass(model, User):
        queryset = queryset.filter(is_active=True)
    elif hasattr(queryset, "visible_to"):
        queryset = queryset.visible_to(user)
    elif issubclass(model, Labelled):
        queryset = queryset.filter(is_active=True)
    if not issubclass(model, SHORT) and not isinstance(field, forms.ModelMultipleChoiceField):
        asked = urlencode([("role", role) for role in getattr(field, "roles", ())])
        field.widget = Picker(url=f"{picker_url(model)}?{asked}" if asked else picker_url(model))
        field.widget.is_required = field.required
    field.queryset = queryset


def heed_bounds(field: forms.Field, stored: Any) -> None:
    """What a number may be says the model; the field that breaks it says so, not the record as a whole."""
    if isinstance(field, forms.IntegerField):
        field.validators += [one for one in stored.validators if one not in field.validators]


def picker_url(model: type[Model]) -> str:
    """Where a picker for `model` asks."""
    return reverse("process:pick", args=[model._meta.label_lower])


class PersonField(ModelChoiceField):
    """An active person with one of the company roles; the picker offers no other."""

    def __init__(self, *roles: str, **kwargs: Any) -> None:
        self.roles = roles
        holders = User.objects.filter(roles__code__in=roles).values("pk")
        super().__init__(queryset=User.objects.filter(is_active=True, pk__in=holders), **kwargs)


class RowChoice(forms.Field):
    """A choice among rows that were read once for all lines of a grid, where a reference would ask once per line.

    The form offers the rows in its __init__: `self.fields["category"].offer(rows)`; `groups` makes option groups.
    """

    widget = forms.Select
    default_error_messages = {"invalid_choice": _("Choose one of the offered values.")}

    def offer(self, rows: Any, groups: Any = None) -> None:
        """Offer model rows, shown by their text, or in `groups` = [(label, rows)]."""
        shown = [(label, list(members)) for label, members in groups] if groups is not None else [("", list(rows))]
        self.rows = {str(row.pk): row for _label, members in shown for row in members}
        choices: list[Any] = [("", "–")]
        for label, members in shown:
            options = [(str(row.pk), str(row)) for row in members]
            choices += [(label, options)] if label else options
        widget: Any = self.widget
        widget.choices = choices

    def prepare_value(self, value: Any) -> Any:
        return str(value.pk) if isinstance(value, Model) else value

    def to_python(self, value: Any) -> Any:
        if value in (None, ""):
            return None
        found = getattr(self, "rows", {}).get(str(value))
        if found is None:
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "")


class ScopedForm(forms.Form):
    """Any form that knows who fills it in."""

    def __init__(self, *args: Any, user: User, record: StageRecord | None = None, **kwargs: Any) -> None:
        self.user, self.record = user, record
        super().__init__(*args, **kwargs)
        scope_fields(self, user)


class VerbForm(ScopedForm):
    """What a verb needs beside the person and a note; its cleaned data are the service's keywords."""


class RecordForm(forms.ModelForm):
    """A record's own fields, for creating and editing; its cleaned data are the service's keywords."""

    def __init__(self, *args: Any, user: User, record: StageRecord | None = None, **kwargs: Any) -> None:
        self.user, self.record = user, record
        super().__init__(*args, instance=record, **kwargs)
        scope_fields(self, user)
        self._heed_bounds()

    def _heed_bounds(self) -> None:
        for stored in self._meta.model._meta.concrete_fields:
            if field := self.fields.get(stored.name):
                heed_bounds(field, stored)

    def _post_clean(self) -> None:
        """The service validates the whole record; the form only the shape of what was typed."""


class NoteForm(VerbForm):
    """The remark every verb may carry."""

    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=4000)

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data.get("note", ""))


class TakeForm(VerbForm):
    """Taking work over, perhaps on conditions that must be met by a date."""

    conditions = forms.CharField(
        label=_("Conditions"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=2000
    )
    conditions_due_on = forms.DateField(label=_("Conditions due on"), required=False)


class ReturnForm(VerbForm):
    """Returning work: which gaps were found."""

    gaps = forms.ModelMultipleChoiceField(
        label=_("Gaps"),
        queryset=Term.objects.filter(dictionary="handover.gap", is_active=True),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def _steps() -> list[tuple[str, str]]:
    return [("", "–"), *((step.code, f"{step.code} {step.label}") for step in catalogue.in_force().values())]


class ImprovementForm(RecordForm):
    """A proposal to change a step."""

    step = forms.ChoiceField(label=_("step"), choices=_steps)

    class Meta:
        model = Improvement
        fields = ["step", "title", "problem", "idea", "figure"]


class AdoptForm(VerbForm):
    """What the change should reach: hours or percent, as the proposal's figure says."""

    target = forms.DecimalField(
        label=_("target"),
        help_text=_("Hours, or percent in time."),
        max_digits=7,
        decimal_places=1,
        min_value=0,
        required=False,
    )


class RealiseForm(VerbForm):
    """The version of the process that brought the change."""

    realised_by = ModelChoiceField(
        ProcessVersion.objects.order_by("-number"), label=_("in force since version"), empty_label="–"
    )


class ConcludeForm(VerbForm):
    """What the change brought."""

    result = forms.ChoiceField(label=_("result"), choices=Improvement.Result.choices)


class EventLogForm(forms.Form):
    """Which events a file for process mining holds."""

    from_on = forms.DateField(label=_("From day"), required=False, widget=DateInput())
    to_on = forms.DateField(label=_("To day"), required=False, widget=DateInput())
    department = ModelChoiceField(Department.objects.all(), label=_("Department"), required=False, empty_label=_("All"))
