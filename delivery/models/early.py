"""Early start 提前启动: a capped, dated permit to work or ship before the contract is signed."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.calendar import today
from core.fields import MoneyField
from core.money import format_money
from delivery.models.order import DeliveryOrder
from finance.models import LedgerEntry
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed, Seat, StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor


class EarlyStart(Reviewed):
    """The permit: why, up to which cost, until when; regularised by the contract, or it lapses."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("active", _("In force"), "blue"),
        State("regularised", _("Regularised"), "green", end=True),
        State("lapsed", _("Lapsed"), "red", end=True),
    )
    home_stage = "delivery"
    code_prefix = "ES"
    open_who = ("ar", "fr")
    opened_on = "project"
    edit_who = ("ar", "fr", "owner")
    edit_states = ("draft",)
    watched_fields = ("reason", "net_cap_amount", "ends_on")
    cost_fields = ("net_cap_amount",)

    state = StateField(states)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="early_starts", verbose_name=_("project")
    )
    # Opened when the permit comes into force.
    order = models.ForeignKey(
        DeliveryOrder,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="early_starts",
        verbose_name=_("delivery order"),
        editable=False,
    )
    reason = models.TextField(_("why before signature"))
    scope = models.TextField(_("what is done or shipped"))
    net_cap_amount = MoneyField(_("cost cap (excl. tax)"), validators=[MinValueValidator(Decimal("0.01"))])
    ends_on = models.DateField(_("in force until"))
    expected_sign_on = models.DateField(_("expected signature"), null=True, blank=True)
    started_on = models.DateField(_("in force from"), null=True, blank=True, editable=False)
    net_exposure_before = MoneyField(default=Decimal(0), editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("early start")
        verbose_name_plural = _("early starts")

    submit, approve, send_back, withdraw = review(
        approved="active", rejected=None, submit_who=("ar", "fr"), submit_checks=("ready",)
    )

    @verb(
        source="active",
        target="regularised",
        label=_("Regularise"),
        who=("fr", "owner", "system"),
        checks=("contract_checks",),
    )
    def regularise(self) -> None:
        """The contract is effective: what was done before is now covered by it."""

    @verb(source="active", target="lapsed", label=_("Lapse"), who=("system",), hidden=True)
    def lapse(self) -> None:
        """The end date passed without a contract: work must stop."""

    def ready(self) -> list[Any]:
        """A future end, a project that is alive, and somebody who delivers."""
        reasons: list[Any] = []
        if self.ends_on < today():
            reasons.append(_t("The permit would end in the past."))
        if self.project.state != "approved":
            reasons.append(_t("The project is not approved."))
        if self.project.book_id is None:
            reasons.append(_t("The project has no cost book."))
        if not Seat.objects.current().filter(case_id=self.case_id, role="fr").exists():
            reasons.append(_t("No delivery manager is named."))
        others = type(self).objects.filter(project_id=self.project_id, state__in=("in_review", "active"))
        if others.exclude(pk=self.pk).exists():
            reasons.append(_t("Another early start of this project is running."))
        return reasons

    def contract_checks(self) -> list[Any]:
        """There is an effective contract."""
        if self.order_id and self.order.contract_id and self.order.contract.effective_on:
            return []
        return [_t("The contract is not effective yet.")]

    def exposure(self) -> Decimal:
        """Cost and commitment on the project's book since the permit came into force."""
        return book_cost(self.project.book_id) - self.net_exposure_before if self.started_on else Decimal(0)

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.net_cap_amount}

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        return [
            (_("cost cap (excl. tax)"), format_money(self.net_cap_amount)),
            (_("in force until"), self.ends_on.isoformat()),
            (_("expected signature"), self.expected_sign_on.isoformat() if self.expected_sign_on else "–"),
            (_("expected amount"), format_money(self.project.gross_amount or Decimal(0))),
            (_("win probability"), f"{self.project.win_probability or 0} %"),
        ]


def book_cost(book_id: int | None) -> Decimal:
    """Cost and open commitment on a book, net."""
    found = LedgerEntry.objects.filter(book_id=book_id, nature__in=("cost", "commitment"))
    return found.aggregate(total=Sum("net_amount"))["total"] or Decimal(0)
