"""决算与关闭: the final accounts of a project, provisional and then final; also of one that was lost."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.dictionary import TermField
from core.fields import MoneyField
from finance.models import CostBook, CostCategory, CostSheet
from process.machine import State, StateField, States, verb
from process.models import StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User

ZERO = Decimal("0.00")


class Closing(StageRecord):
    """The final accounts: what was estimated, budgeted, spent and earned, frozen for good."""

    class Type(models.TextChoices):
        NORMAL = "normal", _("Delivered")
        TERMINATED = "terminated", _("Lost or ended early")

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("provisional", _("Provisional"), "orange"),
        State("final", _("Final"), "green", end=True),
    )
    home_stage = "closed"
    code_prefix = "CL"
    open_who = ("pfc", "@is_accountant")
    opened_on = "project"
    edit_who = ("pfc", "owner", "@is_accountant")

    state = StateField(states)
    project = models.OneToOneField(
        "projects.Project", on_delete=models.PROTECT, related_name="closing", verbose_name=_("project")
    )
    book = models.OneToOneField(
        CostBook, on_delete=models.PROTECT, related_name="closing", verbose_name=_("cost book"), editable=False
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Type, default=Type.NORMAL, editable=False)
    lessons = models.TextField(_("lessons learnt"), blank=True)
    provisional_on = models.DateField(_("provisional on"), null=True, blank=True, editable=False)
    final_on = models.DateField(_("final on"), null=True, blank=True, editable=False)
    locks_again_on = models.DateField(_("locks again on"), null=True, blank=True, editable=False)
    settlement = models.ForeignKey(
        CostSheet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("final accounts"),
        editable=False,
    )
    gross_contract = MoneyField(_("contract value (incl. tax)"), default=ZERO, editable=False)
    gross_invoiced = MoneyField(_("invoiced (incl. tax)"), default=ZERO, editable=False)
    gross_received = MoneyField(_("received (incl. tax)"), default=ZERO, editable=False)
    gross_retention = MoneyField(_("retention outstanding (incl. tax)"), default=ZERO, editable=False)
    net_recognised = MoneyField(_("revenue recognised (excl. tax)"), default=ZERO, editable=False)
    net_cost = MoneyField(_("cost (excl. tax)"), default=ZERO, editable=False)

    cost_fields = ("net_cost", "net_margin", "margin_percent")

    class Meta(StageRecord.Meta):
        verbose_name = _("final accounts")
        verbose_name_plural = _("final accounts")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="final") | Q(final_on__isnull=False, settlement__isnull=False),
                name="final_accounts_have_a_settlement",
            )
        ]

    @classmethod
    def visibility(cls, user: "User") -> Q:
        if user.role_codes & {"pfc", "finance"}:
            return Q(pk__isnull=False)
        return super().visibility(user)

    def is_accountant(self, actor: "Actor") -> bool:
        """Project finance and finance of the company."""
        return actor.user is not None and bool(actor.user.role_codes & {"pfc", "finance"})

    def is_approver(self, actor: "Actor") -> bool:
        """Who may open final accounts again."""
        return actor.user is not None and bool(actor.user.role_codes & {"director", "decision_team"})

    @property
    @admin.display(description=_("margin (excl. tax)"))
    def net_margin(self) -> Decimal:
        """What the project earned: revenue less cost, both without tax."""
        return self.net_recognised - self.net_cost

    @property
    @admin.display(description=_("margin %"))
    def margin_percent(self) -> Decimal | None:
        """The margin as a share of revenue; undefined without revenue."""
        if not self.net_recognised:
            return None
        return (self.net_margin / self.net_recognised * 100).quantize(Decimal("0.01"))

    def settle_checks(self) -> list[Any]:
        """Everything provisional accounts need, each with its link."""
        from closing import selectors

        return selectors.gaps_before_provisional(self)

    def final_checks(self) -> list[Any]:
        """Everything final accounts need, each with its link."""
        from closing import selectors

        return selectors.gaps_before_final(self)

    @verb(
        source="draft",
        target="provisional",
        label=_("Settle provisionally"),
        who=("pfc", "@is_accountant"),
        checks=("settle_checks",),
        primary=True,
    )
    def settle(self) -> None:
        """Accepted, invoiced and paid but for the retention."""

    @verb(
        source="provisional",
        target="final",
        label=_("Finalise"),
        who=("pfc", "@is_accountant", "system"),
        checks=("final_checks",),
        primary=True,
    )
    def finalize(self) -> None:
        """Nothing is left to come: the book is frozen and the project closed."""

    @verb(source="final", target="provisional", label=_("Reopen"), who=("@is_approver",), note=True, danger=True)
    def reopen(self) -> None:
        """A late cost or a mistake; it locks itself again on a given day."""

    def due_to_lock(self, on: dt.date) -> bool:
        """Whether a reopened closing must lock itself again."""
        return self.state == "provisional" and self.locks_again_on is not None and self.locks_again_on <= on


class ClosingLine(models.Model):
    """All four costings of one category as they stood, with the cause where they differ too much."""

    closing = models.ForeignKey(Closing, on_delete=models.PROTECT, related_name="lines")
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost category")
    )
    net_estimate = MoneyField(_("estimate"), default=ZERO)
    net_budget = MoneyField(_("budget"), default=ZERO)
    net_actual = MoneyField(_("actual"), default=ZERO)
    net_settlement = MoneyField(_("final accounts"), default=ZERO)
    cause = TermField("variance_cause", _("cause of the variance"))
    explanation = models.TextField(_("explanation"), blank=True)

    class Meta:
        verbose_name = _("line of the final accounts")
        verbose_name_plural = _("lines of the final accounts")
        ordering = ["category__position", "category_id"]
        constraints = [models.UniqueConstraint(fields=["closing", "category"], name="a_category_once_per_closing")]

    def __str__(self) -> str:
        return f"{self.closing} {self.category}"
