"""What a reviewer or decider enters."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import Decision
from approvals.selectors import open_conditions
from process.forms import RowChoice, VerbForm


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
