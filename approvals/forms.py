"""What a reviewer or decider enters."""

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import Decision
from process.forms import VerbForm


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
