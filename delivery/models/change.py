"""Change order 变更单: value, terms, budget and dates of a contract change together or not at all."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from core.dictionary import TermField
from core.fields import MoneyField
from core.money import format_money
from delivery.models.order import DeliveryOrder
from finance.models import CostCategory, TaxRate
from process.machine import State, StateField, States, review, verb
from process.models import Attachment, Reviewed, StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor

ZERO = Decimal("0.00")


class ChangeOrder(Reviewed):
    """One change of one contract: decided by us (ATAC), agreed by the customer, then enacted as a whole."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("agreed", _("Agreed by the customer"), "purple"),
        State("effective", _("Effective"), "green", end=True),
        State("rejected", _("Rejected"), "red", end=True),
    )
    home_stage = "delivery"
    code_prefix = "CO"
    open_who = ("fr", "ar")
    opened_on = "contract"
    edit_who = ("fr", "ar", "owner")
    edit_states = ("draft",)
    watched_fields = ("scope", "gross_amount", "net_amount", "net_cost", "new_end_on")
    cost_fields = ("net_cost",)

    state = StateField(states)
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="change_orders", verbose_name=_("contract")
    )
    order = models.ForeignKey(
        DeliveryOrder,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="change_orders",
        verbose_name=_("delivery order"),
    )
    reason = TermField("change_reason", _("reason"), required=True)
    scope = models.TextField(_("what changes"))
    new_end_on = models.DateField(_("new planned end"), null=True, blank=True)
    # Kept sums of the lines; negative when the customer takes something away.
    gross_amount = MoneyField(_("change of value (incl. tax)"), default=ZERO, editable=False)
    net_amount = MoneyField(_("change of value (excl. tax)"), default=ZERO, editable=False)
    net_cost = MoneyField(_("change of cost (excl. tax)"), default=ZERO, editable=False)
    agreed_on = models.DateField(_("agreed on"), null=True, blank=True, editable=False)
    agreed_by = models.CharField(_("agreed by"), max_length=80, blank=True, editable=False)
    effective_on = models.DateField(_("effective on"), null=True, blank=True, editable=False)
    net_recognised = MoneyField(_("revenue recognised (excl. tax)"), default=ZERO, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("change order")
        verbose_name_plural = _("change orders")

    submit, approve, send_back, withdraw, reject = review(submit_who=("fr", "ar"), submit_checks=("ready",))

    @verb(
        source="approved",
        target="agreed",
        label=_("Agreed by the customer"),
        who=("ar", "fr", "owner"),
        checks=("agree_checks",),
        primary=True,
    )
    def agree(self) -> None:
        """The customer signed the change."""

    @verb(
        source="agreed",
        target="effective",
        label=_("Enact"),
        who=("ar", "fr", "owner"),
        checks=("ready",),
        primary=True,
    )
    def enact(self) -> None:
        """Contract value, payment terms, receivables and budget change in this moment."""

    def ready(self) -> list[Any]:
        """Something changes, on a contract in effect."""
        reasons: list[Any] = []
        if not self.lines.exists() and not self.costs.exists() and self.new_end_on is None:
            reasons.append(_t("Nothing changes: give lines, costs or a new end."))
        if self.contract.state not in ("effective", "completed"):
            reasons.append(_t("The contract is not effective."))
        if self.contract.gross_amount + self.gross_amount < 0:
            reasons.append(_t("The contract would be worth less than nothing."))
        return reasons

    def agree_checks(self) -> list[Any]:
        """Who agreed, when, and the signed paper."""
        reasons: list[Any] = []
        if not self.agreed_on:
            reasons.append(_t("The day of agreement is missing."))
        if not self.agreed_by:
            reasons.append(_t("The customer's signer is missing."))
        signed = Attachment.objects.filter(kind=self.record_kind(), object_id=self.pk, purpose="agreement")
        if not signed.exists():
            reasons.append(_t("The customer's signed agreement is not attached."))
        return reasons

    def measures(self) -> dict[str, Any]:
        """ATAC decides on the new total of the contract, with the margin of the change."""
        total = self.contract.gross_amount + self.gross_amount
        found: dict[str, Any] = {"gross_amount": max(total, abs(self.gross_amount))}
        if self.net_amount > 0:
            found["margin"] = (self.net_amount - self.net_cost) / self.net_amount * 100
        return found

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        total = self.contract.gross_amount + self.gross_amount
        return [
            (_("contract value before"), format_money(self.contract.gross_amount)),
            (_("change of value (incl. tax)"), format_money(self.gross_amount)),
            (_("contract value after"), format_money(total)),
            (_("change of cost (excl. tax)"), format_money(self.net_cost)),
            (_("new planned end"), self.new_end_on.isoformat() if self.new_end_on else "–"),
        ]


class ChangeLine(models.Model):
    """What is added to or taken off the contract, at one tax rate."""

    change = models.ForeignKey(ChangeOrder, on_delete=models.PROTECT, related_name="lines")
    name = models.CharField(_("name"), max_length=200)
    tax_rate = models.ForeignKey(TaxRate, on_delete=models.PROTECT, related_name="+", verbose_name=_("tax rate"))
    gross_amount = MoneyField(_("amount (incl. tax)"))
    net_amount = MoneyField(_("amount (excl. tax)"))
    tax_amount = MoneyField(_("tax"))

    class Meta:
        verbose_name = _("line of a change")
        verbose_name_plural = _("lines of changes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class ChangeCost(models.Model):
    """By how much one cost category of the budget changes."""

    change = models.ForeignKey(ChangeOrder, on_delete=models.PROTECT, related_name="costs")
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost category")
    )
    text = models.CharField(_("text"), max_length=200, blank=True)
    net_amount = MoneyField(_("change (excl. tax)"))

    class Meta:
        verbose_name = _("change of the budget")
        verbose_name_plural = _("changes of the budget")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.category} {self.net_amount}"
