"""退款: money of a receipt that goes back to who paid it, asked for, decided upon, then paid out by the bank."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from billing.models.receipt import CASH, CENT, REFUNDABLE, Receipt
from core.calendar import today
from core.fields import MoneyField
from core.money import ZERO, format_money
from core.text import name_key
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed


class Refund(Reviewed):
    """One payment back out of what a receipt has left."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("To be paid back"), "blue"),
        State("paid", _("Paid back"), "green", end=True),
        State("rejected", _("Rejected"), "red", end=True),
        State("dropped", _("Dropped"), "secondary", end=True),
    )
    code_prefix = "RF"
    open_who = ("@is_claimant", "ar", *CASH)
    opened_on = "receipt"
    edit_who = ("owner", *CASH)
    edit_states = ("draft",)
    watched_fields = ("gross_amount", "payee_name", "payee_account")

    state = StateField(states)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("receipt"))
    gross_amount = MoneyField(_("amount"), validators=CENT)
    currency = models.CharField(_("currency"), max_length=3, default="CNY", editable=False)
    reason = models.CharField(_("why it goes back"), max_length=300)
    payee_name = models.CharField(_("payee"), max_length=200)
    payee_account = models.CharField(_("payee's account"), max_length=40, blank=True)
    paid_on = models.DateField(_("paid back on"), null=True, blank=True, editable=False)
    bank_reference = models.CharField(_("bank reference"), max_length=80, blank=True, editable=False)

    class Meta(Reviewed.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [*Reviewed.Meta.indexes, models.Index(fields=["receipt"], name="refund_by_receipt")]
        constraints = [
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=~Q(state="paid") | (Q(paid_on__isnull=False) & ~Q(bank_reference="")),
                name="refund_paid_has_reference",
            ),
            models.UniqueConstraint(
                fields=["bank_reference"],
                condition=~Q(bank_reference=""),
                name="refund_reference_once",
                violation_error_message=_("This bank reference is known already."),
            ),
        ]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """Those who handle money see all; others as usual."""
        return Q() if user.role_codes & set(CASH) else super().visibility(user)

    def ground_case(self) -> int | None:
        """Money that is known to be of a contract is the deal's; other money has a case of its own."""
        contract = self.receipt.contract if self.receipt_id is not None else None
        return contract.case_id if contract is not None else super().ground_case()

    def is_claimant(self, actor: Actor) -> bool:
        """Whoever claimed the money may ask for it to go back."""
        return actor.user is not None and self.receipt_id is not None and self.receipt.owner_id in actor.user.acting_ids

    def _fits(self) -> list[Any]:
        """The receipt still has it, beside what others wait to pay back."""
        receipt = self.receipt
        if receipt.state not in REFUNDABLE:
            text = _t("%(receipt)s is %(state)s: only confirmed money goes back.")
            return [text % {"receipt": receipt.code, "state": receipt.state_label}]
        waiting = receipt.refunds.filter(state__in=("in_review", "approved")).exclude(pk=self.pk)
        left = receipt.gross_free - (waiting.aggregate(gross=models.Sum("gross_amount"))["gross"] or ZERO)
        if self.gross_amount > left:
            text = _t("Only %(left)s of the receipt is neither allocated nor waiting to be paid back.")
            return [text % {"left": format_money(left)}]
        return []

    def submit_checks(self) -> list[Any]:
        """Within what is left, and an account to pay to."""
        reasons = self._fits()
        if not self.payee_account.strip():
            reasons.append(_t("The payee's account is missing."))
        return reasons

    def pay_checks(self) -> list[Any]:
        reasons = self._fits()
        if not self.bank_reference.strip():
            reasons.append(_t("The bank's reference of the payment is missing."))
        if self.paid_on is not None and not self.receipt.value_on <= self.paid_on <= today():
            reasons.append(_t("It is paid back between the day it came in and today."))
        return reasons

    @property
    def is_other_payee(self) -> bool:
        """It goes to somebody who did not pay it: a decider looks twice."""
        return name_key(self.payee_name) != name_key(self.receipt.payer_name)

    submit, approve, send_back, withdraw, reject = review(
        approved="approved",
        rejected="rejected",
        submit_who=("owner", *CASH),
        submit_checks=("submit_checks",),
    )

    @verb(
        source="approved",
        target="paid",
        label=_("Paid back"),
        who=("cashier", "finance"),
        checks=("pay_checks",),
        primary=True,
    )
    def pay(self) -> None:
        """The bank has paid it out."""

    @verb(source=("draft", "approved"), target="dropped", label=_("Drop"), who=("owner", *CASH), note=True)
    def drop(self) -> None:
        """It is not paid back after all."""

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.payee_name} {self.receipt.code} {self.bank_reference}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        payee = self.payee_name
        if self.is_other_payee:
            payee = _t("%(payee)s, who is not the payer %(payer)s") % {
                "payee": self.payee_name,
                "payer": self.receipt.payer_name,
            }
        return [
            (_("amount"), format_money(self.gross_amount)),
            (_("not allocated"), format_money(self.receipt.gross_free)),
            (_("payee"), payee),
            (_("why it goes back"), self.reason),
        ]
