"""What a reviewer or decider enters, and who asks for a special approval."""

from functools import cached_property
from typing import Any

from django import forms
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from approvals import authority
from approvals.models import AuthorityLetter, AuthorityRule, Decision, LetterLine
from approvals.selectors import open_conditions
from core.forms import MoneyInput
from core.text import HIGHEST_KEY
from process.forms import RecordForm, RowChoice, ScopedForm, VerbForm, heed_bounds
from process.machine import Verb
from process.models import StageRecord
from process.outlet import outlet_of
from process.services.doors import reasons_against


def documents() -> list[tuple[str, str]]:
    """The kinds of documents that somebody must decide on."""
    kinds = AuthorityRule.objects.filter(is_active=True).values_list("document", flat=True).distinct()
    named = {kind: found.model._meta.verbose_name for kind in kinds if (found := outlet_of(kind)) is not None}
    return [(kind, str(label)[:1].upper() + str(label)[1:]) for kind, label in sorted(named.items())]


def _figure(one: authority.Dimension) -> forms.Field:
    """How a figure is asked for where somebody tries out the rules; it may be left out."""
    if one.unit == "class":
        choices = [("", "–"), *((code, code) for code in authority.CREDIT_CLASSES)]
        return forms.ChoiceField(label=one.label, choices=choices, required=False)
    if one.unit == "money":
        return forms.DecimalField(label=one.label, max_digits=18, decimal_places=2, required=False, widget=MoneyInput)
    label = f"{one.label} ({one.unit})" if one.unit == "%" else one.label
    return forms.DecimalField(label=label, max_digits=8, decimal_places=2, required=False)


class WhatIfForm(forms.Form):
    """A document that might be submitted: what it is, whose, and the figures that limit who may decide."""

    document = forms.ChoiceField(label=_("document"), choices=documents)
    department = forms.ModelChoiceField(
        Department.objects.filter(is_active=True), label=_("department"), required=False, empty_label=_("none")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in authority.DIMENSIONS:
            self.fields[one.measure] = _figure(one)
        for field in self.fields.values():
            field.label = capfirst(field.label)

    def measures(self) -> dict[str, Any]:
        """The figures that were given."""
        return {one.measure: self.cleaned_data[one.measure] for one in authority.DIMENSIONS}


class OpinionForm(VerbForm):
    """Agree, agree with conditions, or (reviews only) disagree."""

    opinion = forms.ChoiceField(
        label=_("Opinion"),
        choices=[choice for choice in Decision.Opinion.choices if choice[0] != "send_back"],
        initial=Decision.Opinion.AGREE,
        required=False,
    )
    conditions = forms.CharField(
        label=_("Conditions"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=2000
    )

    def clean_opinion(self) -> str:
        return self.cleaned_data.get("opinion") or Decision.Opinion.AGREE


class MeetConditionForm(VerbForm):
    """Which condition of the approval is met."""

    decision = RowChoice(label=_("Condition"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waiting = open_conditions(self.record) if self.record is not None else []
        field: Any = self.fields["decision"]
        field.offer([])
        field.rows = {str(one.pk): one for one in waiting}
        field.widget.choices = [(str(one.pk), f"{one.decided_by}: {one.conditions}") for one in waiting]


class SpecialApprovalForm(ScopedForm):
    """Which of the things that lack may pass, why and until when; the page it was asked for on says of which verb."""

    document_kind = forms.CharField(label=_("kind of record"), max_length=60, widget=forms.HiddenInput)
    document_id = forms.IntegerField(label=_("record"), min_value=1, max_value=HIGHEST_KEY, widget=forms.HiddenInput)
    verb = forms.CharField(label=_("verb"), max_length=40, widget=forms.HiddenInput)
    items = forms.MultipleChoiceField(label=_("what lacks"), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(label=_("reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    expires_on = forms.DateField(label=_("in force until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["items"]
        # Read when it is asked for: the values of a new record may be set after the form is made.
        field.choices = self.lacking

    @cached_property
    def subject(self) -> tuple[StageRecord, Verb] | None:
        """The record and its verb, as far as the person may see the one and the page offers the other."""
        kind, pk, verb = (str(self[name].value() or "") for name in ("document_kind", "document_id", "verb"))
        outlet = outlet_of(kind)
        if outlet is None or not pk.isdecimal() or len(pk) > 18:
            return None
        record, spec = outlet.queryset(self.user).filter(pk=pk).first(), outlet.offered().get(verb)
        return (record, spec) if record is not None and spec is not None else None

    def lacking(self) -> list[tuple[str, str]]:
        """What stands in the way of the verb and may be let pass."""
        return [(reason.key, str(reason)) for reason in self._reasons if reason.key]

    @cached_property
    def _reasons(self) -> list[Any]:
        return reasons_against(*self.subject) if self.subject else []

    def fieldsets(self, form: Any) -> list[dict[str, Any]]:
        """What it is about stands above what is asked."""
        title = f"{self.subject[1].label}: {self.subject[0]}" if self.subject else ""
        fields = [form[name] for name in ("items", "reason", "expires_on")]
        return [{"title": title, "folded": False, "fields": fields}]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.subject is None:
            raise forms.ValidationError(_now("Begin on the page of the record, at the verb that lacks something."))
        kept = {name: values.get(name) for name in ("items", "reason", "expires_on")}
        return {**kept, "document": self.subject[0], "verb": self.subject[1].name}


class AuthorityLetterForm(RecordForm):
    """Whose letter it is, for whose documents, from when to when; what it covers is a grid below."""

    class Meta:
        model = AuthorityLetter
        fields = ("grantee", "within", "valid_from", "valid_to", "outside_deputies", "reason")
        widgets = {"reason": forms.Textarea(attrs={"rows": 3})}


def _bound(one: authority.Dimension) -> Any:
    """A limit in few words, for the head of a grid: ≤ gross amount, ≥ margin rate %."""
    if one.unit == "class":
        return LetterLine._meta.get_field(one.limit).verbose_name
    return format_lazy("{} {} {}", "≥" if one.at_least else "≤", one.label, one.unit if one.unit == "%" else "")


class LetterLineForm(ScopedForm):
    """One kind of document that the letter covers, and how far; an empty limit limits nothing."""

    document = forms.ChoiceField(label=_("document"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        document: Any = self.fields["document"]
        # Read once for all rows of a grid.
        document.choices = self.user.__dict__.setdefault("_documents", [("", "–"), *documents()])
        for one in authority.DIMENSIONS:
            stored: Any = LetterLine._meta.get_field(one.limit)
            widget = {"widget": MoneyInput} if one.unit == "money" else {}
            field = self.fields[one.limit] = stored.formfield(required=False, label=_bound(one), **widget)
            heed_bounds(field, stored)


class IssueForm(VerbForm):
    """The signed letter."""

    file = forms.FileField(label=_("signed letter"), help_text=_("the scan with signature and seal"))
