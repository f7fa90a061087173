"""What is typed about receivables, invoices, credit notes and receipts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Allocation, CreditNote, Invoice, InvoiceLine, Receipt, ReceivableLine
from billing.models.invoice import PLATFORM_NUMBER
from contracts.models import Contract
from core.calendar import today
from core.dictionary import Term
from core.forms import MoneyInput
from process.forms import RecordForm, RowChoice, ScopedForm, VerbForm
from process.models import StageRecord


def words(dictionary: str) -> Any:
    """The active words of a dictionary."""
    return Term.objects.filter(dictionary=dictionary, is_active=True)


def amount_field(label: Any, **kwargs: Any) -> forms.DecimalField:
    """A positive amount of money."""
    return forms.DecimalField(label=label, max_digits=18, decimal_places=2, min_value=0, widget=MoneyInput, **kwargs)


class InvoiceForm(RecordForm):
    """A request for an invoice over one contract."""

    class Meta:
        model = Invoice
        fields = ["contract", "title", "fapiao", "title_customer", "entity", "remark", "early_reason", "expected_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "title_customer", "entity"):
            # Empty means: as the contract says.
            self.fields[name].required = False


class InvoiceEditForm(InvoiceForm):
    """A request stays with its contract."""

    class Meta(InvoiceForm.Meta):
        fields = [name for name in InvoiceForm.Meta.fields if name != "contract"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "title_customer", "entity"):
            self.fields[name].required = True


class InvoiceLineForm(ScopedForm):
    """A receivable and how much of it; empty means all that is left."""

    receivable = forms.ModelChoiceField(label=_("Receivable"), queryset=ReceivableLine.objects.all())
    gross_amount = amount_field(_("Amount with tax, empty = all that is left"), required=False)


class RequestInvoiceForm(VerbForm):
    """A request over this one receivable."""

    fapiao = forms.ModelChoiceField(label=_("Kind of fapiao"), queryset=words("fapiao"))
    gross_amount = amount_field(_("Amount with tax, empty = all that is left"), required=False)
    early_reason = forms.CharField(label=_("Reason for invoicing early"), max_length=300, required=False)
    expected_on = forms.DateField(label=_("Money expected on"), required=False)


class IssueForm(VerbForm):
    """What the tax platform gave back."""

    platform_number = forms.CharField(label=_("Fapiao number"), max_length=20, validators=[PLATFORM_NUMBER])
    issued_on = forms.DateField(label=_("Issued on"), initial=today)
    file = forms.FileField(label=_("XML, OFD or PDF"), required=False)


class DeliverForm(VerbForm):
    """How the buyer got it."""

    delivered_on = forms.DateField(label=_("Delivered on"), initial=today)
    delivered_to = forms.CharField(label=_("Delivered to"), max_length=120, required=False)


class CreditNoteForm(RecordForm):
    """A request to take an invoice back; without lines all that still stands."""

    class Meta:
        model = CreditNote
        fields = ["invoice", "title", "reason", "mode"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class CreditNoteEditForm(CreditNoteForm):
    """A request stays with its invoice."""

    class Meta(CreditNoteForm.Meta):
        fields = ["title", "reason", "mode"]


class CreditNoteLineForm(ScopedForm):
    """A line of the invoice and how much of it is taken back."""

    invoice_line = RowChoice(label=_("Invoice line"), required=False)
    gross_amount = amount_field(_("Amount with tax, empty = all that stands"), required=False)

    def __init__(self, *args: Any, record: StageRecord | None = None, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        known = self.user.__dict__.setdefault("_invoice_lines", {})
        if record is not None and record.pk not in known:
            known[record.pk] = list(_lines_of(record))
        chosen: Any = self.fields["invoice_line"]
        chosen.offer(known.get(record.pk if record is not None else None, []))


def _lines_of(record: StageRecord) -> Any:
    invoice = record.invoice_id if isinstance(record, CreditNote) else record.pk
    return InvoiceLine.objects.filter(invoice_id=invoice).select_related("receivable", "tax_rate")


class RequestCreditForm(VerbForm):
    """A credit note over this invoice: all that stands, or an amount of one line after the draft is made."""

    reason = forms.ModelChoiceField(label=_("Reason"), queryset=words("red_reason"))
    mode = forms.ModelChoiceField(label=_("Mode"), queryset=words("red_mode"))


class ConfirmationForm(VerbForm):
    """The confirmed form 红字信息确认单."""

    confirmation_number = forms.CharField(label=_("Confirmation form number"), max_length=40)
    confirmed_on = forms.DateField(label=_("Confirmed on"), initial=today)


class ReceiptForm(RecordForm):
    """One line of the bank statement, or a bill of exchange."""

    class Meta:
        model = Receipt
        fields = [
            "account",
            "payer_name",
            "gross_amount",
            "value_on",
            "reference",
            "method",
            "summary",
            "payer_account",
            "currency",
            "acceptor",
            "bill_due_on",
        ]

    @staticmethod
    def fieldsets(form: "ReceiptForm") -> list[dict[str, Any]]:
        """Few fields first; what only bills need is folded."""
        rest = ("payer_account", "currency", "acceptor", "bill_due_on")
        first = [form[name] for name in form.fields if name not in rest]
        return [
            {"title": "", "folded": False, "fields": first},
            {"title": _("Bill of exchange and more"), "folded": True, "fields": [form[name] for name in rest]},
        ]


class ClaimForm(VerbForm):
    """Whose money it is."""

    contract = forms.ModelChoiceField(label=_("Contract"), queryset=Contract.objects.all())
    receivable = forms.ModelChoiceField(label=_("Receivable"), queryset=ReceivableLine.objects.all(), required=False)


class AllocateForm(VerbForm):
    """How much of the receipt pays what."""

    receivable = forms.ModelChoiceField(label=_("Receivable"), queryset=ReceivableLine.objects.all())
    gross_amount = amount_field(_("Amount"))
    invoice = forms.ModelChoiceField(label=_("Invoice"), queryset=Invoice.objects.all(), required=False)
    difference = forms.ModelChoiceField(
        label=_("Difference"),
        queryset=words("difference"),
        required=False,
        help_text=_("a fee or deduction that settles the receivable without money"),
    )

    def __init__(self, *args: Any, record: StageRecord | None = None, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if isinstance(record, Receipt):
            self.fields["gross_amount"].initial = record.gross_free
            self.fields["receivable"].initial = record.receivable_id


class UnallocateForm(VerbForm):
    """Which allocation is taken off."""

    allocation = RowChoice(label=_("Allocation"))

    def __init__(self, *args: Any, record: StageRecord | None = None, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        found = Allocation.objects.filter(receipt_id=record.pk if record is not None else None).standing()
        chosen: Any = self.fields["allocation"]
        chosen.offer(found.select_related("receipt", "receivable"))


class DisputeForm(VerbForm):
    """What is disputed, and until when no reminder goes out."""

    disputed_until = forms.DateField(label=_("Disputed until"), required=False, help_text=_("empty: settled"))
    dispute_note = forms.CharField(label=_("What is disputed"), max_length=300, required=False)


class PromiseForm(VerbForm):
    """When the customer promised to pay."""

    promised_on = forms.DateField(label=_("Promised for"), required=False)


class RemindForm(VerbForm):
    """How the customer was reminded and what was answered."""

    note = forms.CharField(label=_("Reminder and answer"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
