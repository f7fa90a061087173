"""Vouchers 凭单: worked days and expenses, approved and posted into a book."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.fields import MoneyField
from core.money import format_money
from finance.models.book import CostBook
from finance.models.dictionary import CostCategory, TaxRate
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed, StageRecord
from process.models.record import RecordQuerySet

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


class VoucherQuerySet(RecordQuerySet):
    """What somebody spent is cost, with its tax: colleagues on the case do not see each other's expenses."""

    def visible_to(self, user: "User") -> Self:
        found = super().visible_to(user)
        if user.has_right("see_cost") or user.has_role("finance"):
            return found
        own = Q(owner_id__in=user.acting_ids) | Q(claimant_id__in=user.acting_ids)
        headed = Q(department_id__in=user.department_ids)
        return found.filter(Q(kind=Voucher.Kind.TIME) | own | headed | Voucher.asked_of(user))


class Voucher(Reviewed):
    """凭单: half days of work at the grade's rate of that day, or an expense with its tax."""

    class Kind(models.TextChoices):
        TIME = "time", _("Worked time")
        EXPENSE = "expense", _("Expense")

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("posted", _("Posted"), "green", idle=True),
        State("reversed", _("Reversed"), "red", end=True),
    )
    code_prefix = "VO"
    opened_on = "book"
    edit_states = ("draft",)
    edit_who = ("owner",)
    watched_fields = ("kind", "book", "category", "worked_on", "days", "gross_amount", "net_amount")
    cost_fields = ("net_day_amount", "net_amount")

    state = StateField(states)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TIME)
    book = models.ForeignKey(CostBook, on_delete=models.PROTECT, related_name="vouchers", verbose_name=_("cost book"))
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost category")
    )
    claimant = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("claimant"),
        editable=False,
    )
    worked_on = models.DateField(_("day"))
    days = models.DecimalField(_("days"), max_digits=5, decimal_places=1, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=20, blank=True, editable=False)
    net_day_amount = MoneyField(_("cost of a day"), null=True, blank=True, editable=False)
    gross_amount = MoneyField(_("gross amount"), default=0)
    tax_rate = models.ForeignKey(
        TaxRate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("VAT rate")
    )
    deductible = models.BooleanField(_("VAT deductible"), default=False)
    tax_amount = MoneyField(_("VAT"), default=0, editable=False)
    net_amount = MoneyField(_("cost, net"), default=0, editable=False)

    objects = VoucherQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="expense") | Q(days__gt=0, days__lte=31), name="time_voucher_has_days"
            ),
            models.CheckConstraint(condition=Q(kind="time") | Q(gross_amount__gt=0), name="expense_voucher_has_amount"),
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["book", "state"], name="voucher_by_book")]

    submit, approve, send_back, withdraw = review(rejected=None, submit_who=("owner",), submit_checks=("ready",))

    @verb(source="approved", target="posted", label=_("Post"), who=("system",), checks=("ready",), hidden=True)
    def post(self) -> None:
        """The approved voucher stands in the ledger."""

    @verb(source="posted", target="reversed", label=_("Reverse"), who=("finance", "@is_pfc"), note=True, danger=True)
    def reverse(self) -> None:
        """A reversing entry takes it out of the ledger again."""

    @classmethod
    def visibility(cls, user: "User") -> Q:
        return Q() if user.has_role("finance") else super().visibility(user)

    def is_pfc(self, actor: "Actor") -> bool:
        """Project finance reverses, whether named by seat or by role."""
        return actor.user is not None and actor.user.has_role("pfc")

    def ready(self) -> list[str]:
        """A frozen book takes nothing, and work without a rate has no price."""
        reasons = [_now("The book is frozen.")] if self.book.is_frozen else []
        if self.kind == self.Kind.TIME and self.net_day_amount is None:
            reasons.append(
                _now("There is no cost rate for grade “%(grade)s” on %(day)s.")
                % {"grade": self.grade, "day": self.worked_on}
            )
        return reasons

    def edit_checks(self) -> list[str]:
        return self.open_checks()

    def open_checks(self) -> list[str]:
        reasons = [_now("The book is frozen.")] if self.book.is_frozen else []
        if self.kind == self.Kind.TIME:
            if not self.days or self.days * 2 % 1:
                reasons.append(_now("Worked time is entered in half days."))
        elif self.gross_amount <= 0:
            reasons.append(_now("An expense needs an amount."))
        if self.deductible and self.tax_rate_id is None:
            reasons.append(_now("Deductible VAT needs its rate."))
        return reasons

    def searchable(self) -> str:
        return f"{super().searchable()} {self.book.code} {self.claimant}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount if self.kind == self.Kind.EXPENSE else self.net_amount}

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        days = f"{self.days.normalize():f}" if isinstance(self.days, Decimal) else "–"
        return [
            (_("kind"), self.get_kind_display()),
            (_("cost book"), str(self.book)),
            (_("cost category"), str(self.category)),
            (_("days"), days),
            (_("gross amount"), format_money(self.gross_amount)),
        ]
