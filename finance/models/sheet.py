"""One of the four costings 四算表: estimate 概算, budget 预算, actual 核算, settlement 决算."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.contrib import admin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.fields import MoneyField
from core.money import format_money
from finance import costing
from finance.models.book import CostBook
from finance.models.dictionary import CostCategory, TaxRate
from process.access import may_any
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed, StageRecord
from process.models.record import RecordQuerySet

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


class CostSheetQuerySet(RecordQuerySet):
    """Costings are shown to those only who may see cost."""

    def visible_to(self, user: "User") -> Self:
        return super().visible_to(user) if user.has_right("see_cost") else self.none()


class CostSheet(Reviewed):
    """四算表: revenue and cost lines of one costing. Approved it is immutable; a change is the next version."""

    class Kind(models.TextChoices):
        ESTIMATE = "estimate", _("Estimate")
        BUDGET = "budget", _("Budget")
        ACTUAL = "actual", _("Actuals")
        SETTLEMENT = "settlement", _("Final accounts")

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "green", idle=True),
        State("superseded", _("Superseded"), "secondary", end=True),
    )
    code_prefix = "CS"
    open_who = ("@may_estimate",)
    opened_on = "book"
    edit_who = ("@may_estimate",)
    edit_states = ("draft",)
    watched_fields = ("net_revenue", "net_cost", "line_digest")
    cost_fields = ("net_cost", "net_cost_p80", "net_margin", "margin_percent", "gross_peak_funding", "payback_month")

    state = StateField(states)
    kind = models.CharField(_("costing"), max_length=10, choices=Kind, default=Kind.ESTIMATE)
    book = models.ForeignKey(CostBook, on_delete=models.PROTECT, related_name="sheets", verbose_name=_("cost book"))
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    label = models.CharField(_("stands for"), max_length=60, blank=True)
    accuracy_percent = models.DecimalField(_("accuracy ± %"), max_digits=5, decimal_places=2, null=True, blank=True)
    net_revenue = MoneyField(_("revenue, net"), default=0)
    net_cost = MoneyField(_("cost, net"), default=0, editable=False)
    net_project_cost = MoneyField(_("direct cost, net"), default=0, editable=False)
    net_contribution_cost = MoneyField(_("cost up to contribution, net"), default=0, editable=False)
    # Empty without ranges, or without months of cash.
    net_cost_p80 = MoneyField(_("cost at 80 % confidence, net"), null=True, blank=True, editable=False)
    gross_peak_funding = MoneyField(_("peak funding"), null=True, blank=True, editable=False)
    payback_month = models.DateField(_("paid back from"), null=True, blank=True, editable=False)
    line_digest = models.CharField(max_length=64, blank=True, editable=False)
    period = models.ForeignKey(
        "finance.Period", on_delete=models.PROTECT, null=True, blank=True, related_name="sheets", editable=False
    )
    origin = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("copied from")
    )

    objects = CostSheetQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("cost sheet")
        verbose_name_plural = _("cost sheets")
        constraints = [
            models.UniqueConstraint(fields=["book", "kind", "version"], name="one_sheet_per_version"),
            models.UniqueConstraint(fields=["book", "period"], condition=Q(kind="actual"), name="one_actual_per_month"),
            # Deferred: the new version is approved before the one it replaces is superseded, in one transaction.
            ExclusionConstraint(
                name="one_current_sheet",
                expressions=[("book", RangeOperators.EQUAL), ("kind", RangeOperators.EQUAL)],
                condition=Q(state="approved", kind__in=["estimate", "budget", "settlement"]),
                deferrable=Deferrable.DEFERRED,
            ),
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["book", "kind", "state"], name="sheet_by_book")]

    submit, _approve, send_back, withdraw = review(
        rejected=None, submit_who=("@may_estimate", "system"), submit_checks=("ready",)
    )
    del _approve

    @verb(source="in_review", target="approved", label=_("Approve"), who=("approver", "system"), primary=True)
    def approve(self) -> None:
        """The authorised decider agrees; a freeze of the ledger is approved by the job that made it."""

    @verb(source="approved", target="superseded", label=_("Supersede"), who=("system",), hidden=True)
    def supersede(self) -> None:
        """A newer version of the same costing was approved."""

    def may_estimate(self, actor: "Actor") -> bool:
        """Who works on the deal beside its seller, or keeps its books, with the right to cost.

        Nobody writes what they cannot read back, and sales do not write their own cost.
        """
        if actor.user is None or not actor.user.has_right("see_cost"):
            return False
        return may_any(("sr", "fr", "pfc", "director", "member", "finance"), self, actor)

    def open_checks(self) -> list[str]:
        """A frozen book takes no new estimate or budget; its last freeze is made when it is frozen already."""
        typed = self.kind in (self.Kind.ESTIMATE, self.Kind.BUDGET)
        return [_now("The book is frozen.")] if typed and self.book.is_frozen else []

    def edit_checks(self) -> list[str]:
        return self.open_checks()

    def ready(self) -> list[str]:
        """A costing without lines says nothing; a frozen book takes no new one."""
        reasons = self.open_checks()
        if self.kind in (self.Kind.ESTIMATE, self.Kind.BUDGET) and not self.lines.exists():
            reasons.append(_now("The costing has no lines yet."))
        return reasons

    @property
    @admin.display(description=_("margin"))
    def net_margin(self) -> Decimal:
        return costing.margin(self.net_revenue, self.net_cost)

    @property
    @admin.display(description=_("margin %"))
    def margin_percent(self) -> Decimal | None:
        return costing.margin_percent(self.net_revenue, self.net_cost)

    def searchable(self) -> str:
        return f"{super().searchable()} {self.label} {self.book.code}"

    def measures(self) -> dict[str, Any]:
        """Authority rules measure a costing by its cost, its margin, and its overrun of the one it follows."""
        margin = self.margin_percent
        return {
            "gross_amount": self.net_cost,
            "margin": margin if margin is not None else Decimal(0),
            "overrun_percent": self._overrun_percent(),
        }

    def _overrun_percent(self) -> Decimal:
        """Cost above what was approved before, in percent: the last of its kind, for a first budget the estimate."""
        from finance.selectors import current_sheet

        before = current_sheet(self.book, self.kind)
        if before is None and self.kind == self.Kind.BUDGET:
            before = current_sheet(self.book, self.Kind.ESTIMATE)
        if before is None or not before.net_cost:
            return Decimal(0)
        return ((self.net_cost - before.net_cost) / before.net_cost * 100).quantize(Decimal("0.01"))

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        percent = self.margin_percent
        return [
            (_("costing"), self.get_kind_display()),
            (_("revenue, net"), format_money(self.net_revenue)),
            (_("cost, net"), format_money(self.net_cost)),
            (_("margin"), format_money(self.net_margin)),
            (_("margin %"), f"{percent} %" if percent is not None else "–"),
            *self._planned_facts(),
        ]

    def _planned_facts(self) -> list[tuple[Any, str]]:
        """What ranges and months of cash say, where there are some."""
        facts = []
        if self.net_cost_p80 is not None:
            facts.append((_("cost at 80 % confidence, net"), format_money(self.net_cost_p80)))
        if self.gross_peak_funding is not None:
            facts.append((_("peak funding"), format_money(self.gross_peak_funding)))
            facts.append((_("paid back from"), f"{self.payback_month:%Y-%m}" if self.payback_month else "–"))
        return facts


class CostLine(models.Model):
    """One line of a costing: what it costs us, without the input VAT we get back."""

    sheet = models.ForeignKey(CostSheet, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(_("position"), default=0)
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost category")
    )
    text = models.CharField(_("item"), max_length=200, blank=True)
    gross_amount = MoneyField(_("gross amount"), default=0)
    tax_rate = models.ForeignKey(
        TaxRate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("VAT rate")
    )
    deductible = models.BooleanField(_("VAT deductible"), default=False)
    days = models.DecimalField(_("person-days"), max_digits=8, decimal_places=1, null=True, blank=True)
    net_day_amount = MoneyField(_("cost of a day"), null=True, blank=True)
    # A range around the likely cost; with it, what counts is the expected cost.
    net_low = MoneyField(_("low, net"), null=True, blank=True)
    net_high = MoneyField(_("high, net"), null=True, blank=True)
    net_amount = MoneyField(_("cost, net"))

    class Meta:
        verbose_name = _("cost line")
        verbose_name_plural = _("cost lines")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deductible=False) | Q(tax_rate__isnull=False), name="deductible_needs_a_rate"
            ),
            models.CheckConstraint(
                condition=Q(net_low__isnull=True, net_high__isnull=True)
                | Q(net_low__isnull=False, net_low__lte=F("net_amount"), net_high__gte=F("net_amount")),
                name="cost_lies_in_its_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.net_amount}"


class CashMonth(models.Model):
    """收支计划: what a costing expects to come in and to go out in one month, with VAT."""

    sheet = models.ForeignKey(CostSheet, on_delete=models.PROTECT, related_name="cash")
    month = models.DateField(_("month"))
    gross_in = MoneyField(_("cash in"), default=0)
    gross_out = MoneyField(_("cash out"), default=0)

    class Meta:
        verbose_name = _("month of cash")
        verbose_name_plural = _("months of cash")
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "month"], name="one_row_per_cash_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="cash_month_is_a_first_day"),
            models.CheckConstraint(condition=Q(gross_in__gte=0, gross_out__gte=0), name="cash_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} +{self.gross_in} -{self.gross_out}"
