"""What is asked about guidance."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.dictionary import Term
from customers.models import Contact
from guidance.models import Activity, GuidancePlan, Requirement, Stakeholder
from process.forms import RecordForm, VerbForm
from projects.models import Project

STANCES: list[tuple[Any, Any]] = list(Stakeholder._meta.get_field("stance").choices or [])


def _words(dictionary: str) -> QuerySet[Term]:
    return Term.objects.filter(dictionary=dictionary, is_active=True)


def _offer_rows(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """The few rows of one plan are offered whole, without a picker."""
    field: Any = form.fields[name]
    field.widget = forms.Select()
    field.queryset = rows


class PlanForm(RecordForm):
    """Goals and what the customer has confirmed."""

    class Meta:
        model = GuidancePlan
        fields = ["title", "goals", "need_confirmed", "budget_plausible"]


class NewPlanForm(PlanForm):
    """The same for a project that has no plan."""

    project = forms.ModelChoiceField(label=_("Project"), queryset=Project.objects.all())
    field_order = ["project"]


class JudgeForm(VerbForm):
    """The solution manager's word."""

    solvable = forms.TypedChoiceField(
        label=_("Can it be solved?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )


class ActivityForm(VerbForm):
    """A visit, workshop, demo or call to come."""

    kind = forms.ModelChoiceField(label=_("Kind"), queryset=_words("activity"))
    on = forms.DateField(label=_("On"))
    goal = forms.CharField(label=_("Goal"), max_length=300)
    attendees = forms.CharField(label=_("Attendees"), max_length=300, required=False)
    holder = forms.ModelChoiceField(
        label=_("Led by"), queryset=User.objects.all(), required=False, help_text=_("Left empty: you.")
    )


class FinishActivityForm(VerbForm):
    """What came out of it, and the next step."""

    activity = forms.ModelChoiceField(label=_("Which activity"), queryset=Activity.objects.none())
    done_on = forms.DateField(label=_("Done on"), required=False, help_text=_("Left empty: today."))
    result = forms.CharField(label=_("Result"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    next_step = forms.CharField(label=_("Next step"), max_length=300, required=False)
    next_step_on = forms.DateField(label=_("Next step on"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_rows(self, "activity", Activity.objects.filter(plan=self.record).select_related("kind"))


class FinishStepForm(VerbForm):
    """Which next step is done."""

    activity = forms.ModelChoiceField(label=_("Which activity"), queryset=Activity.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Activity.objects.filter(plan=self.record, next_step_on__isnull=False, step_done_on__isnull=True)
        _offer_rows(self, "activity", rows.select_related("kind"))


class StakeholderForm(VerbForm):
    """A person on the customer's side."""

    contact = forms.ModelChoiceField(label=_("Contact"), queryset=Contact.objects.all(), required=False)
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=80,
        required=False,
        help_text=_("Left empty: the name of the contact."),
    )
    job = forms.CharField(label=_("Job"), max_length=80, required=False)
    role = forms.ModelChoiceField(label=_("Role in the decision"), queryset=_words("stakeholder"))
    stance = forms.TypedChoiceField(label=_("Stance"), choices=STANCES, coerce=int, initial=0)
    last_contact_on = forms.DateField(label=_("Last contact"), required=False)


class ChangeStakeholderForm(VerbForm):
    """How a person stands now."""

    stakeholder = forms.ModelChoiceField(label=_("Stakeholder"), queryset=Stakeholder.objects.none())
    role = forms.ModelChoiceField(label=_("Role in the decision"), queryset=_words("stakeholder"), required=False)
    stance = forms.TypedChoiceField(
        label=_("Stance"),
        choices=[("", "–"), *STANCES],
        coerce=int,
        empty_value=None,
        required=False,
    )
    last_contact_on = forms.DateField(label=_("Last contact"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_rows(self, "stakeholder", Stakeholder.objects.filter(plan=self.record))


class RequirementForm(VerbForm):
    """One thing the customer needs."""

    statement = forms.CharField(label=_("What is needed"), widget=forms.Textarea(attrs={"rows": 2}), max_length=4000)
    priority = forms.ChoiceField(label=_("Priority"), choices=Requirement.Priority.choices)
    source = forms.CharField(label=_("Source"), max_length=120, required=False)
    answer = forms.ChoiceField(label=_("Our answer"), choices=[("", "–"), *Requirement.Answer.choices], required=False)
    effort_days = forms.DecimalField(
        label=_("Effort in days"), max_digits=7, decimal_places=1, min_value=0, required=False
    )


class ChangeRequirementForm(RequirementForm):
    """What has changed; an empty field stays as it is."""

    requirement = forms.ModelChoiceField(label=_("Requirement"), queryset=Requirement.objects.none())
    field_order = ["requirement"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_rows(self, "requirement", Requirement.objects.filter(plan=self.record))
        self.fields["statement"].required = False
        self.fields["priority"].required = False
        priority: Any = self.fields["priority"]
        priority.choices = [("", "–"), *Requirement.Priority.choices]
