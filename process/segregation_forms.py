"""Forms of the table of the segregation of duties, and what its report is narrowed by."""

from typing import Any

from django import forms
from django.forms.models import ModelChoiceField
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms import DateInput
from process import segregation
from process.forms import ScopedForm
from process.guards import stage_models
from process.models import SegregationRule

LINES = forms.Textarea(attrs={"rows": 2})


def act_choices() -> list[Any]:
    """Every act that a rule may name, in a group for each kind of record."""
    groups = [("", "–")]
    made: list[Any] = [
        (capfirst(str(model._meta.verbose_name)), list(segregation.acts_of(model).items())) for model in stage_models()
    ]
    return [*groups, *sorted(made, key=lambda group: group[0])]


class RuleChangeForm(ScopedForm):
    """Words, consequence and force of a rule, and why they change."""

    zh = forms.CharField(label=_("Chinese name"), max_length=120)
    en = forms.CharField(label=_("English name"), max_length=120)
    why_zh = forms.CharField(label=_("Reason in Chinese"), max_length=300, required=False, widget=LINES)
    why_en = forms.CharField(label=_("Reason in English"), max_length=300, required=False, widget=LINES)
    level = forms.ChoiceField(label=_("Consequence"), choices=SegregationRule.Level.choices)
    is_active = forms.BooleanField(label=_("In force"), required=False, initial=True)
    note = forms.CharField(
        label=_("Why is it changed?"),
        max_length=1000,
        widget=LINES,
        help_text=_("Kept in the security log, with what was changed and by whom."),
    )


class RuleForm(RuleChangeForm):
    """A new rule: its two acts, which never change later, and the rest."""

    first = forms.ChoiceField(label=_("One act"))
    second = forms.ChoiceField(
        label=_("Other act"), help_text=_("On the same record, or on one that belongs together with it.")
    )
    field_order = ("first", "second")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            field: Any = self.fields[name]
            field.choices = act_choices()


class ReportForm(ScopedForm):
    """What the report is narrowed to."""

    rule = ModelChoiceField(
        SegregationRule.objects.all(), label=_("Rule"), required=False, empty_label=_("All rules in force")
    )
    level = forms.ChoiceField(
        label=_("Consequence"), choices=[("", _("All")), *SegregationRule.Level.choices], required=False
    )
    person = ModelChoiceField(User.objects.all(), label=_("Person"), required=False)
    from_on = forms.DateField(label=_("From day"), required=False, widget=DateInput())
    to_on = forms.DateField(label=_("To day"), required=False, widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A rule that is off and a person who has left are looked for as well.
        for name, rows in (("rule", SegregationRule.objects.all()), ("person", User.objects.all())):
            field: Any = self.fields[name]
            field.queryset = rows

    def scope(self) -> segregation.Scope:
        """What is asked for, once the form is valid."""
        return segregation.Scope(**self.cleaned_data)
