"""What delivery's pages ask for."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contracts.models import PaymentTerm
from core.calendar import today
from core.dictionary import Term
from delivery.models import (
    Acceptance,
    ChangeOrder,
    Deliverable,
    DeliveryOrder,
    EarlyStart,
    Milestone,
    Risk,
    Shipment,
    StatusReport,
    WorkRecord,
)
from finance.models import CostCategory, TaxRate
from process.forms import PersonField, RecordForm, ScopedForm, VerbForm


def terms(dictionary: str) -> QuerySet[Term]:
    """The words of a dictionary that may be chosen."""
    return Term.objects.filter(dictionary=dictionary, is_active=True)


def area(label: Any, *, required: bool = True, rows: int = 2) -> forms.CharField:
    """A few lines of text."""
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), required=required, max_length=4000)


class OwnRowForm(VerbForm):
    """A verb on one of the record's own rows, offered as a short list."""

    row_field = ""
    row_label: Any = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = forms.ModelChoiceField(self.rows(), label=self.row_label)
        self.fields = {self.row_field: field, **self.fields}

    def rows(self) -> QuerySet:
        """The rows to choose from."""
        raise NotImplementedError


class OrderForm(RecordForm):
    class Meta:
        model = DeliveryOrder
        fields = [
            "project",
            "contract",
            "title",
            "scope",
            "promises",
            "planned_start_on",
            "planned_end_on",
            "kickoff_on",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class OrderEditForm(RecordForm):
    class Meta:
        model = DeliveryOrder
        fields = ["title", "scope", "promises", "planned_start_on", "planned_end_on", "kickoff_on", "owner"]


class AcceptOrderForm(VerbForm):
    """Who takes the service over; left empty the seat or the service desk does."""

    service_manager = PersonField(
        "service",
        label=_("service manager"),
        required=False,
        help_text=_("Left empty, the service manager of the project or the service desk takes it over."),
    )


class MilestoneForm(VerbForm):
    kind = forms.ModelChoiceField(terms("milestone"), label=_("kind"), required=False)
    name = forms.CharField(label=_("name"), max_length=120)
    planned_on = forms.DateField(label=_("planned on"))
    weight = forms.DecimalField(
        label=_("weight %"), max_digits=5, decimal_places=2, min_value=0, max_value=100, initial=0
    )
    planned_net_cost = forms.DecimalField(
        label=_("planned cost, net"), max_digits=18, decimal_places=2, min_value=0, required=False
    )


class FinishMilestoneForm(OwnRowForm):
    row_field, row_label = "milestone", _("milestone")
    done_on = forms.DateField(label=_("done on"), required=False, initial=today)

    def rows(self) -> QuerySet:
        return Milestone.objects.filter(order=self.record, done_on=None)


class WorkForm(VerbForm):
    kind = forms.ChoiceField(label=_("kind"), choices=WorkRecord.Kind.choices)
    on = forms.DateField(label=_("day"), required=False, initial=today)
    text = area(_("what was done"))


class ShipmentForm(VerbForm):
    on = forms.DateField(label=_("shipped on"), required=False, initial=today)
    carrier = forms.CharField(label=_("carrier"), max_length=120, required=False)
    text = area(_("goods"))


class SignForGoodsForm(OwnRowForm):
    row_field, row_label = "shipment", _("shipment")
    signed_on = forms.DateField(label=_("signed for on"), required=False, initial=today)
    signer = forms.CharField(label=_("signed for by"), max_length=80)
    receipt = forms.FileField(label=_("signed delivery note"), required=False)

    def rows(self) -> QuerySet:
        return Shipment.objects.filter(order=self.record, signed_on=None)


class ReportForm(VerbForm):
    health = forms.ChoiceField(label=_("health"), choices=StatusReport.Health.choices)
    on = forms.DateField(label=_("day"), required=False, initial=today)
    text = area(_("report"))


class RiskForm(VerbForm):
    kind = forms.ModelChoiceField(terms("risk"), label=_("kind"))
    text = area(_("risk"))
    probability = forms.IntegerField(label=_("probability 1–5"), min_value=1, max_value=5, initial=3)
    impact = forms.IntegerField(label=_("impact 1–5"), min_value=1, max_value=5, initial=3)
    response = forms.ModelChoiceField(terms("risk_response"), label=_("response"), required=False)
    measure = area(_("measure"), required=False)
    holder = forms.ModelChoiceField(User.objects.all(), label=_("holder"), required=False)
    due_on = forms.DateField(label=_("due on"), required=False)


class CloseRiskForm(OwnRowForm):
    row_field, row_label = "risk", _("risk")

    def rows(self) -> QuerySet:
        return Risk.objects.filter(order=self.record, closed_on=None)


class DeliverableForm(RecordForm):
    class Meta:
        model = Deliverable
        fields = ["order", "title", "description", "quantity", "due_on"]


class DeliverableEditForm(RecordForm):
    class Meta:
        model = Deliverable
        fields = ["title", "description", "quantity", "due_on"]


class SubmittedForm(VerbForm):
    submitted_on = forms.DateField(label=_("submitted on"), required=False, initial=today)


class AnswerForm(VerbForm):
    answered_on = forms.DateField(label=_("answered on"), required=False, initial=today)
    signer = forms.CharField(label=_("customer's signer"), max_length=80, required=False)


class RemarksForm(AnswerForm):
    remarks = area(_("remarks"))
    remarks_due_on = forms.DateField(label=_("remarks due on"))


class ClearForm(VerbForm):
    cleared_on = forms.DateField(label=_("remarks cleared on"), required=False, initial=today)


class AcceptanceForm(RecordForm):
    class Meta:
        model = Acceptance
        fields = ["order", "kind", "title", "scope", "criteria", "planned_on", "is_final"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class AcceptanceEditForm(RecordForm):
    class Meta:
        model = Acceptance
        fields = ["title", "scope", "criteria", "planned_on", "is_final"]


class ReleaseForm(ScopedForm):
    """One share of one payment term."""

    term = forms.ModelChoiceField(PaymentTerm.objects.all(), label=_("payment term"))
    share_percent = forms.DecimalField(
        label=_("share of the term %"), max_digits=7, decimal_places=4, min_value=0, max_value=100, initial=100
    )


class SignForm(VerbForm):
    """The customer's signature."""

    signed_on = forms.DateField(label=_("signed on"), initial=today)
    signer = forms.CharField(label=_("customer's signer"), max_length=80)
    result = forms.ModelChoiceField(terms("acceptance_result").exclude(code="failed"), label=_("result"))
    seal = forms.ModelChoiceField(terms("seal"), label=_("seal"), required=False)
    certificate = forms.FileField(
        label=_("signed certificate"), required=False, help_text=_("Or attach it to the acceptance beforehand.")
    )
    remarks = area(_("remarks"), required=False)
    remarks_due_on = forms.DateField(label=_("remarks due on"), required=False)


class EarlyStartForm(RecordForm):
    class Meta:
        model = EarlyStart
        fields = ["project", "title", "reason", "scope", "net_cap_amount", "ends_on", "expected_sign_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class EarlyStartEditForm(EarlyStartForm):
    class Meta(EarlyStartForm.Meta):
        fields = ["title", "reason", "scope", "net_cap_amount", "ends_on", "expected_sign_on"]


class ChangeOrderForm(RecordForm):
    class Meta:
        model = ChangeOrder
        fields = ["contract", "order", "title", "reason", "scope", "new_end_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class ChangeOrderEditForm(RecordForm):
    class Meta:
        model = ChangeOrder
        fields = ["title", "reason", "scope", "new_end_on"]


class ChangeLineForm(ScopedForm):
    """What is added to the contract, or taken off it with a minus."""

    name = forms.CharField(label=_("name"), max_length=200)
    tax_rate = forms.ModelChoiceField(TaxRate.objects.all(), label=_("tax rate"))
    gross_amount = forms.DecimalField(label=_("amount (incl. tax)"), max_digits=18, decimal_places=2)


class ChangeCostForm(ScopedForm):
    """By how much a category of the budget changes."""

    category = forms.ModelChoiceField(CostCategory.objects.all(), label=_("cost category"))
    text = forms.CharField(label=_("text"), max_length=200, required=False)
    net_amount = forms.DecimalField(label=_("change (excl. tax)"), max_digits=18, decimal_places=2)


class AgreeForm(VerbForm):
    agreed_on = forms.DateField(label=_("agreed on"), initial=today)
    agreed_by = forms.CharField(label=_("agreed by"), max_length=80)
    agreement = forms.FileField(
        label=_("signed agreement"), required=False, help_text=_("Or attach it to the change order beforehand.")
    )
