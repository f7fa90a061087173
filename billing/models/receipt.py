"""回款: money that came in, claimed by AR, confirmed by finance, allocated to receivables."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE

from accounts.actor import Actor
from accounts.models import User
from billing.models.invoice import Invoice
from billing.models.receivable import ReceivableLine
from core.calendar import today
from core.dictionary import TermField
from core.fields import MoneyField
from core.money import ZERO, format_money
from process.machine import State, StateField, States, verb
from process.models import LogEntry, RecordQuerySet, Seat, StageRecord

# Company roles that handle money.
CASH = ("finance", "cashier", "pfc")
BILLS = ("bank_bill", "commercial_bill", "supply_chain")
CENT = [MinValueValidator(Decimal("0.01"))]
# States in which the money (or the bill) is ours and may be allocated.
ALLOCATABLE = ("confirmed", "held", "honoured", "discounted", "endorsed")
# States in which it is money at the bank, so that it can go back.
REFUNDABLE = ("confirmed", "honoured", "discounted")


class ReceiptQuerySet(RecordQuerySet):
    """Receipts as finance speaks of them."""

    def open(self) -> "ReceiptQuerySet":
        """Waiting for somebody: to be claimed, confirmed, allocated or collected at the bank."""
        waiting = Q(state__in=("unclaimed", "claimed", "held"))
        used = F("gross_allocated") + F("gross_refunded")
        return self.filter(waiting | Q(state="confirmed", gross_amount__gt=used))


class Receipt(StageRecord):
    """One line of a bank statement, or one bill of exchange."""

    states = States(
        State("unclaimed", _("Unclaimed"), "orange"),
        State("claimed", _("Claimed"), "blue"),
        State("confirmed", _("Confirmed"), "green"),
        State("held", _("Bill held"), "purple"),
        State("honoured", _("Bill honoured"), "green", end=True),
        State("discounted", _("Bill discounted"), "teal", end=True),
        State("endorsed", _("Bill endorsed"), "teal", end=True),
        State("refused", _("Bill refused"), "red", end=True),
        State("reversed", _("Receipt reversed"), "red", end=True),
    )
    code_prefix = "RC"
    open_who = (*CASH, "system")
    edit_who = CASH
    edit_states = ("unclaimed",)
    owner_defaults_to_actor = False

    state = StateField(states)
    account = models.ForeignKey(
        "accounts.BankAccount", on_delete=models.PROTECT, related_name="+", verbose_name=_("bank account")
    )
    payer_name = models.CharField(_("payer"), max_length=200)
    payer_account = models.CharField(_("payer's account"), max_length=40, blank=True)
    gross_amount = MoneyField(_("amount"), validators=CENT)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    value_on = models.DateField(_("value date"))
    reference = models.CharField(_("bank reference"), max_length=80)
    summary = models.CharField(_("purpose on the statement"), max_length=300, blank=True)
    method = TermField("receipt_method", _("receipt method"), required=True)
    acceptor = models.CharField(_("acceptor"), max_length=200, blank=True)
    bill_due_on = models.DateField(_("bill due on"), null=True, blank=True)
    # What the claim says; finance confirms it.
    contract = models.ForeignKey(
        "contracts.Contract",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="receipts",
        verbose_name=_("contract"),
        editable=False,
    )
    receivable = models.ForeignKey(
        ReceivableLine,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("receivable"),
        editable=False,
    )
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True, editable=False)
    gross_allocated = MoneyField(_("allocated"), default=ZERO, editable=False)
    gross_refunded = MoneyField(_("paid back"), default=ZERO, editable=False)

    objects = ReceiptQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["state", "value_on"], name="receipt_by_state"),
            models.Index(fields=["contract"], name="receipt_by_contract"),
            # What came in within a month, whatever has become of it.
            models.Index(fields=["value_on", "id"], name="receipt_by_value_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "reference"],
                name="receipt_reference_once",
                violation_error_message=_("This bank reference is known already."),
            ),
            models.CheckConstraint(
                condition=Q(gross_allocated__gte=0)
                & Q(gross_refunded__gte=0)
                & Q(gross_amount__gte=F("gross_allocated") + F("gross_refunded")),
                name="receipt_allocated_within",
                violation_error_message=_("More would be allocated or paid back than was received."),
            ),
        ]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """Account managers see what waits to be claimed, and what was claimed for their contracts."""
        from contracts.models import Contract

        seats = Seat.objects.current().filter(user_id__in=user.acting_ids).values("case_id")
        seen = super().visibility(user) | Q(contract_id__in=Contract.objects.filter(case_id__in=seats).values("pk"))
        return seen | Q(state="unclaimed") if user.has_role("ar") else seen

    def is_account_manager(self, actor: Actor) -> bool:
        """Any account manager of the company may claim what nobody has claimed."""
        return actor.user is not None and actor.user.has_role("ar")

    def may_confirm(self, actor: Actor) -> bool:
        """Four eyes: those who handle money agree with what somebody else claimed."""
        user = actor.user
        if user is None or user.pk == self.owner_id or not any(user.has_role(role) for role in CASH):
            return False
        # A claim that was handed to somebody else since stays the act of who made it.
        return user.pk != self._claimant_id()

    def _claimant_id(self) -> int | None:
        """Who made the claim that stands."""
        claims = LogEntry.objects.filter(kind=self.record_kind(), object_id=self.pk, action="receipt.claim")
        return claims.order_by("-pk").values_list("user_id", flat=True).first()

    # Amounts -------------------------------------------------------------------------------------
    @property
    @admin.display(description=_("not allocated"))
    def gross_free(self) -> Decimal:
        """Neither allocated nor paid back: an advance on account."""
        return self.gross_amount - self.gross_allocated - self.gross_refunded

    @property
    def is_bill(self) -> bool:
        return self.method.code in BILLS

    @property
    def is_open(self) -> bool:
        if self.state == "confirmed":
            return self.gross_free > 0
        return super().is_open

    def open_checks(self) -> list[Any]:
        """A bill names its acceptor and its day."""
        if self.method_id and self.is_bill and not (self.acceptor and self.bill_due_on):
            return [_t("A bill of exchange needs its acceptor and its due day.")]
        return []

    edit_checks = open_checks

    def claim_checks(self) -> list[Any]:
        reasons: list[Any] = []
        if self.contract is None:
            return [_t("Please name the contract.")]
        if self.contract.state not in ("effective", "completed", "signed", "approved"):
            text = _t("%(contract)s is %(state)s.")
            reasons.append(text % {"contract": self.contract, "state": self.contract.state_label})
        if self.contract.currency != self.currency:
            reasons.append(_t("The contract is in another currency."))
        if self.receivable is not None and self.receivable.contract_id != self.contract_id:
            reasons.append(_t("The receivable belongs to another contract."))
        return reasons

    def honour_checks(self) -> list[Any]:
        """A bill is paid on its day; before it, a bank or a supplier may take it."""
        if self.bill_due_on is not None and self.bill_due_on > today():
            text = _t("The bill falls due on %(day)s: until then it can be discounted or endorsed.")
            return [text % {"day": self.bill_due_on}]
        return []

    def reverse_checks(self) -> list[Any]:
        """What was paid back, or is about to be, did stay until then."""
        if self.gross_refunded > 0 or self.refunds.filter(state__in=("in_review", "approved")).exists():
            return [_t("Part of it is paid back or waits to be: it cannot be reversed.")]
        return []

    def _confirmed_state(self) -> str:
        return "held" if self.is_bill else "confirmed"

    # Verbs ---------------------------------------------------------------------------------------
    @verb(
        source="unclaimed",
        target="claimed",
        label=_("Claim"),
        who=("@is_account_manager", *CASH),
        checks=("claim_checks",),
        primary=True,
    )
    def claim(self) -> None:
        """An account manager says whose money it is."""

    @verb(source="claimed", target="unclaimed", label=_("Give claim back"), who=("owner", *CASH), note=True)
    def unclaim(self) -> None:
        """The claim was wrong: the money waits for its owner again."""

    @verb(
        source="claimed",
        target=GET_STATE(_confirmed_state, states=["confirmed", "held"]),
        label=_("Confirm"),
        who=("@may_confirm",),
        primary=True,
    )
    def confirm(self) -> None:
        """Finance agrees with the claim; a bill of exchange is held until its day."""

    @verb(
        source="confirmed",
        target="reversed",
        label=_("Reverse receipt"),
        who=CASH,
        checks=("reverse_checks",),
        note=True,
        danger=True,
    )
    def reverse(self) -> None:
        """The bank took the money back or it was booked wrongly; its allocations fall."""

    @verb(source="held", target="honoured", label=_("Honour bill"), who=CASH, checks=("honour_checks",), primary=True)
    def honour(self) -> None:
        """The acceptor has paid on the day."""

    @verb(source="held", target="discounted", label=_("Discount bill"), who=CASH)
    def discount(self) -> None:
        """The bank bought the bill before its day."""

    @verb(source="held", target="endorsed", label=_("Endorse bill"), who=CASH, note=True)
    def endorse(self) -> None:
        """The bill was passed on to a supplier."""

    @verb(source="held", target="refused", label=_("Refuse bill"), who=CASH, note=True, danger=True)
    def refuse(self) -> None:
        """The acceptor did not pay: the receivable is open again."""

    def searchable(self) -> str:
        contract = f"{self.contract.code} {self.contract.title}" if self.contract else ""
        return f"{self.code} {self.payer_name} {self.reference} {self.summary} {self.gross_amount} {contract}"

    def __str__(self) -> str:
        return f"{self.code} {self.payer_name} {format_money(self.gross_amount)}"


class AllocationQuerySet(models.QuerySet):
    """Allocations that stand."""

    def standing(self) -> "AllocationQuerySet":
        return self.filter(removed_at__isnull=True)


class Allocation(models.Model):
    """核销: a part of a receipt that pays a receivable, or a typed difference that closes the rest of it."""

    receipt = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, related_name="allocations", verbose_name=_("receipt")
    )
    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="allocations", verbose_name=_("receivable")
    )
    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="allocations",
        verbose_name=_("invoice"),
    )
    gross_amount = MoneyField(_("amount"))
    # A difference settles the receivable but takes nothing from the receipt.
    difference = TermField("difference", _("difference"))
    allocated_on = models.DateField(_("on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    removed_on = models.DateField(_("taken off on"), null=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = AllocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(gross_amount__gt=0), name="allocation_positive")]
        indexes = [
            models.Index(fields=["receivable", "allocated_on"], name="allocation_by_receivable"),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} → {self.receivable} {format_money(self.gross_amount)}"
