"""What is asked about current practices."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from maturity.models import Practice, steps_in_force
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
            *((one.code, f"{one.code} {one.label}") for one in steps_in_force().values()),
        ]


class SheetForm(ScopedForm):
    """The as-is inventory as a spreadsheet."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(".xlsx, as the page gives it out"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )
