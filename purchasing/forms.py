"""What is typed about money out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount
from core.dictionary import Term
from core.forms import MoneyInput
from finance.forms import offer_money_choices
from process.forms import RecordForm, RowChoice, ScopedForm, VerbForm
from process.shapes import Lines
from purchasing.models import Bill, PurchaseLine, PurchaseOrder


def _quantity(label: Any, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=12, decimal_places=3, min_value=0, widget=MoneyInput, **kwargs)


class PurchaseOrderForm(RecordForm):
    """An order's head; what is bought is a grid below."""

    class Meta:
        model = PurchaseOrder
        fields = ("book", "supplier", "kind", "title", "supplier_number", "deliver_on", "payment_text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False


class PurchaseLineForm(ScopedForm):
    """One line of an order."""

    category = RowChoice(label=_("Cost category"))
    text = forms.CharField(label=_("Goods or service"), max_length=200)
    quantity = _quantity(_("Quantity"))
    unit = RowChoice(label=_("Unit"), required=False)
    gross_price = forms.DecimalField(
        label=_("Price incl. VAT"), max_digits=18, decimal_places=2, min_value=0, widget=MoneyInput
    )
    tax_rate = RowChoice(label=_("VAT rate"), required=False)
    deductible = forms.BooleanField(label=_("Deductible"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_money_choices(self)
        known = self.user.__dict__
        if "_units" not in known:
            known["_units"] = list(Term.objects.filter(dictionary="unit", is_active=True))
        unit: Any = self.fields["unit"]
        unit.offer(known["_units"])


def _order_lines(form: Any, order: Any) -> list[PurchaseLine]:
    """An order's lines, read once for all rows of a grid."""
    if order is None or order.pk is None:
        return []
    known = form.user.__dict__.setdefault("_order_lines", {})
    if order.pk not in known:
        known[order.pk] = list(order.lines.all())
    return known[order.pk]


class ReceiveLineForm(ScopedForm):
    """How much of a line came in."""

    line = RowChoice(label=_("Order line"))
    quantity = _quantity(_("Received now"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        line: Any = self.fields["line"]
        line.offer(_order_lines(self, self.record))


def _missing(order: Any) -> list[dict[str, Any]]:
    """What is still to come, as the grid takes it."""
    return [
        {"line": line, "quantity": line.quantity - line.quantity_received}
        for line in order.lines.all()
        if line.quantity > line.quantity_received
    ]


class ReceiveForm(VerbForm):
    """A delivery."""

    received_on = forms.DateField(label=_("Received on"), required=False)
    text = forms.CharField(label=_("Remark"), max_length=200, required=False)
    lines = {"lines": Lines(ReceiveLineForm, _("Goods received"), read=_missing)}


class BillForm(RecordForm):
    """A supplier's invoice; without lines it bills what was received and not billed yet."""

    class Meta:
        model = Bill
        fields = ("order", "supplier_number", "dated_on", "due_on")


class BillEditForm(RecordForm):
    """Changing a draft."""

    class Meta:
        model = Bill
        fields = ("supplier_number", "dated_on", "due_on")


class BillLineForm(ScopedForm):
    """One line of a bill; without an amount the ordered price counts."""

    order_line = RowChoice(label=_("Order line"))
    quantity = _quantity(_("Quantity"))
    gross_amount = forms.DecimalField(
        label=_("Amount incl. VAT"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bill: Any = self.record
        order_line: Any = self.fields["order_line"]
        order_line.offer(_order_lines(self, bill.order if bill is not None else None))


class PayForm(VerbForm):
    """A payment to the supplier; without an amount all that is left."""

    gross_amount = forms.DecimalField(
        label=_("Amount"), max_digits=18, decimal_places=2, min_value=0, required=False, widget=MoneyInput
    )
    paid_on = forms.DateField(label=_("Paid on"), required=False)
    account = forms.ModelChoiceField(label=_("From account"), queryset=BankAccount.objects.all(), required=False)
    reference = forms.CharField(label=_("Bank reference"), max_length=80, required=False)
