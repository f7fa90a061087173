"""What is asked about leads."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term
from core.selectors import currency_codes
from core.widgets import MoneyInput
from customers.models import Customer
from leads.models import Lead
from process import show
from process.forms import PersonField, RecordForm, VerbForm


def _currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in currency_codes()]


def _words(dictionary: str) -> Any:
    return Term.objects.filter(dictionary=dictionary, is_active=True)


class LeadForm(RecordForm):
    """Few fields first: who, what, and what comes next. The rest is folded."""

    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies, initial="CNY")
    accept_duplicate = forms.BooleanField(
        label=_("This is another company or another need"),
        required=False,
        help_text=_("Tick it after looking at the leads and customers named above."),
        widget=forms.CheckboxInput(attrs={"data-after-refusal": True}),
    )

    class Meta:
        model = Lead
        fields = [
            "title",
            "company_name",
            "customer",
            "tax_id",
            "contact_name",
            "phone",
            "email",
            "source",
            "need",
            "temperature",
            "gross_amount",
            "currency",
            "expected_on",
            "budget_known",
            "decision_maker_known",
            "industry",
            "region",
            "product_interest",
            "next_action",
            "next_action_on",
            "origin_text",
            "external_ref",
        ]
        widgets = {"need": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False
        self.fields["title"].help_text = _("Left empty, it is made of company and interest.")
        self.fields["company_name"].required = False
        self.fields["company_name"].help_text = _("Left empty, it is the name of the customer chosen below.")

    def clean(self) -> dict[str, Any]:
        """A company, typed or chosen."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("company_name") and not cleaned.get("customer"):
            self.add_error("company_name", _("Name the company, or choose a customer."))
        if self.record is not None and not cleaned.get("title"):
            self.add_error("title", _("A lead has a title."))
        return cleaned

    @staticmethod
    def fieldsets(form: Any) -> list[dict[str, Any]]:
        first = ("company_name", "customer", "title", "need", "source", "temperature")
        contact = ("contact_name", "phone", "email")
        more = ("gross_amount", "currency", "expected_on", "budget_known", "decision_maker_known")
        about = ("product_interest", "industry", "region", "tax_id", "origin_text", "external_ref")
        following = ("next_action", "next_action_on", "accept_duplicate")
        return [
            {"title": "", "fields": [form[name] for name in first]},
            {"title": _("Who to talk to"), "fields": [form[name] for name in contact]},
            {"title": _("What comes next"), "fields": [form[name] for name in following]},
            {"title": _("Amount and timing"), "folded": True, "fields": [form[name] for name in more]},
            {"title": _("More about the company"), "folded": True, "fields": [form[name] for name in about]},
        ]


class OwnerForm(VerbForm):
    """Which account manager."""

    owner = PersonField("ar", label=_("Account manager"))


class ReopenForm(VerbForm):
    """Another owner, where the one before is gone."""

    owner = PersonField(
        "ar", label=_("Account manager"), required=False, help_text=_("Left empty, the owner before goes on.")
    )


class PoolForm(VerbForm):
    """Why it is given to the pool."""

    pool_reason = forms.CharField(label=_("Why"), max_length=200, required=False)


class NurtureForm(VerbForm):
    """Until when it sleeps, and why."""

    wake_on = forms.DateField(label=_("Wake on"))
    hold_reason = forms.ModelChoiceField(label=_("Why it waits"), queryset=_words("lead.hold"), required=False)


class InvalidateForm(VerbForm):
    """Why there is no business in it."""

    invalid_reason = forms.ModelChoiceField(label=_("Why it is invalid"), queryset=_words("lead.invalid"))
    note = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=4000)


class FollowUpForm(VerbForm):
    """A contact with the customer, and the next act."""

    kind = forms.ModelChoiceField(label=_("Kind of contact"), queryset=_words("activity"))
    text = forms.CharField(label=_("What was said"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    next_action = forms.CharField(label=_("Next act"), max_length=200, required=False)
    next_action_on = forms.DateField(label=_("Next act on"), required=False)


class QualifyForm(VerbForm):
    """The customer behind it; the need in one paragraph and the amount, as far as they changed."""

    customer = forms.ModelChoiceField(label=_("Customer"), queryset=Customer.objects.all(), required=False)
    create_customer = forms.BooleanField(label=_("Register the company as a new customer"), required=False)
    need = forms.CharField(label=_("Need"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    gross_amount = forms.DecimalField(
        label=_("Expected amount incl. tax"),
        max_digits=18,
        decimal_places=2,
        min_value=0,
        required=False,
        widget=MoneyInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lead: Any = self.record
        for name in ("customer", "need", "gross_amount"):
            self.fields[name].initial = getattr(lead, name, None)
        if lead is not None and lead.customer_id:
            del self.fields["create_customer"]


class MergeForm(VerbForm):
    """The lead that goes on, and which of its values are replaced."""

    survivor = forms.ModelChoiceField(label=_("Lead that goes on"), queryset=Lead.objects.all())
    take_fields = forms.MultipleChoiceField(
        label=_("Take these from the lead that ends"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Fields that are empty there are filled in any case."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from leads.services.merging import ABSORBED

        lead: Any = self.record
        fields: Any = self.fields["take_fields"]
        fields.choices = [
            (name, f"{Lead._meta.get_field(name).verbose_name}: {show.fact(lead, name).value}")
            for name in ABSORBED
            if getattr(lead, name, None)
        ]
