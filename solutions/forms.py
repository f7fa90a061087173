"""What is asked about solutions, quotes, tenders and proofs of concept."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term
from core.selectors import currency_codes
from core.widgets import MoneyInput
from finance.models import Deposit, TaxRate
from process.forms import RecordForm, ScopedForm, VerbForm
from process.shapes import Lines
from products.models import Product
from solutions.models import Poc, Quote, Solution, Tender


def _currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in currency_codes()]


def _words(dictionary: str) -> Any:
    return Term.objects.filter(dictionary=dictionary, is_active=True)


def _areas(*names: str, rows: int = 3) -> dict[str, Any]:
    return {name: forms.Textarea(attrs={"rows": rows}) for name in names}


class SolutionForm(RecordForm):
    """A further solution of a project."""

    class Meta:
        model = Solution
        fields = ["project", "title", "approach", "scope", "deviations", "risks"]
        widgets = _areas("approach", "scope", "deviations", "risks")


class SolutionEditForm(RecordForm):
    """What we offer and where we differ from what is asked."""

    class Meta:
        model = Solution
        fields = ["title", "approach", "scope", "deviations", "risks"]
        widgets = _areas("approach", "scope", "deviations", "risks", rows=5)


class TechnicalReviewForm(VerbForm):
    """What was checked and found."""

    technical_review = forms.CharField(
        label=_("Technical review"), widget=forms.Textarea(attrs={"rows": 4}), max_length=8000
    )


class LossForm(VerbForm):
    """Why, and to whom."""

    lost_reason = forms.ModelChoiceField(label=_("Lost because"), queryset=_words("lost"))
    competitor = forms.CharField(label=_("Lost to"), max_length=200, required=False)


class QuoteForm(RecordForm):
    """A new quote for a solution."""

    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies, initial="CNY")

    class Meta:
        model = Quote
        fields = [
            "solution",
            "title",
            "customer",
            "valid_until",
            "currency",
            "is_alternative",
            "payment_terms",
            "delivery_terms",
        ]
        widgets = _areas("payment_terms", "delivery_terms", rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The solution gives the title, the project the customer, where nothing is typed.
        self.fields["title"].required = False


class QuoteEditForm(QuoteForm):
    """A draft's head; its solution stays."""

    class Meta(QuoteForm.Meta):
        fields = [name for name in QuoteForm.Meta.fields if name != "solution"]


class QuoteLineForm(ScopedForm):
    """One line: price with tax, rate per line."""

    product = forms.ModelChoiceField(label=_("Product"), queryset=Product.objects.all(), required=False)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    quantity = forms.DecimalField(
        label=_("Quantity"), max_digits=14, decimal_places=3, min_value=Decimal("0.001"), initial=1
    )
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False)
    gross_price = forms.DecimalField(
        label=_("Unit price incl. tax"), max_digits=18, decimal_places=2, min_value=0, widget=MoneyInput
    )
    discount_percent = forms.DecimalField(
        label=_("Discount %"), max_digits=5, decimal_places=2, min_value=0, max_value=100, initial=0, required=False
    )
    tax_rate = forms.ModelChoiceField(label=_("Tax rate"), queryset=TaxRate.objects.filter(is_active=True))
    is_optional = forms.BooleanField(label=_("Optional"), required=False)
    delivery_on = forms.DateField(label=_("Delivery on"), required=False)
    promise = forms.CharField(label=_("Promise"), max_length=300, required=False)


def read_lines(quote: Quote) -> list[dict[str, Any]]:
    """Stored lines as the form shows them."""
    names = QuoteLineForm.base_fields
    return [{name: getattr(line, name) for name in names} for line in quote.lines.select_related("tax_rate")]


QUOTE_LINES = Lines(QuoteLineForm, _("Lines"), read=read_lines, add_label=_("Add line"))


class AcceptForm(VerbForm):
    """The customer's own order, where there is one."""

    accepted_on = forms.DateField(label=_("Accepted on"), required=False)
    customer_number = forms.CharField(label=_("Customer's order number"), max_length=80, required=False)


class ExtendForm(VerbForm):
    """The new last valid day."""

    valid_until = forms.DateField(label=_("Valid until"))


class PocForm(RecordForm):
    """A trial with its criteria."""

    class Meta:
        model = Poc
        fields = ["solution", "title", "criteria", "agreed_with", "starts_on", "ends_on"]
        widgets = _areas("criteria")


class PocEditForm(RecordForm):
    """A planned trial."""

    class Meta(PocForm.Meta):
        fields = [name for name in PocForm.Meta.fields if name != "solution"]


class ResultForm(VerbForm):
    """What was shown."""

    result = forms.CharField(label=_("Result"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)


class TenderForm(RecordForm):
    """A new invitation to bid."""

    class Meta:
        model = Tender
        fields = [
            "project",
            "solution",
            "title",
            "number",
            "lot",
            "agency",
            "deadline_at",
            "opens_at",
            "published_on",
            "questions_until_at",
            "place",
            "method",
            "self_score",
            "ceiling_gross_amount",
            "our_gross_amount",
            "needs_deposit",
        ]

    @staticmethod
    def fieldsets(form: Any) -> list[dict[str, Any]]:
        first = ("project", "solution", "title", "number", "lot", "deadline_at", "opens_at", "needs_deposit")
        rest = [name for name in form.fields if name not in first]
        shown = [name for name in first if name in form.fields]
        return [
            {"title": "", "folded": False, "fields": [form[name] for name in shown]},
            {"title": _("Price and procedure"), "folded": form.record is None, "fields": [form[name] for name in rest]},
        ]


class TenderEditForm(TenderForm):
    """What is known of a tender."""

    class Meta(TenderForm.Meta):
        fields = [name for name in TenderForm.Meta.fields if name != "project"]


class DocumentsReviewForm(VerbForm):
    """What was checked in the bid documents."""

    documents_review = forms.CharField(
        label=_("Review of the bid documents"), widget=forms.Textarea(attrs={"rows": 4}), max_length=8000
    )


class DepositForm(VerbForm):
    """The bid deposit, in cash or as a bank guarantee."""

    kind_of = forms.ModelChoiceField(label=_("Kind"), queryset=_words("guarantee"))
    form = forms.ChoiceField(label=_("Form"), choices=Deposit.Form.choices)
    gross_amount = forms.DecimalField(
        label=_("Amount"), max_digits=18, decimal_places=2, min_value=Decimal("0.01"), widget=MoneyInput
    )


class PriceForm(ScopedForm):
    """One bidder's price as read out."""

    bidder = forms.CharField(label=_("Bidder"), max_length=200)
    gross_amount = forms.DecimalField(
        label=_("Price incl. tax"), max_digits=18, decimal_places=2, min_value=0, widget=MoneyInput
    )
    score = forms.DecimalField(label=_("Score"), max_digits=6, decimal_places=2, required=False)


class OpenForm(VerbForm):
    """The opening record."""

    lines = {"prices": Lines(PriceForm, _("Prices opened"), add_label=_("Add bidder"))}


class AwardForm(VerbForm):
    """The day of the award notice."""

    award_notice_on = forms.DateField(label=_("Award notice of"))


class TenderLossForm(VerbForm):
    """Who got it."""

    winner = forms.CharField(label=_("Winner"), max_length=200, required=False)
