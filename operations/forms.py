"""What operations' pages ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.calendar import today
from core.dictionary import Term
from operations.models import Inspection, ServiceAgreement, Ticket
from process.forms import RecordForm, ScopedForm, VerbForm


def area(label: Any, *, required: bool = True) -> forms.CharField:
    """A few lines of text."""
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 2}), required=required, max_length=4000)


class AgreementForm(RecordForm):
    class Meta:
        model = ServiceAgreement
        fields = [
            "project",
            "customer",
            "contract",
            "title",
            "cover",
            "scope",
            "warranty_from",
            "warranty_until",
            "service_until",
            "gross_yearly_amount",
        ]


class AgreementEditForm(RecordForm):
    class Meta:
        model = ServiceAgreement
        fields = [
            "title",
            "cover",
            "scope",
            "warranty_from",
            "warranty_until",
            "service_until",
            "gross_yearly_amount",
            "owner",
        ]


class ItemLineForm(ScopedForm):
    """One installed thing."""

    name = forms.CharField(label=_("name"), max_length=200)
    serial = forms.CharField(label=_("serial number"), max_length=80, required=False)
    quantity = forms.DecimalField(label=_("quantity"), max_digits=14, decimal_places=3, min_value=0, initial=1)
    place = forms.CharField(label=_("place"), max_length=200, required=False)
    warranty_until = forms.DateField(label=_("warranty until"), required=False)


class ItemForm(VerbForm, ItemLineForm):
    """The same, added to a running agreement."""


class WarrantyEndForm(VerbForm):
    on = forms.DateField(label=_("warranty end confirmed on"), initial=today)
    certificate = forms.FileField(label=_("signed confirmation"), required=False)


class RenewForm(VerbForm):
    service_until = forms.DateField(label=_("service until"))
    cover = forms.ModelChoiceField(Term.objects.filter(dictionary="cover"), label=_("cover"), required=False)


class LeadForm(VerbForm):
    """The need that was found; it becomes a lead."""

    title = forms.CharField(label=_("title"), max_length=200)
    need = area(_("need"))


class InspectionForm(RecordForm):
    class Meta:
        model = Inspection
        fields = ["agreement", "title", "planned_on", "checklist"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class InspectionEditForm(RecordForm):
    class Meta:
        model = Inspection
        fields = ["title", "planned_on", "checklist", "owner"]


class PerformForm(VerbForm):
    performed_on = forms.DateField(label=_("performed on"), initial=today)
    findings = area(_("findings"))
    advice = area(_("advice to the customer"), required=False)


class TicketForm(RecordForm):
    class Meta:
        model = Ticket
        fields = ["agreement", "kind", "priority", "title", "description", "reported_at", "reporter"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class TicketEditForm(RecordForm):
    class Meta:
        model = Ticket
        fields = ["kind", "priority", "title", "description", "reporter"]


class AssignForm(VerbForm):
    owner = forms.ModelChoiceField(User.objects.all(), label=_("assigned to"), required=False)


class ResolveForm(VerbForm):
    solution = area(pgettext_lazy("ticket", "solution"))


class CloseTicketForm(VerbForm):
    satisfaction = forms.IntegerField(label=_("satisfaction 1–5"), min_value=1, max_value=5, required=False)


class MergeForm(VerbForm):
    other = forms.ModelChoiceField(Ticket.objects.all(), label=_("the ticket that goes on"))
