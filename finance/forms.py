"""What is typed about money inside a deal."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term
from core.forms import MoneyInput
from finance.models import CostCategory, CostSheet, Deposit, Period, TaxRate, Voucher
from finance.selectors import valid_on
from process.forms import RecordForm, RowChoice, ScopedForm, VerbForm


def category_groups() -> list[tuple[str, list[CostCategory]]]:
    """The cost tree for a select: each group with itself first, then what is below it."""
    rows = list(CostCategory.objects.filter(is_active=True))
    roots = [one for one in rows if one.parent_id is None]
    return [(root.label, [root, *(one for one in rows if one.parent_id == root.pk)]) for root in roots]


def offer_money_choices(form: Any) -> None:
    """Cost categories and VAT rates of today for a line of a grid, read once per request."""
    known = form.user.__dict__.setdefault("_money_choices", {})
    if not known:
        known["groups"] = category_groups()
        known["rates"] = list(TaxRate.objects.filter(valid_on(timezone.localdate()), is_active=True))
    form.fields["category"].offer((), groups=known["groups"])
    if "tax_rate" in form.fields:
        form.fields["tax_rate"].offer(known["rates"])


class CostLineForm(ScopedForm):
    """One line of a costing: an amount with its tax, or days at a price."""

    category = RowChoice(label=_("Cost category"))
    text = forms.CharField(label=_("Item"), max_length=200, required=False)
    gross_amount = forms.DecimalField(
        label=_("Amount incl. VAT"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )
    tax_rate = RowChoice(label=_("VAT rate"), required=False)
    deductible = forms.BooleanField(label=_("Deductible"), required=False)
    days = forms.DecimalField(
        label=_("Person-days"), max_digits=8, decimal_places=1, min_value=0, required=False, widget=MoneyInput
    )
    net_day_amount = forms.DecimalField(
        label=_("Cost of a day"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )
    net_low = forms.DecimalField(
        label=_("Low, net"),
        max_digits=18,
        decimal_places=2,
        min_value=0,
        required=False,
        widget=MoneyInput,
        help_text=_("What it costs if all goes well; with a range (low + 4 likely + high) / 6 counts"),
    )
    net_high = forms.DecimalField(
        label=_("High, net"),
        max_digits=18,
        decimal_places=2,
        min_value=0,
        required=False,
        widget=MoneyInput,
        help_text=_("What it costs if much goes wrong"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_money_choices(self)

    def clean(self) -> dict[str, Any]:
        """Either an amount or days with their price."""
        data = super().clean() or {}
        if not self.errors and data.get("category"):
            labour = data.get("days") and data.get("net_day_amount")
            if not labour and data.get("gross_amount") is None:
                raise forms.ValidationError(_("Enter an amount, or days and the cost of a day."))
            if (data.get("net_low") is None) != (data.get("net_high") is None):
                missing = "net_low" if data.get("net_low") is None else "net_high"
                self.add_error(missing, _("A range needs both ends."))
        return data


class CashMonthForm(ScopedForm):
    """What is expected to come in and to go out in a month."""

    month = forms.DateField(label=_("Month"), help_text=_("any day of the month"))
    gross_in = forms.DecimalField(
        label=_("Cash in, incl. VAT"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )
    gross_out = forms.DecimalField(
        label=_("Cash out, incl. VAT"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )


class CostSheetForm(RecordForm):
    """Starting an estimate or a budget; its lines are a grid below."""

    kind = forms.ChoiceField(
        label=_("Costing"),
        choices=[(one.value, one.label) for one in (CostSheet.Kind.ESTIMATE, CostSheet.Kind.BUDGET)],
    )

    class Meta:
        model = CostSheet
        fields = ("book", "kind", "label", "accuracy_percent", "net_revenue")


class CostSheetEditForm(RecordForm):
    """Changing a draft."""

    class Meta:
        model = CostSheet
        fields = ("label", "accuracy_percent", "net_revenue")


class CopySheetForm(VerbForm):
    """What the copy shall be."""

    kind = forms.ChoiceField(
        label=_("Costing"),
        choices=[(one.value, one.label) for one in (CostSheet.Kind.ESTIMATE, CostSheet.Kind.BUDGET)],
    )
    label = forms.CharField(label=_("Stands for"), max_length=60, required=False)
    accuracy_percent = forms.DecimalField(
        label=_("Accuracy ± %"), max_digits=5, decimal_places=2, min_value=0, required=False
    )


class VoucherForm(RecordForm):
    """Worked days or an expense."""

    category = RowChoice(label=_("Cost category"))

    class Meta:
        model = Voucher
        fields = (
            "kind",
            "book",
            "category",
            "worked_on",
            "days",
            "gross_amount",
            "tax_rate",
            "deductible",
            "title",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["category"]
        offered.offer((), groups=category_groups())
        if self.instance.pk:
            self.initial["category"] = self.instance.category
        self.fields["gross_amount"].required = False
        self.fields["title"].required = False
        self.fields["title"].label = _("What for")
        self.fields["days"].help_text = _("for worked time, in half days")
        self.fields["gross_amount"].help_text = _("for an expense, incl. VAT")


class PeriodForm(RecordForm):
    """Any day of the month to open."""

    month = forms.DateField(label=_("Month"), help_text=_("any day of the month"))

    class Meta:
        model = Period
        fields = ("month",)


class DepositForm(RecordForm):
    """Asking for a deposit or guarantee."""

    class Meta:
        model = Deposit
        fields = (
            "kind",
            "form",
            "gross_amount",
            "customer",
            "book",
            "needed_on",
            "due_back_on",
            "valid_until",
            "net_fee_amount",
            "title",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class PayDepositForm(VerbForm):
    """How and when it went out."""

    paid_on = forms.DateField(label=_("Out since"), required=False)
    bank_reference = forms.CharField(label=_("Guarantee or transfer number"), max_length=80, required=False)
    net_fee_amount = forms.DecimalField(
        label=_("Fee of the bank, net"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )


class ReturnDepositForm(VerbForm):
    """When it came back."""

    ended_on = forms.DateField(label=_("Back on"), required=False)


class ConvertDepositForm(VerbForm):
    """What it becomes."""

    kind = forms.ModelChoiceField(label=_("Becomes"), queryset=Term.objects.filter(dictionary="guarantee"))
    due_back_on = forms.DateField(label=_("Due back on"), required=False)


class ForfeitDepositForm(VerbForm):
    """Which cost category bears the loss."""

    category = RowChoice(label=_("Cost category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["category"]
        offered.offer((), groups=category_groups())


class ForecastLineForm(ScopedForm):
    """What is still to come in one category."""

    category = RowChoice(label=_("Cost category"))
    net_to_complete = forms.DecimalField(
        label=_("Still to come, net"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_money_choices(self)


class ExplainForm(VerbForm):
    """Why a budget line runs over."""

    cause = forms.ModelChoiceField(label=_("Cause"), queryset=Term.objects.filter(dictionary="variance_cause"))
    explanation = forms.CharField(label=_("Explanation"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
