"""Quotes: the same base number in revisions R1, R2 …; lines of mixed tax rates."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.actor import Actor
from approvals.models import ApprovalRequest, Decision
from core.calendar import today
from core.errors import Reason
from core.fields import MoneyField
from core.money import ZERO, Split, format_money, round_money, split_gross
from core.text import search_text
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed, StageRecord


def margin_of(net: Decimal, cost: Decimal) -> Decimal | None:
    """(net − cost) ÷ net in percent, both without VAT; undefined where nothing is sold."""
    return round_money((net - cost) / net * 100) if net else None


class Quote(Reviewed):
    """报价: what the customer may buy, until when, at which price with and without tax."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("sent", _("Sent"), "cyan"),
        State("accepted", pgettext_lazy("quote", "Accepted"), "green", end=True),
        State("declined", _("Declined"), "red", end=True),
        State("withdrawn", _("Withdrawn"), "secondary", end=True),
        State("expired", pgettext_lazy("quote", "Expired"), "yellow", idle=True),
        State("superseded", _("Superseded"), "secondary", end=True),
    )
    home_stage = "solution"
    code_prefix = "QT"
    open_who = ("ar", "sr")
    opened_on = "solution"
    edit_who = ("ar", "sr", "owner")
    edit_states = ("draft",)
    watched_fields = ("gross_amount", "net_amount", "discount_percent", "valid_until", "currency")
    cost_fields = ("net_cost", "margin_percent")

    state = StateField(states)
    solution = models.ForeignKey(
        "solutions.Solution", on_delete=models.PROTECT, related_name="quotes", verbose_name=_("solution")
    )
    customer = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    base_number = models.CharField(_("base number"), max_length=40, editable=False, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)
    is_alternative = models.BooleanField(
        _("alternative"), default=False, help_text=_("One of several offers of which the customer takes one.")
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    payment_terms = models.TextField(_("payment terms"), blank=True, max_length=2000)
    delivery_terms = models.TextField(_("delivery terms"), blank=True, max_length=2000)
    discount_percent = models.DecimalField(
        _("discount %"), max_digits=6, decimal_places=2, default=Decimal("0.00"), editable=False
    )
    gross_amount = MoneyField(_("gross amount"), default=ZERO, editable=False)
    net_amount = MoneyField(_("net amount"), default=ZERO, editable=False)
    tax_amount = MoneyField(_("tax"), default=ZERO, editable=False)
    net_cost = MoneyField(_("cost by estimate (excl. tax)"), null=True, blank=True, editable=False)
    margin_percent = models.DecimalField(
        _("margin %"), max_digits=14, decimal_places=2, null=True, blank=True, editable=False
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True, editable=False)
    accepted_on = models.DateField(pgettext_lazy("quote", "accepted on"), null=True, blank=True, editable=False)
    customer_number = models.CharField(_("customer's order number"), max_length=80, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            models.UniqueConstraint(fields=["base_number", "revision"], name="quote_revision_once"),
            models.UniqueConstraint(
                fields=["solution"], condition=Q(state="accepted"), name="one_accepted_quote_per_solution"
            ),
            models.CheckConstraint(
                condition=Q(gross_amount=models.F("net_amount") + models.F("tax_amount")), name="quote_amounts_add_up"
            ),
        ]
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["case"], name="quote_by_case"),
            models.Index(fields=["valid_until"], condition=Q(state__in=("approved", "sent")), name="quote_by_validity"),
            models.Index(fields=["state", "-id"], name="quote_by_state"),
        ]

    # Verbs -------------------------------------------------------------------------------------
    submit, approve, send_back, withdraw = review(
        rejected=None, submit_who=("ar", "sr", "owner"), submit_checks=("quote_gaps",)
    )

    @verb(
        source="approved",
        target="sent",
        label=_("Send"),
        who=("ar", "owner"),
        checks=("still_valid", "cost_still_holds", "unmet_conditions"),
        primary=True,
    )
    def send(self) -> None:
        """The customer has it; an earlier revision no longer counts."""
        self.sent_at = timezone.now()

    @verb(
        source="sent",
        target="accepted",
        label=_("Accepted by the customer"),
        who=("ar", "owner"),
        checks=("still_valid",),
        primary=True,
    )
    def accept(self) -> None:
        """The customer takes it; every other offer falls."""
        self.accepted_on = self.accepted_on or today()

    @verb(
        source="sent",
        target="declined",
        label=_("Declined by the customer"),
        who=("ar", "owner", "system"),
        note=True,
        danger=True,
    )
    def decline(self) -> None:
        """The customer does not take it."""

    @verb(
        source="sent",
        target="withdrawn",
        label=_("Withdraw offer"),
        who=("ar", "owner"),
        note=True,
        danger=True,
    )
    def withdraw_offer(self) -> None:
        """We take the offer back before it is accepted."""

    @verb(source=("approved", "sent"), target="expired", label=_("Expire"), who=("system",), hidden=True)
    def expire(self) -> None:
        """Its last valid day has passed."""

    @verb(
        source=("sent", "expired"),
        target="sent",
        label=_("Extend"),
        who=("@is_quote_approver",),
        checks=("still_valid",),
        note=True,
    )
    def extend(self) -> None:
        """The approver lets it stand longer."""
        self.sent_at = self.sent_at or timezone.now()

    @verb(source=("approved", "sent"), target="superseded", label=_("Supersede"), who=("system",), hidden=True)
    def supersede(self) -> None:
        """A later revision took its place."""

    # Who ---------------------------------------------------------------------------------------
    def is_quote_approver(self, actor: Actor) -> bool:
        """Whoever was asked to decide on this quote."""
        if actor.user is None:
            return False
        asked = Decision.objects.filter(
            kind=Decision.Kind.DECISION,
            request__in=ApprovalRequest.objects.filter(document_kind=self.record_kind(), document_id=self.pk),
        )
        people = {pk for one in asked.values_list("assignees", flat=True) for pk in one}
        return bool(people & actor.user.acting_ids)

    def may_meet_condition(self, actor: Actor) -> bool:
        """Who submitted, or set a condition of the approval that is still open."""
        from approvals.selectors import may_meet_any

        return may_meet_any(self, actor)

    # Checks ------------------------------------------------------------------------------------
    def quote_gaps(self) -> list[Reason]:
        """What a quote needs before anybody decides on it."""
        from solutions import checks

        return checks.quote_gaps(self)

    def still_valid(self) -> list[str]:
        """A quote without a valid day is no offer."""
        if self.valid_until is None:
            return [_t("The quote has no last valid day.")]
        if self.valid_until < today():
            return [_t("The quote was valid until %(day)s only.") % {"day": self.valid_until}]
        return []

    def cost_still_holds(self) -> list[Reason]:
        """When the estimate rose after the approval, the margin that was approved no longer exists."""
        live = self.live_margin()
        if self.margin_percent is None or live is None or live >= self.margin_percent:
            return []
        # Without the figures: who sends the quote need not have the right to cost.
        text = _t("The margin is lower than the one approved: open a new revision.")
        return [Reason(text, self.get_absolute_url())]

    def unmet_conditions(self) -> list[Reason]:
        """Conditions of the approval that nobody has met."""
        from solutions import checks

        return checks.unmet_conditions(self)

    # Figures -----------------------------------------------------------------------------------
    def searchable(self) -> str:
        return search_text(self.code, self.title, self.customer.title if self.customer else "")

    def live_cost(self) -> Decimal:
        """Cost without VAT by the project's current estimate."""
        from projects.selectors import current_estimate

        estimate = current_estimate(self.solution.project)
        return estimate.net_cost if estimate else ZERO

    def live_margin(self) -> Decimal | None:
        """The margin this price leaves over the current estimate."""
        from projects.selectors import current_estimate

        estimate = current_estimate(self.solution.project)
        return margin_of(self.net_amount, estimate.net_cost) if estimate else None

    @property
    @admin.display(description=_("Customer"))
    def customer_name(self) -> str:
        return self.customer.title if self.customer else ""

    @property
    def margin_amount(self) -> Decimal | None:
        """What is left, without VAT."""
        return None if self.net_cost is None else self.net_amount - self.net_cost

    def measures(self) -> dict[str, Any]:
        return {
            "gross_amount": self.gross_amount,
            "margin": self.live_margin(),
            "discount": self.discount_percent,
            "credit": self.customer.credit if self.customer else None,
        }

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        margin = self.live_margin()
        return [
            (_("Gross amount"), format_money(self.gross_amount, self.currency)),
            (_("Net amount"), format_money(self.net_amount, self.currency)),
            (_("Margin"), f"{margin} %" if margin is not None else "–"),
            (_("Discount"), f"{self.discount_percent} %"),
            (_("Valid until"), self.valid_until.isoformat() if self.valid_until else "–"),
        ]


