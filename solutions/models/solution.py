"""The solution: what we offer, decided upon at ATB together with quote, estimate, deviations and deposit."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from core.dictionary import TermField
from core.errors import Reason
from core.money import format_money
from process.access import seats_of
from process.machine import State, StateField, States, review, verb
from process.models import Handover, Reviewed, StageRecord
from process.models.case import TRIANGLE

TECHNICAL_ROLES = ("sr", "fr", "engineer", "qa", "pmo")


class Solution(Reviewed):
    """方案: approved over the whole bid package; any later change of one part voids ATB."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("tendered", _("Bid submitted"), "cyan"),
        State("won", _("Won"), "green", end=True),
        State("lost", _("Lost"), "red", end=True),
        State("rejected", _("Rejected"), "red", idle=True),
    )
    home_stage = "solution"
    code_prefix = "SL"
    open_who = ("sr", "ar")
    opened_on = "project"
    edit_who = ("owner", "sr")
    edit_states = ("draft",)
    # The estimate is a record of cost: its number and name are told with it.
    cost_fields = ("estimate",)
    watched_fields = ("approach", "scope", "risks", "deviations", "version")

    state = StateField(states)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="solutions", verbose_name=_("project")
    )
    plan = models.ForeignKey(
        "guidance.GuidancePlan",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="solutions",
        verbose_name=_("guidance plan"),
        editable=False,
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    approach = models.TextField(_("approach"), blank=True, max_length=20000)
    scope = models.TextField(_("scope and deliverables"), blank=True, max_length=20000)
    risks = models.TextField(_("risks"), blank=True, max_length=4000)
    deviations = models.TextField(
        _("deviations"),
        blank=True,
        max_length=4000,
        help_text=_("Every point where we differ from what is asked; write “none” where there is none."),
    )
    technical_review = models.TextField(_("technical review"), blank=True, editable=False)
    technical_review_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("reviewed by"),
    )
    technical_review_at = models.DateTimeField(_("reviewed at"), null=True, blank=True, editable=False)
    quote = models.ForeignKey(
        "solutions.Quote",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("quote of the bid package"),
    )
    estimate = models.ForeignKey(
        "finance.CostSheet",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("bid estimate"),
    )
    lost_reason = TermField("lost", _("lost because"), editable=False)
    competitor = models.CharField(_("lost to"), max_length=200, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("solution")
        verbose_name_plural = _("solutions")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["case"], name="solution_by_case"),
            models.Index(fields=["state", "-id"], name="solution_by_state"),
        ]

    # Verbs -------------------------------------------------------------------------------------
    submit, approve, send_back, withdraw, reject = review(submit_who=("owner", "sr"), submit_checks=("package_gaps",))

    @verb(
        source="approved",
        target="tendered",
        label=_("Submit bid"),
        who=("ar", "sr", "owner"),
        checks=("package_changes", "unmet_conditions", "bid_gaps"),
    )
    def submit_bid(self) -> None:
        """The bid lies with the customer."""

    @verb(
        source=("tendered", "approved"),
        target="won",
        label=_("Won"),
        who=("ar",),
        checks=("package_changes", "unmet_conditions", "win_gaps"),
        primary=True,
    )
    def win(self) -> None:
        """The customer chose us: the quote is accepted, the contract can be negotiated."""

    @verb(
        source=("tendered", "approved"),
        target="lost",
        label=_("Lost"),
        who=("ar", "owner"),
        checks=("loss_gaps",),
        note=True,
        danger=True,
    )
    def lose(self) -> None:
        """The customer chose somebody else."""

    @verb(
        source=("approved", "tendered", "rejected"),
        target="draft",
        label=_("Revise"),
        who=("sr", "ar", "owner", "system"),
        note=True,
    )
    def revise(self) -> None:
        """The next version; what ATB decided no longer holds."""
        self.version += 1
        self.quote = None
        self.estimate = None
        self._forget_review()

    # Changing ----------------------------------------------------------------------------------
    def _forget_review(self) -> None:
        self.technical_review, self.technical_review_by, self.technical_review_at = "", None, None

    # Who ---------------------------------------------------------------------------------------
    def may_review_technically(self, actor: Actor) -> bool:
        """A technical person of the house other than the designer."""
        if actor.user is None or actor.user_id in (self.owner_id, self.created_by_id):
            return False
        return any(actor.user.has_role(role) for role in TECHNICAL_ROLES)

    def may_offer_again(self, actor: Actor) -> bool:
        """The team, while the won solution neither waits at the counter nor has been taken over."""
        offers = Handover.objects.filter(case_id=self.case_id, target="contract", state__in=("offered", "taken"))
        if actor.user is None or offers.exists():
            return False
        return bool({"ar", "sr"} & seats_of(self.case_id, actor))

    def may_meet_condition(self, actor: Actor) -> bool:
        """Who submitted, or set a condition of the approval that is still open."""
        from approvals.selectors import may_meet_any

        return may_meet_any(self, actor)

    # Checks ------------------------------------------------------------------------------------
    def open_checks(self) -> list[str]:
        """One solution at a time is worked on in a project."""
        running = Solution.objects.open().filter(project_id=self.project_id).first()
        return [_t("%(solution)s is still open.") % {"solution": running}] if running else []

    def package_gaps(self) -> list[Reason]:
        """What the bid package still lacks for ATB, all at once."""
        from solutions import checks

        return checks.package_gaps(self)

    def package_changes(self) -> list[Reason]:
        """What changed in the package since ATB; any of it voids the decision."""
        from solutions import checks

        return checks.package_changes(self)

    def unmet_conditions(self) -> list[Reason]:
        """Conditions the ATB deciders set and nobody has met yet."""
        from solutions import checks

        return checks.unmet_conditions(self)

    def bid_gaps(self) -> list[Reason]:
        """A bid is submitted when the tender or the quote is out of the house."""
        if self.tenders.filter(state__in=("submitted", "opened", "awarded")).exists():
            return []
        if self.quotes.filter(state__in=("sent", "accepted")).exists():
            return []
        return [Reason(_t("Neither the tender is submitted nor a quote sent."), self.get_absolute_url())]

    def win_gaps(self) -> list[Reason]:
        """To win means that the customer accepted a quote of ours, and in a tender that we were awarded."""
        from solutions import checks

        return checks.win_gaps(self)

    def loss_gaps(self) -> list[Reason]:
        """Why, and what must be closed first."""
        from solutions import checks

        return checks.loss_gaps(self)

    # For deciders ------------------------------------------------------------------------------
    def package_quote(self) -> Any:
        """The quote decided upon at ATB, or the one that would be."""
        from solutions.selectors import current_quote

        return self.quote if self.quote_id else current_quote(self)

    def measures(self) -> dict[str, Any]:
        """The package's figures; numbers and ids, so that a change of any part is a change of the question."""
        from projects.selectors import current_estimate

        quote = self.package_quote()
        estimate = current_estimate(self.project)
        tenders = self.tenders.exclude(state__in=("abandoned", "voided")).order_by("pk")
        return {
            "gross_amount": quote.gross_amount if quote else self.project.gross_amount or Decimal(0),
            "margin": quote.live_margin() if quote else None,
            "discount": quote.discount_percent if quote else Decimal(0),
            "quote": quote.pk if quote else None,
            "estimate": estimate.pk if estimate else None,
            "deposits": ",".join(str(one.deposit_id or "-") for one in tenders),
        }

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        quote = self.package_quote()
        if quote is None:
            return []
        margin = quote.live_margin()
        return [
            (_("Gross amount"), format_money(quote.gross_amount, quote.currency)),
            (_("Net amount"), format_money(quote.net_amount, quote.currency)),
            (_("Cost by estimate"), format_money(quote.live_cost())),
            (_("Margin"), f"{margin} %" if margin is not None else "–"),
            (_("Discount"), f"{quote.discount_percent} %"),
        ]

    def new_quote_url(self) -> str:
        """Where a quote for this solution is begun."""
        return f"{reverse('solutions:quote-new')}?case={self.case_id}"

    def vacant_seats(self) -> list[str]:
        """Seats of the iron triangle that nobody holds."""
        held = self.project.seat_holder_ids()
        return [role for role in TRIANGLE if role not in held]
