"""Money out: orders and subcontracts, what was received, supplier bills and their payment."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE

from accounts.models import BankAccount
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from core.money import ZERO, format_money, round_money
from customers.models import Supplier
from finance.models import CostBook, CostCategory, TaxRate
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed, StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User

BUYERS = ("owner", "fr", "purchasing")


class PurchaseOrder(Reviewed):
    """采购/分包合同: approved it is a commitment of the deal's book, line by line, never beyond the budget."""

    class Kind(models.TextChoices):
        ORDER = "order", _("Purchase order")
        SUBCONTRACT = "subcontract", _("Subcontract")

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Ordered"), "blue"),
        State("part_received", _("Goods partly received"), "cyan"),
        State("received", _("Goods received"), "teal"),
        State("closed", _("Closed"), "green", end=True),
        State("cancelled", _("Cancelled"), "red", end=True),
    )
    code_prefix = "PO"
    home_stage = "delivery"
    open_who = ("ar", "sr", "fr", "pfc", "service", "purchasing")
    opened_on = "book"
    edit_who = BUYERS
    edit_states = ("draft",)
    watched_fields = ("supplier", "book", "gross_amount", "net_cost")
    cost_fields = ("gross_amount", "net_amount", "tax_amount", "net_cost")

    state = StateField(states)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.ORDER)
    book = models.ForeignKey(CostBook, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost book"))
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+", verbose_name=_("supplier"))
    supplier_number = models.CharField(_("supplier's number"), max_length=60, blank=True)
    deliver_on = models.DateField(_("delivery by"), null=True, blank=True)
    payment_text = models.CharField(_("payment terms"), max_length=300, blank=True)
    gross_amount = MoneyField(_("amount incl. VAT"), default=0, editable=False)
    net_amount = MoneyField(_("amount without VAT"), default=0, editable=False)
    tax_amount = MoneyField(_("VAT"), default=0, editable=False)
    net_cost = MoneyField(_("cost, net"), default=0, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="order_gross_is_net_and_tax"
            )
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["supplier", "state"], name="order_by_supplier")]

    submit, approve, send_back, withdraw = review(rejected=None, submit_who=BUYERS, submit_checks=("ready",))

    def received_state(self) -> str:
        """How much of it is there."""
        left = self.lines.filter(quantity_received__lt=F("quantity")).exists()
        return "part_received" if left else "received"

    @verb(
        source=("approved", "part_received"),
        target=GET_STATE(lambda self: self.received_state(), states=["part_received", "received"]),
        label=_("Receive goods"),
        who=(*BUYERS, "stockkeeper", "engineer"),
        primary=True,
    )
    def receive(self) -> None:
        """Goods came in or a service was confirmed, in part or in full."""

    @verb(source="received", target="closed", label=_("Close"), who=(*BUYERS, "finance"), checks=("all_billed",))
    def close(self) -> None:
        """Everything is received and billed; what is left of the commitment falls."""

    @verb(
        source=states.open,
        target="cancelled",
        label=_("Cancel"),
        who=BUYERS,
        checks=("no_open_bills",),
        note=True,
        danger=True,
    )
    def cancel(self) -> None:
        """What is not delivered is not wanted any more; its commitment falls."""

    @classmethod
    def visibility(cls, user: "User") -> Q:
        return Q() if user.role_codes & {"purchasing", "finance"} else super().visibility(user)

    def ready(self) -> list[str]:
        """An order names what is bought, from somebody we buy from, on a book that is not frozen."""
        reasons = [] if self.lines.exists() else [_now("The order has no lines yet.")]
        if self.supplier.state != "active":
            reasons.append(_now("The supplier is blocked."))
        if self.book.is_frozen:
            reasons.append(_now("The book is frozen."))
        return reasons

    def all_billed(self) -> list[Reason]:
        """Received goods without a bill are a debt nobody would find again."""
        waiting = self.lines.filter(quantity_billed__lt=F("quantity_received"))
        reasons = [
            Reason(_now("%(line)s is received and not billed yet.") % {"line": line.text}, self.get_absolute_url())
            for line in waiting
        ]
        return reasons + self.no_open_bills()

    def no_open_bills(self) -> list[Reason]:
        """A bill on its way would post on an order that is no more."""
        running = self.bills.filter(state__in=["draft", "in_review", "approved"])
        return [
            Reason(_now("Bill %(bill)s is not posted yet.") % {"bill": bill.code}, bill.get_absolute_url())
            for bill in running
        ]

    def searchable(self) -> str:
        return f"{super().searchable()} {self.supplier} {self.supplier_number} {self.book.code}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        used = self.book.net_committed + self.book.net_cost
        return [
            (_("supplier"), str(self.supplier)),
            (_("amount incl. VAT"), format_money(self.gross_amount)),
            (_("cost, net"), format_money(self.net_cost)),
            (_("cost book"), str(self.book)),
            (_("spent and committed so far"), format_money(used)),
        ]


