"""What the pages of the final accounts ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from closing import selectors
from closing.models import Closing
from contracts.models import Contract
from core.dictionary import Term
from finance.models import CostCategory
from process.forms import RecordForm, VerbForm


class ClosingForm(RecordForm):
    class Meta:
        model = Closing
        fields = ["project", "title", "lessons"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class LessonsForm(RecordForm):
    class Meta:
        model = Closing
        fields = ["title", "lessons"]


class ExplainForm(VerbForm):
    """The cause of a difference between budget and cost."""

    cause = forms.ModelChoiceField(Term.objects.filter(dictionary="variance_cause"), label=_("cause of the variance"))
    explanation = forms.CharField(
        label=_("explanation"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=2000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        record: Any = self.record
        codes = [row.code for row in selectors.variances(record)] if record else []
        found = CostCategory.objects.filter(code__in=codes)
        self.fields = {"category": forms.ModelChoiceField(found, label=_("cost category")), **self.fields}


class TerminateContractForm(VerbForm):
    """Which contract ends before its time."""

    note = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=4000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project_id = getattr(self.record, "project_id", None)
        found = Contract.objects.filter(project_id=project_id, state="effective")
        self.fields = {"contract": forms.ModelChoiceField(found, label=_("contract")), **self.fields}


class ReopenForm(VerbForm):
    locks_again_on = forms.DateField(label=_("locks again on"), required=False, help_text=_("Left empty: in 14 days."))
