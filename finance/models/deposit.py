"""Deposits and guarantees 保证金、保函: money or a bank's word that is out and must come back."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.dictionary import TermField
from core.fields import MoneyField
from core.money import format_money
from finance.models.book import CostBook
from process.machine import State, StateField, States, verb
from process.models import StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


class Deposit(StageRecord):
    """保证金/保函: out with the customer or the agency until it is returned, converted or lost."""

    class Form(models.TextChoices):
        CASH = "cash", _("Cash deposit")
        BANK = "bank", _("Bank guarantee")

    states = States(
        State("requested", _("Requested"), "blue"),
        State("approved", _("Approved"), "cyan"),
        State("out", _("Outstanding"), "orange"),
        State("returned", _("Returned to us"), "green", end=True),
        State("converted", _("Converted"), "green", end=True),
        State("forfeited", _("Forfeited"), "red", end=True),
    )
    code_prefix = "DP"
    opened_on = "book"
    edit_states = ("requested",)
    edit_who = ("owner", "finance")

    state = StateField(states)
    kind = TermField("guarantee", _("kind"), required=True)
    form = models.CharField(_("form"), max_length=10, choices=Form, default=Form.CASH)
    gross_amount = MoneyField(_("amount"))
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", verbose_name=_("held by")
    )
    book = models.ForeignKey(
        CostBook,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deposits",
        verbose_name=_("cost book"),
    )
    needed_on = models.DateField(_("needed on"), null=True, blank=True)
    due_back_on = models.DateField(_("due back on"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    bank_reference = models.CharField(_("guarantee or transfer number"), max_length=80, blank=True)
    net_fee_amount = MoneyField(_("fee of the bank, net"), default=0)
    paid_on = models.DateField(_("out since"), null=True, blank=True, editable=False)
    ended_on = models.DateField(_("ended on"), null=True, blank=True, editable=False)
    converted_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("converted from"),
        editable=False,
    )

    class Meta(StageRecord.Meta):
        verbose_name = _("deposit or guarantee")
        verbose_name_plural = _("deposits and guarantees")
        constraints = [
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="deposit_positive"),
            models.CheckConstraint(condition=Q(net_fee_amount__gte=0), name="deposit_fee_not_negative"),
        ]
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["due_back_on"], condition=Q(state="out"), name="deposit_due"),
        ]

    @verb(
        source="requested",
        target="approved",
        label=_("Approve"),
        who=("@may_approve", "system"),
        checks=("book_open",),
        primary=True,
    )
    def approve(self) -> None:
        """Finance lets the money or the bank line be used; nobody approves the own request."""

    @verb(
        source="approved",
        target="out",
        label=_("Paid or issued"),
        who=("cashier", "finance", "system"),
        checks=("book_open",),
        primary=True,
    )
    def pay(self) -> None:
        """The money has left us, or the bank has issued its guarantee."""

    @verb(source="out", target="returned", label=_("Returned to us"), who=("cashier", "finance"), primary=True)
    def return_(self) -> None:
        """The money is back, or the guarantee is given back and cancelled."""

    @verb(source="out", target="converted", label=_("Convert"), who=("finance", "owner"))
    def convert(self) -> None:
        """The tender deposit stays with the customer as performance deposit."""

    @verb(
        source="out",
        target="forfeited",
        label=_("Forfeited"),
        who=("finance",),
        checks=("book_open",),
        note=True,
        danger=True,
    )
    def forfeit(self) -> None:
        """It does not come back: it is cost of the deal."""

    @classmethod
    def visibility(cls, user: "User") -> Q:
        """Those who keep the money see all; others as for any record of their cases."""
        return Q() if user.role_codes & {"finance", "cashier"} else super().visibility(user)

    def may_approve(self, actor: "Actor") -> bool:
        """Finance or a director, but not the one who asks for it, whoever it is for."""
        user = actor.user
        if user is None or user.pk in (self.owner_id, self.created_by_id):
            return False
        return bool(user.role_codes & {"finance", "director"})

    def book_open(self) -> list[str]:
        """Fee and loss are posted, so the book must take them."""
        return [_now("The book is frozen.")] if self.book is not None and self.book.is_frozen else []

    def searchable(self) -> str:
        return f"{super().searchable()} {self.customer} {self.bank_reference}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        return [
            (_("kind"), str(self.kind)),
            (_("amount"), format_money(self.gross_amount)),
            (_("held by"), str(self.customer)),
        ]
