"""What is typed about receivables, invoices, credit notes and receipts."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.matching import proposals
from billing.models import (
    Allocation,
    BankStatement,
    CreditNote,
    Deduction,
    DunningLetter,
    Invoice,
    InvoiceLine,
    Receipt,
    ReceivableLine,
    Refund,
)
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

    invoice_line = RowChoice(label=_("Invoice line"))
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


class BankStatementForm(RecordForm):
    """A file the bank exported, and whose account it is of."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(".xls, .xlsx, .csv (UTF-8 or GB18030) or camt.053 .xml"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xls,.xlsx,.csv,.txt,.xml"}),
    )

    class Meta:
        model = BankStatement
        fields = ["account", "preset", "reaches_until"]


class ExtendForm(VerbForm):
    """Until when nothing has moved on the account."""

    reaches_until = forms.DateField(label=_("Nothing has moved until"), initial=today)


class ClaimForm(VerbForm):
    """Whose money it is."""

    contract = forms.ModelChoiceField(label=_("Contract"), queryset=Contract.objects.all())
    receivable = forms.ModelChoiceField(label=_("Receivable"), queryset=ReceivableLine.objects.all(), required=False)


class AcceptForm(VerbForm):
    """Which of the proposals is right."""

    # The real ones differ from receipt to receipt.
    proposal = forms.ChoiceField(label=_("Proposal"), choices=[("", "–")], widget=forms.RadioSelect)

    def __init__(self, *args: Any, record: StageRecord | None = None, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        found = []
        if isinstance(record, Receipt) and record.state == "unclaimed":
            found = proposals(record, lines=ReceivableLine.objects.visible_to(self.user))
        chosen: Any = self.fields["proposal"]
        chosen.choices = [(one.key, f"{one} · {one.score} · {' '.join(one.reasons)}") for one in found]
        chosen.initial = found[0].key if found else None


class RefundForm(RecordForm):
    """How much of a receipt goes back, to whom and why."""

    class Meta:
        model = Refund
        fields = ["receipt", "gross_amount", "reason", "payee_name", "payee_account"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in (
            ("gross_amount", _("empty: all that is left")),
            ("payee_name", _("empty: who paid it")),
        ):
            if name in self.fields and self.record is None:
                self.fields[name].required = False
                self.fields[name].help_text = text


class RefundEditForm(RefundForm):
    """A refund stays with its receipt."""

    class Meta(RefundForm.Meta):
        fields = [name for name in RefundForm.Meta.fields if name != "receipt"]


class DeductionForm(RecordForm):
    """What the customer holds back of a receivable, and why."""

    class Meta:
        model = Deduction
        fields = ["receivable", "receipt", "difference", "gross_amount", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "receivable" in self.fields and self.record is None:
            self.fields["gross_amount"].required = False
            self.fields["gross_amount"].help_text = _("empty: all that is open")


class DeductionEditForm(DeductionForm):
    """A deduction stays with its receivable and receipt."""

    class Meta(DeductionForm.Meta):
        fields = ["difference", "gross_amount", "reason"]


class PayRefundForm(VerbForm):
    """What the bank says about the payment."""

    bank_reference = forms.CharField(label=_("Bank reference"), max_length=80)
    paid_on = forms.DateField(label=_("Paid back on"), initial=today)


class AllocateForm(VerbForm):
    """How much of the receipt pays what."""

    receivable = forms.ModelChoiceField(label=_("Receivable"), queryset=ReceivableLine.objects.all())
    gross_amount = amount_field(_("Amount"))
    invoice = forms.ModelChoiceField(label=_("Invoice"), queryset=Invoice.objects.all(), required=False)
    difference = forms.ModelChoiceField(
        label=_("Difference"),
        queryset=words("difference"),
        required=False,
        help_text=_("a small fee or rounding; anything larger is a deduction the account manager agrees with"),
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
    """When the customer promised to pay how much, and who said so."""

    promised_on = forms.DateField(label=_("Promised for"), required=False, help_text=_("empty: no longer promised"))
    gross_amount = amount_field(_("Amount"), required=False, help_text=_("empty: all that is open"))
    promised_by = forms.CharField(label=_("Promised by"), max_length=120, required=False)


class RemindForm(VerbForm):
    """How the customer was reminded and what was answered."""

    note = forms.CharField(label=_("Reminder and answer"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)


class EscalateForm(VerbForm):
    """What was tried, and what the head is asked for."""

    note = forms.CharField(
        label=_("What was tried, what is asked for"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000
    )


class DunningLetterForm(RecordForm):
    """How a letter is worded."""

    class Meta:
        model = DunningLetter
        fields = ["text_zh", "text_en"]


class SendLetterForm(VerbForm):
    """How the letter went out."""

    sent_how = forms.CharField(
        label=_("How it was sent"), max_length=120, required=False, help_text=_("courier and number, mail address, …")
    )


class SkipLetterForm(VerbForm):
    """Until when no letter is proposed about these lines."""

    again_on = forms.DateField(label=_("Not again before"), initial=lambda: today() + dt.timedelta(days=7))
