"""What is asked about customers, contacts and suppliers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Contact, Customer, Supplier
from process.forms import RecordForm, VerbForm


class _PartyForm(RecordForm):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        help_text=_("Needed when a similar name is registered already."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label = _("Name")


class CustomerForm(_PartyForm):
    """A customer: name and tax id first, the rest folded."""

    class Meta:
        model = Customer
        fields = [
            "title",
            "short_name",
            "tax_id",
            "tier",
            "credit",
            "industry",
            "ownership",
            "size",
            "is_public_body",
            "parent",
            "region",
            "country",
            "address",
            "phone",
            "email",
            "invoice_address",
            "bank",
            "bank_account",
            "owner",
        ]

    @staticmethod
    def fieldsets(form: Any) -> list[dict[str, Any]]:
        first = ("title", "short_name", "tax_id", "industry", "tier", "credit", "region", "note")
        more = ("ownership", "size", "is_public_body", "parent", "country", "address", "phone", "email", "owner")
        money = ("invoice_address", "bank", "bank_account")
        return [
            {"title": "", "fields": [form[name] for name in first]},
            {"title": _("More about the company"), "folded": True, "fields": [form[name] for name in more]},
            {"title": _("Invoice and bank"), "folded": True, "fields": [form[name] for name in money]},
        ]


class SupplierForm(_PartyForm):
    """A supplier."""

    class Meta:
        model = Supplier
        fields = [
            "title",
            "tax_id",
            "taxpayer",
            "is_sme",
            "contact_name",
            "phone",
            "email",
            "region",
            "country",
            "address",
            "bank",
            "bank_account",
        ]


class ContactForm(VerbForm):
    """A person at a customer."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=80)
    job = forms.CharField(label=_("Job"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=60, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    is_decider = forms.BooleanField(label=_("Decides"), required=False)


class RemoveContactForm(VerbForm):
    """Which contact has left."""

    contact = forms.ModelChoiceField(label=_("Contact"), queryset=Contact.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["contact"]
        field.widget = forms.Select()
        field.queryset = Contact.objects.filter(customer=self.record, is_active=True).order_by("name")
