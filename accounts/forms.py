"""What people enter about themselves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class DelegationForm(forms.Form):
    """Name a deputy for a period."""

    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none())
    first_day = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        same_department = User.objects.filter(is_active=True, department=user.department).exclude(pk=user.pk)
        deputy: Any = self.fields["deputy"]
        deputy.queryset = same_department.order_by("name")
