"""What is typed about contracts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract, Deviation, TermTemplate
from core.calendar import today
from core.dictionary import Term
from core.forms import MoneyInput
from finance.models import TaxRate
from finance.selectors import valid_on
from process.forms import RecordForm, RowChoice, ScopedForm, VerbForm
from process.models import StageRecord


def words(dictionary: str) -> Any:
    """The active words of a dictionary."""
    return Term.objects.filter(dictionary=dictionary, is_active=True)


class ContractForm(RecordForm):
    """A draft: parties default from the project, the rest is folded."""

    conditions = forms.ModelMultipleChoiceField(
        label=_("Conditions of effect"),
        queryset=words("effect_condition"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = Contract
        fields = [
            "project",
            "title",
            "kind",
            "price_kind",
            "customer",
            "payer",
            "invoice_title",
            "end_user",
            "entity",
            "customer_number",
            "currency",
            "tax_clause",
            "starts_on",
            "ends_on",
            "warranty_months",
            "penalty",
            "promises",
            "parent",
        ]
        widgets = {"penalty": forms.Textarea(attrs={"rows": 2}), "promises": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "customer", "payer", "invoice_title", "entity"):
            # Empty means: as the project, or as the party before.
            self.fields[name].required = False
        if isinstance(self.record, Contract):
            self.fields["conditions"].initial = list(self.record.conditions.values_list("kind_id", flat=True))

    @staticmethod
    def fieldsets(form: "ContractForm") -> list[dict[str, Any]]:
        """Few fields first."""
        first = ("project", "title", "kind", "price_kind", "customer", "customer_number", "conditions", "promises")
        rest = [name for name in form.fields if name not in first]
        return [
            {"title": "", "folded": False, "fields": [form[name] for name in first if name in form.fields]},
            {"title": _("Parties, dates and clauses"), "folded": True, "fields": [form[name] for name in rest]},
        ]


class ContractEditForm(ContractForm):
    """A draft stays with its project."""

    class Meta(ContractForm.Meta):
        fields = [name for name in ContractForm.Meta.fields if name != "project"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "customer", "payer", "invoice_title", "entity"):
            self.fields[name].required = True


def read_once(form: ScopedForm, key: str, read: Any) -> list[Any]:
    """Rows for the selects of a grid, read once per request and not once per line."""
    known = form.user.__dict__.setdefault("_contract_choices", {})
    if key not in known:
        known[key] = list(read())
    return known[key]


class ContractLineForm(ScopedForm):
    """One item at one tax rate, its amount with tax."""

    name = forms.CharField(label=_("Name"), max_length=200)
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=14, decimal_places=4, initial=1, min_value=0)
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False)
    tax_rate = RowChoice(label=_("Tax rate"))
    gross_amount = forms.DecimalField(
        label=_("Amount with tax"), max_digits=18, decimal_places=2, min_value=0, widget=MoneyInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rates = read_once(self, "rates", lambda: TaxRate.objects.filter(valid_on(today()), is_active=True))
        chosen: Any = self.fields["tax_rate"]
        chosen.offer(rates)


class PaymentTermForm(ScopedForm):
    """One instalment, by percent or by amount."""

    event = RowChoice(label=_("Payment event"))
    percent = forms.DecimalField(
        label=_("Percent"), max_digits=7, decimal_places=4, min_value=0, max_value=100, required=False
    )
    gross_amount = forms.DecimalField(
        label=_("or amount"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )
    days_after = forms.IntegerField(label=_("Days after"), min_value=0, max_value=3650, initial=30)
    document = forms.CharField(label=_("Document needed"), max_length=200, required=False)
    is_retention = forms.BooleanField(label=_("Retention"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["event"]
        chosen.offer(read_once(self, "events", lambda: words("payment_event")))

    def clean(self) -> dict[str, Any]:
        """Either a percent or an amount."""
        data = super().clean() or {}
        if not self.errors and not data.get("percent") and not data.get("gross_amount"):
            self.add_error("percent", _("Give a percent or an amount."))
        return data


class TemplateForm(VerbForm):
    """A usual set of payment terms."""

    template = forms.ModelChoiceField(label=_("Set of payment terms"), queryset=TermTemplate.objects.all())


class TextForm(VerbForm):
    """The text to be approved."""

    file = forms.FileField(label=_("Text of the contract"))


class DeviationForm(VerbForm):
    """A clause off our standard."""

    kind = forms.ModelChoiceField(label=_("Clause"), queryset=words("deviation"))
    text = forms.CharField(label=_("What deviates"), widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
    risk = forms.ChoiceField(label=_("Risk"), choices=Deviation.Risk.choices, initial=Deviation.Risk.MEDIUM)


class SignForm(VerbForm):
    """Seal, signer and the file that was stamped."""

    file = forms.FileField(label=_("Stamped file"), help_text=_("must be exactly the approved text"))
    seal = forms.ModelChoiceField(label=_("Seal"), queryset=words("seal"))
    signer = forms.CharField(label=_("Signed for us by"), max_length=80)
    authority = forms.CharField(label=_("Signer's authority"), max_length=120, required=False)
    copies = forms.IntegerField(label=_("Copies"), min_value=1, max_value=99, initial=2)
    signed_on = forms.DateField(label=_("Signed on"), initial=today)


class EffectForm(VerbForm):
    """One condition of effect and its day."""

    kind = forms.ModelChoiceField(label=_("Condition of effect"), queryset=words("effect_condition"))
    met_on = forms.DateField(label=_("Met on"), initial=today)

    def __init__(self, *args: Any, record: StageRecord | None = None, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if isinstance(record, Contract):
            waiting = record.conditions.filter(met_on__isnull=True).values("kind_id")
            chosen: Any = self.fields["kind"]
            chosen.queryset = words("effect_condition").filter(pk__in=waiting)


class ActivateForm(VerbForm):
    """From when the contract binds."""

    effective_on = forms.DateField(label=_("Effective on"), initial=today)


class HandOverForm(VerbForm):
    """What was missing when delivery gave the package back."""

    promises = forms.CharField(
        label=_("Promises added"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=4000
    )
