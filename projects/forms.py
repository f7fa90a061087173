"""What is asked about projects."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from core.dictionary import Term
from core.selectors import currency_codes
from process import stages
from process.forms import PersonField, RecordForm, VerbForm
from projects.models import Project, ResourceNeed


def _currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in currency_codes()]


def _words(dictionary: str) -> Any:
    return Term.objects.filter(dictionary=dictionary, is_active=True)


class ProjectForm(RecordForm):
    """Few fields first: for whom, what, how much and when. The rest is folded."""

    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies, initial="CNY")

    class Meta:
        model = Project
        fields = [
            "title",
            "customer",
            "end_user",
            "variant",
            "project_type",
            "level",
            "gross_amount",
            "currency",
            "expected_sign_on",
            "objectives",
            "scope",
            "starts_on",
            "ends_on",
            "presales_net_budget",
            "target_margin",
            "win_probability",
            "funding",
            "purchase_method",
            "competitors",
            "risks",
        ]
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("objectives", "scope", "risks", "competitors")}

    @staticmethod
    def fieldsets(form: Any) -> list[dict[str, Any]]:
        first = ("title", "customer", "end_user", "variant", "gross_amount", "currency", "expected_sign_on")
        groups = (
            ("", False, first),
            (
                _("Objectives and schedule"),
                False,
                ("objectives", "scope", "starts_on", "ends_on", "presales_net_budget"),
            ),
            (_("Chances"), True, ("win_probability", "target_margin", "competitors", "risks")),
            (_("Kind and purchase"), True, ("project_type", "level", "funding", "purchase_method")),
        )
        return [
            {"title": title, "folded": folded, "fields": [form[name] for name in names]}
            for title, folded, names in groups
        ]


class SuspendForm(VerbForm):
    """Until when the customer pauses."""

    resume_on = forms.DateField(label=_("Resume on"))


class LoseForm(VerbForm):
    """Why, and to whom."""

    lost_reason = forms.ModelChoiceField(label=_("Lost because"), queryset=_words("lost"))
    competitor = forms.CharField(label=_("Lost to"), max_length=200, required=False)


class CancelForm(VerbForm):
    """Why nobody will do it."""

    cancel_reason = forms.ModelChoiceField(label=_("Cancelled because"), queryset=_words("cancelled"))


class TriangleForm(VerbForm):
    """Who sits on the seats beside the account manager; an empty field changes nothing."""

    # The account manager of a small deal may be the solution manager as well.
    sr = PersonField("sr", "ar", label=_("SR solution manager"), required=False)
    fr = PersonField("fr", label=_("FR delivery manager"), required=False)
    director = PersonField("director", label=_("Project director"), required=False)
    pfc = PersonField("pfc", label=_("Project finance"), required=False)


class ReassignForm(VerbForm):
    """The account manager who takes over."""

    owner = PersonField("ar", label=_("Account manager"))


class ResourceNeedForm(VerbForm):
    """Whom the project asks for."""

    department = forms.ModelChoiceField(label=_("Department"), queryset=Department.objects.filter(is_active=True))
    role = forms.CharField(label=_("Role"), max_length=120)
    days = forms.DecimalField(label=_("Person-days"), max_digits=8, decimal_places=1, min_value=0.5)


class ConfirmResourceForm(VerbForm):
    """Which of the needs the head of the department promises."""

    need = forms.ModelChoiceField(label=_("Resource need"), queryset=ResourceNeed.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = ResourceNeed.objects.filter(
            project=self.record, confirmed_at__isnull=True, department_id__in=self.user.department_ids
        )
        field = forms.ModelChoiceField(label=_("Resource need"), queryset=asked.select_related("department"))
        self.fields["need"] = field


class StepBackForm(VerbForm):
    """To which earlier stage."""

    stage = forms.ChoiceField(label=_("Back to"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        record: Any = self.record
        here = stages.PROJECT_STAGES.index(record.stage) if record else 0
        earlier = stages.PROJECT_STAGES[:here]
        choice: Any = self.fields["stage"]
        choice.choices = [(code, stages.BY_CODE[code].label) for code in earlier]
        self.fields["note"] = forms.CharField(
            label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=4000
        )
