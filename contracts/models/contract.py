"""合同: what is agreed with the customer. It opens delivery and billing once every condition of effect is met."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Max, Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from core.money import ZERO, format_money, rmb_capital
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed
from process.services import seat

if TYPE_CHECKING:
    from finance.models import CostSheet


class TaxClause(models.TextChoices):
    """What a change of the tax rate does to what is not invoiced yet."""

    GROSS_FIXED = "gross_fixed", _("the price with tax stays")
    NET_FIXED = "net_fixed", _("the price without tax stays")


class Contract(Reviewed):
    """One contract of a project; a supplement is a child of its own, never an edit."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("signed", _("Signed"), "purple"),
        State("effective", _("Effective"), "green"),
        State("completed", _("Completed"), "teal"),
        State("closed", _("Closed"), "green", end=True),
        State("terminated", _("Terminated"), "red", end=True),
        State("void", _("Void"), "secondary", end=True),
    )
    home_stage = "contract"
    code_prefix = "CT"
    open_who = ("ar",)
    opened_on = "project"
    edit_who = ("ar", "owner")
    edit_states = ("draft",)
    watched_fields = ("gross_amount", "content_digest", "customer", "payer", "entity", "approved_file_sha256")

    state = StateField(states)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="contracts", verbose_name=_("project")
    )
    solution = models.ForeignKey(
        "solutions.Solution",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name=_("solution"),
    )
    quote = models.ForeignKey(
        "solutions.Quote",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name=_("quote"),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="supplements",
        verbose_name=_("supplement to"),
    )
    entity = models.ForeignKey(
        "accounts.LegalEntity", on_delete=models.PROTECT, related_name="+", verbose_name=_("our legal entity")
    )
    end_user = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("end user"),
    )
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="contracts", verbose_name=_("signing customer")
    )
    payer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+", verbose_name=_("payer"))
    invoice_title = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", verbose_name=_("invoicing title")
    )
    kind = TermField("contract_type", _("contract type"))
    price_kind = TermField("price_kind", _("price kind"))
    customer_number = models.CharField(_("customer's contract number"), max_length=80, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    gross_amount = MoneyField(_("contract value with tax"), default=ZERO, editable=False)
    net_amount = MoneyField(_("contract value without tax"), default=ZERO, editable=False)
    tax_amount = MoneyField(_("tax"), default=ZERO, editable=False)
    tax_clause = models.CharField(
        _("when a tax rate changes"), max_length=12, choices=TaxClause, default=TaxClause.GROSS_FIXED
    )
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    warranty_months = models.PositiveSmallIntegerField(
        _("warranty in months"), default=12, validators=[MaxValueValidator(240)]
    )
    penalty = models.TextField(_("penalty clause"), blank=True)
    promises = models.TextField(_("promises made"), blank=True, help_text=_("everything delivery must know"))
    signer = models.CharField(_("signed for us by"), max_length=80, blank=True, editable=False)
    signed_on = models.DateField(_("signed on"), null=True, blank=True, editable=False)
    effective_on = models.DateField(_("effective on"), null=True, blank=True, editable=False)
    approved_file_sha256 = models.CharField(_("hash of the text"), max_length=64, blank=True, editable=False)
    stamped_file_sha256 = models.CharField(_("hash of the stamped file"), max_length=64, blank=True, editable=False)
    # A hash over lines, terms and shares: their change is a change of the contract.
    content_digest = models.CharField(_("hash of lines and terms"), max_length=64, blank=True, editable=False)

    class Meta(Reviewed.Meta):
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        indexes = [
            *Reviewed.Meta.indexes,
            models.Index(fields=["project", "state"], name="contract_by_project"),
            models.Index(fields=["customer"], name="contract_by_customer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="contract_gross_is_net_plus_tax"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="contract_ends_after_start",
                violation_error_message=_("The contract ends before it starts."),
            ),
        ]

    # Checks --------------------------------------------------------------------------------------
    def submit_checks(self) -> list[Any]:
        """What the deciders of ATC must have before them."""
        return [*self._content_reasons(), *self._party_reasons(), *self._team_reasons()]

    def _content_reasons(self) -> list[Any]:
        reasons: list[Any] = []
        terms = self.terms.aggregate(gross=Sum("gross_amount"))["gross"] or ZERO
        if not self.lines.exists() or self.gross_amount <= 0:
            reasons.append(_t("The contract has no lines."))
        if terms != self.gross_amount:
            text = _t("The payment terms sum to %(terms)s, the contract to %(contract)s.")
            reasons.append(text % {"terms": format_money(terms), "contract": format_money(self.gross_amount)})
        shares = self.shares.aggregate(percent=Sum("percent"))["percent"]
        if shares is not None and shares != 100:
            reasons.append(_t("The shares of the projects do not sum to 100 %."))
        if not self.conditions.exists():
            reasons.append(_t("No condition of effect is named."))
        if not self.approved_file_sha256:
            reasons.append(_t("The text of the contract is not attached."))
        return reasons

    def _party_reasons(self) -> list[Any]:
        reasons: list[Any] = []
        for party in {self.customer, self.payer, self.invoice_title}:
            if party.state == "blocked":
                text = _t("%(customer)s is blocked.") % {"customer": party}
                reasons.append(Reason(text, party.get_absolute_url()))
        if self.deviations.filter(holder__isnull=True).exists():
            reasons.append(_t("A deviation has nobody who answers for it."))
        return reasons

    def _team_reasons(self) -> list[Any]:
        missing = [role for role in ("ar", "sr", "fr") if seat(self.case_id, role) is None]
        if not missing:
            return []
        text = _t("The iron triangle is not complete: %(seats)s") % {"seats": ", ".join(missing).upper()}
        return [Reason(text, self.project.get_absolute_url())]

    def sign_checks(self) -> list[Any]:
        """Conditions of the reviews must be met before anything is stamped."""
        from approvals.selectors import open_conditions

        text = _t("A condition of the review is still open: %(condition)s")
        reasons: list[Any] = [
            Reason(text % {"condition": one.conditions}, key=f"condition:{one.pk}") for one in open_conditions(self)
        ]
        if self.stamped_file_sha256 and self.stamped_file_sha256 != self.approved_file_sha256:
            reasons.append(_t("The stamped file is not the text that was approved."))
        return reasons

    def may_meet_condition(self, actor: Actor) -> bool:
        """Who submitted, or set a condition of the review that is still open."""
        from approvals.selectors import may_meet_any

        return may_meet_any(self, actor)

    def activate_checks(self) -> list[Any]:
        """Signed by both is not enough: each agreed condition counts."""
        waiting = self.conditions.filter(met_on__isnull=True).select_related("kind")
        return [_t("Condition of effect not met: %(condition)s") % {"condition": one.kind} for one in waiting]

    def complete_checks(self) -> list[Any]:
        """Everything the customer accepts is accepted; only the retention may still wait."""
        waiting = self.terms.filter(is_retention=False, settled_gross_amount__lt=F("gross_amount"))
        text = _t("Not accepted in full yet: %(term)s")
        return [text % {"term": term} for term in waiting.select_related("event")]

    def close_checks(self) -> list[Any]:
        """ATCC: the retention too is released or given up."""
        waiting = self.terms.filter(settled_gross_amount__lt=F("gross_amount")).select_related("event")
        return [_t("Not released yet: %(term)s") % {"term": term} for term in waiting]

    # Verbs ---------------------------------------------------------------------------------------
    submit, approve, send_back, withdraw = review(
        rejected=None, submit_who=("ar", "owner"), submit_checks=("submit_checks",)
    )

    @verb(
        source="approved",
        target="signed",
        label=_("Sign and seal"),
        who=("seal_keeper", "legal", "director", "decision_team"),
        checks=("sign_checks",),
        primary=True,
    )
    def sign(self) -> None:
        """Our side has stamped exactly the text that was approved."""

    @verb(
        source="signed",
        target="effective",
        label=_("Put into effect"),
        who=("ar", "owner", "finance", "pfc"),
        checks=("activate_checks",),
        primary=True,
    )
    def activate(self) -> None:
        """Every condition of effect is met: delivery and billing begin."""

    @verb(
        source="effective",
        target="completed",
        label=_("Complete"),
        who=("ar", "fr", "owner", "finance", "pfc"),
        checks=("complete_checks",),
    )
    def complete(self) -> None:
        """All terms but the retention are accepted."""

    @verb(
        source="completed",
        target="closed",
        label=_("Close contract (ATCC)"),
        who=(
            "director",
            "decision_team",
        ),
        checks=("close_checks",),
        primary=True,
    )
    def close(self) -> None:
        """Nothing is owed any more on either side."""

    @verb(
        source="effective",
        target="terminated",
        label=_("Terminate"),
        who=("system", "finance", "pfc", "director", "decision_team"),
        note=True,
        danger=True,
        hidden=True,
    )
    def terminate(self) -> None:
        """Ended before its time; fired by the settlement of the project only."""

    @verb(
        source=("draft", "in_review", "approved", "signed"),
        target="void",
        label=_("Void"),
        who=("ar", "owner", "director", "decision_team"),
        note=True,
        danger=True,
    )
    def void(self) -> None:
        """Given up before it took effect."""

    # Words ---------------------------------------------------------------------------------------
    @property
    @admin.display(description=_("amount in words"))
    def amount_capital(self) -> str:
        """The value in 人民币大写."""
        return rmb_capital(self.gross_amount) if self.currency == "CNY" else ""

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.customer_number} {self.customer.title} {self.payer.title}"

    def measures(self) -> dict[str, Any]:
        """Amounts in base currency, margin and peak funding against the current estimate, payment terms, deviations."""
        from core.calendar import today
        from core.selectors import rate_on

        rate = rate_on(self.currency, today())
        terms = self.terms.aggregate(
            advance=Sum("percent", filter=Q(event__code="effect")),
            days=Max("days_after", filter=Q(is_retention=False)),
        )
        return {
            "gross_amount": self.gross_amount * rate,
            "net_amount": self.net_amount * rate,
            "margin": self._margin(),
            "advance_percent": terms["advance"] or Decimal(0),
            "payment_days": terms["days"],
            "funding_percent": self._funding_percent(),
            "credit": self.customer.credit,
            "deviations": self.deviations.count(),
        }

    def _estimate(self) -> "CostSheet | None":
        """The estimate of the project in force."""
        from finance.selectors import current_sheet

        return current_sheet(self.project.book, "estimate") if self.project.book is not None else None

    def _funding_percent(self) -> Decimal | None:
        """垫资峰值: what must be paid in advance of the customer at worst, in percent of the contract (incl. tax)."""
        sheet = self._estimate()
        if sheet is None or sheet.gross_peak_funding is None or not self.gross_amount:
            return None
        return (sheet.gross_peak_funding / self.gross_amount * 100).quantize(Decimal("0.01"))

    def _margin(self) -> Decimal | None:
        """Margin in percent of the net value over the current estimate of the project."""
        from finance.costing import margin_percent

        sheet = self._estimate()
        return margin_percent(self.net_amount, sheet.net_cost) if sheet is not None else None

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        """The five figures: amount, margin, payment terms, deviations, retention."""
        margin = self._margin()
        terms = " / ".join(f"{term.percent:.0f}" for term in self.terms.order_by("position"))
        retention = self.terms.filter(is_retention=True).aggregate(gross=Sum("gross_amount"))["gross"] or ZERO
        return [
            (_("contract value with tax"), format_money(self.gross_amount)),
            (_("margin %"), f"{margin:.2f}" if margin is not None else "–"),
            (_("payment terms %"), terms),
            (_("deviations"), str(self.deviations.count())),
            (_("retention"), format_money(retention)),
        ]
