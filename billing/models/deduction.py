"""扣款差异: what a customer holds back of a receivable, by kind; the account manager agrees before it settles."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from billing.models.receipt import ALLOCATABLE, CASH, CENT, Receipt
from billing.models.receivable import ReceivableLine
from core.dictionary import Term, TermField
from core.fields import MoneyField
from core.money import ZERO, format_money
from process.machine import State, StateField, States, review
from process.models import Reviewed

# Finance settles these alone up to the amount (proposals from practice); anything else is agreed with the owner.
SMALL = {"rounding": Decimal(1), "fee": Decimal(200), "exchange": Decimal(200)}


def needs_agreement(difference: Term, gross_amount: Decimal) -> bool:
    """Whether a difference of this kind and size is for the owner of the receivable to agree with."""
    return gross_amount > SMALL.get(difference.code, ZERO)


class Deduction(Reviewed):
    """One difference between what was owed and what came in."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Deducted"), "green", end=True),
        State("rejected", _("Rejected"), "red", end=True),
    )
    home_stage = "delivery"
    code_prefix = "DD"
    open_who = ("ar", *CASH)
    opened_on = "receivable"
    edit_who = ("owner", *CASH)
    edit_states = ("draft",)
    watched_fields = ("receivable", "receipt", "difference", "gross_amount")

    state = StateField(states)
    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="deductions", verbose_name=_("receivable")
    )
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="deductions", verbose_name=_("receipt"))
    difference = TermField("difference", _("difference"), required=True)
    gross_amount = MoneyField(_("amount"), validators=CENT)
    reason = models.CharField(_("why the customer holds it back"), max_length=300)

    class Meta(Reviewed.Meta):
        verbose_name = _("deduction")
        verbose_name_plural = _("deductions")
        indexes = [*Reviewed.Meta.indexes, models.Index(fields=["receivable"], name="deduction_by_receivable")]
        constraints = [models.CheckConstraint(condition=Q(gross_amount__gt=0), name="deduction_positive")]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """Those who handle money see all; others as usual."""
        return Q() if user.role_codes & set(CASH) else super().visibility(user)

    def submit_checks(self) -> list[Any]:
        """Within what is open, beside what others wait to deduct, and next to money that is ours."""
        reasons = []
        if self.receipt.state not in ALLOCATABLE:
            text = _t("%(receipt)s is %(state)s.")
            reasons.append(text % {"receipt": self.receipt.code, "state": self.receipt.state_label})
        waiting = self.receivable.deductions.filter(state="in_review").exclude(pk=self.pk)
        left = self.receivable.gross_open - (waiting.aggregate(gross=models.Sum("gross_amount"))["gross"] or ZERO)
        if self.gross_amount > left:
            text = _t("Only %(left)s is open on %(line)s.")
            reasons.append(text % {"left": format_money(left), "line": self.receivable})
        return reasons

    submit, approve, send_back, withdraw, reject = review(
        submit_who=("owner", "ar", *CASH), submit_checks=("submit_checks",)
    )

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.receivable.code} {self.receipt.code}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        return [
            (_("amount"), format_money(self.gross_amount)),
            (_("difference"), str(self.difference)),
            (_("receivable"), str(self.receivable)),
            (_("why the customer holds it back"), self.reason),
        ]
