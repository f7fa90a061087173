"""What is asked about current practices."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from maturity.criteria import BY_HAND
from maturity.models import Level, Practice
from process import catalogue
from process.forms import RecordForm, ScopedForm

TEXT = forms.Textarea(attrs={"rows": 3})


class PracticeEditForm(RecordForm):
    """How a step is done today, and what is to come."""

    class Meta:
        model = Practice
        fields = ["medium", "fit", "pain", "gap", "owner", "due_on"]
        widgets = {"pain": TEXT, "gap": TEXT}


class PracticeForm(PracticeEditForm):
    """The same of a step and a department that have none yet."""

    department = forms.ModelChoiceField(Department.objects.all(), label=_("Department"))
    step = forms.ChoiceField(label=_("Process step"))

    class Meta(PracticeEditForm.Meta):
        fields = ["department", "step", *PracticeEditForm.Meta.fields]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["step"]
        # Read when it is drawn: the catalogue is data.
        offered.choices = lambda: [
            ("", "–"),
            *((one.code, f"{one.code} {one.label}") for one in catalogue.in_force().values()),
        ]


class SheetForm(ScopedForm):
    """The as-is inventory as a spreadsheet."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(".xlsx, as the page gives it out"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )


class TargetForm(ScopedForm):
    """The level a stage shall have, and by when."""

    level = forms.TypedChoiceField(
        label=_("Level"), choices=[(one.value, one.label) for one in Level if one > Level.INITIAL], coerce=int
    )
    due_on = forms.DateField(label=_("To be reached by"))
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class AssessmentForm(ScopedForm):
    """Whether a stage meets what the system cannot know, and what shows it."""

    criterion = forms.ChoiceField(label=_("Criterion"), choices=[(code, one.label) for code, one in BY_HAND.items()])
    is_met = forms.BooleanField(label=_("Met"), required=False)
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("what shows it: a document, a training, minutes"),
    )