class PurchaseLine(models.Model):
    """One line of an order, with how much of it came in, was billed and is still committed."""

    cost_fields = ("gross_price", "gross_amount", "net_amount", "tax_amount", "net_cost")

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(_("position"), default=0)
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost category")
    )
    text = models.CharField(_("what"), max_length=200)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    unit = TermField("unit", _("unit"))
    gross_price = MoneyField(_("price incl. VAT"))
    tax_rate = models.ForeignKey(
        TaxRate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("VAT rate")
    )
    deductible = models.BooleanField(_("VAT deductible"), default=True)
    gross_amount = MoneyField(_("amount incl. VAT"))
    net_amount = MoneyField(_("amount without VAT"))
    tax_amount = MoneyField(_("VAT"))
    net_cost = MoneyField(_("cost, net"))
    quantity_received = models.DecimalField(_("quantity received"), max_digits=12, decimal_places=3, default=0)
    quantity_billed = models.DecimalField(_("quantity billed"), max_digits=12, decimal_places=3, default=0)
    # How much of the commitment was taken back: by bills, and by closing or cancelling.
    net_billed = MoneyField(_("commitment billed"), default=0)
    net_released = MoneyField(_("commitment released"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(quantity_received__gte=0, quantity_received__lte=F("quantity")),
                name="never_more_received_than_ordered",
            ),
            models.CheckConstraint(
                condition=Q(quantity_billed__gte=0, quantity_billed__lte=F("quantity")),
                name="never_more_billed_than_ordered",
            ),
            models.CheckConstraint(
                condition=Q(net_cost__gte=F("net_billed") + F("net_released")), name="commitment_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def net_open(self) -> Decimal:
        """What is still committed."""
        return self.net_cost - self.net_billed - self.net_released

    def share(self, quantity: Decimal) -> Decimal:
        """The part of the line's cost that belongs to a quantity."""
        return round_money(self.net_cost * quantity / self.quantity)


class GoodsReceipt(models.Model):
    """到货/确认: what of an order line came in on a day, and who took it."""

    line = models.ForeignKey(PurchaseLine, on_delete=models.PROTECT, related_name="receipts")
    code = models.CharField(_("number"), max_length=40, unique=True)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    received_on = models.DateField(_("received on"))
    text = models.CharField(_("remark"), max_length=200, blank=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("received by")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("goods receipt")
        verbose_name_plural = _("goods receipts")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="receipt_quantity_positive")]

    def __str__(self) -> str:
        return self.code


class Bill(Reviewed):
    """应付单: the supplier's invoice for what we received; posted it is cost, and the commitment falls."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("posted", _("Posted"), "cyan"),
        State("paid", _("Paid"), "green", idle=True),
        State("reversed", _("Reversed"), "red", end=True),
    )
    code_prefix = "BL"
    home_stage = "delivery"
    open_who = ("fr", "pfc", "purchasing", "finance")
    opened_on = "order"
    edit_who = ("owner", "purchasing", "finance")
    edit_states = ("draft",)
    watched_fields = ("order", "supplier_number", "gross_amount", "net_cost")
    cost_fields = ("gross_amount", "net_amount", "tax_amount", "net_cost", "gross_paid")
    # Whoever pays a bill sees what it is about.
    cost_rights = ("see_cost", "see_money")

    state = StateField(states)
    order = models.ForeignKey(
        PurchaseOrder, on_delete=models.PROTECT, related_name="bills", verbose_name=_("purchase order")
    )
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="+", verbose_name=_("supplier"), editable=False
    )
    supplier_number = models.CharField(_("invoice number"), max_length=60)
    dated_on = models.DateField(_("invoice date"))
    due_on = models.DateField(_("to be paid by"), null=True, blank=True)
    gross_amount = MoneyField(_("amount incl. VAT"), default=0, editable=False)
    net_amount = MoneyField(_("amount without VAT"), default=0, editable=False)
    tax_amount = MoneyField(_("VAT"), default=0, editable=False)
    net_cost = MoneyField(_("cost, net"), default=0, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("supplier bill")
        verbose_name_plural = _("supplier bills")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "supplier_number"],
                condition=~Q(state="reversed"),
                name="one_bill_per_supplier_number",
            ),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="bill_gross_is_net_and_tax"
            ),
        ]
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["due_on"], condition=Q(state="posted"), name="bill_due"),
        ]

    submit, approve, send_back, withdraw = review(
        rejected=None, submit_who=("owner", "purchasing", "finance"), submit_checks=("matches",)
    )

    @verb(
        source="approved",
        target="posted",
        label=_("Post"),
        who=("finance", "system"),
        checks=("matches",),
        primary=True,
    )
    def post(self) -> None:
        """The billed share of the commitment becomes cost."""

    @verb(
        source="posted",
        target=GET_STATE(lambda self: self.paid_state(), states=["posted", "paid"]),
        label=_("Pay"),
        who=("cashier", "finance"),
        primary=True,
    )
    def pay(self) -> None:
        """Money went to the supplier, in part or in full."""

    @verb(
        source="posted",
        target="reversed",
        label=_("Reverse"),
        who=("finance",),
        checks=("nothing_paid",),
        note=True,
        danger=True,
    )
    def reverse(self) -> None:
        """The bill was wrong: reversing entries take it out, the commitment stands again."""

    @classmethod
    def visibility(cls, user: "User") -> Q:
        return Q() if user.role_codes & {"purchasing", "finance", "cashier"} else super().visibility(user)

    @property
    @admin.display(description=_("paid"))
    def gross_paid(self) -> Decimal:
        return self.payments.aggregate(paid=Sum("gross_amount"))["paid"] or ZERO

    def paid_state(self) -> str:
        """Whether anything is left to pay."""
        return "paid" if self.gross_paid >= self.gross_amount else "posted"

    def nothing_paid(self) -> list[str]:
        return [_now("Something is paid already: let the supplier credit it.")] if self.gross_paid else []

    def matches(self) -> list[str]:
        """Three-way match: nothing is billed that was not ordered and received, and the order is alive."""
        reasons = [] if self.lines.exists() else [_now("The bill has no lines yet.")]
        if self.order.state in ("draft", "in_review"):
            reasons.append(_now("The order is not approved yet."))
        if self.order.book.is_frozen:
            reasons.append(_now("The book is frozen."))
        return reasons + list(self._beyond_received())

    def _beyond_received(self) -> Iterable[str]:
        for line in self.lines.select_related("order_line"):
            ordered = line.order_line
            left = ordered.quantity_received - ordered.quantity_billed
            if line.quantity > left:
                yield _now("%(line)s: %(billed)s billed, but only %(left)s received and not billed yet.") % {
                    "line": ordered.text,
                    "billed": plain_quantity(line.quantity),
                    "left": plain_quantity(left),
                }

    def searchable(self) -> str:
        return f"{super().searchable()} {self.supplier} {self.supplier_number} {self.order.code}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        return [
            (_("supplier"), str(self.supplier)),
            (_("purchase order"), str(self.order)),
            (_("amount incl. VAT"), format_money(self.gross_amount)),
            (_("amount of the order"), format_money(self.order.gross_amount)),
            (_("to be paid by"), str(self.due_on or "–")),
        ]


class BillLine(models.Model):
    """What a bill says about one order line; `net_share` is the part of its commitment that this bill uses up."""

    cost_fields = ("gross_amount", "net_amount", "tax_amount", "net_cost")

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(
        PurchaseLine, on_delete=models.PROTECT, related_name="bill_lines", verbose_name=_("order line")
    )
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    gross_amount = MoneyField(_("amount incl. VAT"))
    net_amount = MoneyField(_("amount without VAT"))
    tax_amount = MoneyField(_("VAT"))
    net_cost = MoneyField(_("cost, net"))
    net_share = MoneyField(_("commitment used"), default=0)

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="bill_line_quantity_positive"),
            models.UniqueConstraint(fields=["bill", "order_line"], name="order_line_once_per_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.order_line} {self.gross_amount}"


class Payment(models.Model):
    """付款: money that went to a supplier for one bill."""

    cost_fields = ("gross_amount",)

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    code = models.CharField(_("number"), max_length=40, unique=True)
    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("from account")
    )
    gross_amount = MoneyField(_("amount"))
    paid_on = models.DateField(_("paid on"))
    reference = models.CharField(_("bank reference"), max_length=80, blank=True)
    paid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("supplier payment")
        verbose_name_plural = _("supplier payments")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(gross_amount__gt=0), name="payment_positive")]

    def __str__(self) -> str:
        return self.code


def plain_quantity(value: Decimal) -> str:
    """A quantity without trailing zeros."""
    return f"{value.normalize():f}"