class QuoteLine(models.Model):
    """One product or service at one tax rate; optional lines stand outside the total."""

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    product = models.ForeignKey(
        "products.Product", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    name = models.CharField(_("name"), max_length=200)
    quantity = models.DecimalField(
        _("quantity"),
        max_digits=14,
        decimal_places=3,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.001"))],
    )
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    gross_price = MoneyField(_("unit price incl. tax"), validators=[MinValueValidator(ZERO)])
    discount_percent = models.DecimalField(
        _("discount %"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("0.00"),
        validators=[MinValueValidator(ZERO), MaxValueValidator(Decimal(100))],
    )
    tax_rate = models.ForeignKey(
        "finance.TaxRate", on_delete=models.PROTECT, related_name="+", verbose_name=_("tax rate")
    )
    category = models.ForeignKey(
        "finance.CostCategory",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cost category"),
    )
    is_optional = models.BooleanField(_("optional"), default=False)
    delivery_on = models.DateField(_("delivery on"), null=True, blank=True)
    promise = models.CharField(_("promise"), max_length=300, blank=True)
    gross_amount = MoneyField(_("gross amount"), default=ZERO)
    net_amount = MoneyField(_("net amount"), default=ZERO)
    tax_amount = MoneyField(_("tax"), default=ZERO)

    class Meta:
        verbose_name = _("quote line")
        verbose_name_plural = _("quote lines")
        ordering = ["quote", "position"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="quote_line_position_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=models.F("net_amount") + models.F("tax_amount")),
                name="quote_line_amounts_add_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.name}"

    def split(self) -> Split:
        """The line's amount on both bases: quantity × price less discount, rounded once, then split at its rate."""
        gross = round_money(self.quantity * self.gross_price * (100 - self.discount_percent) / 100)
        return split_gross(gross, self.tax_rate.percent)

    def list_gross(self) -> Decimal:
        """What the line would cost without discount."""
        return round_money(self.quantity * self.gross_price)
