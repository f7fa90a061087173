"""Tenders: from the notice to the award; times count to the minute."""

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.actor import Actor
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from core.money import ZERO
from core.text import search_text
from process.access import seats_of
from process.machine import State, StateField, States, verb
from process.models import StageRecord

BIDDERS = ("ar", "sr", "owner", "@is_bid_manager")
# A deposit in these states has left our account or its guarantee is issued.
DEPOSIT_OUT = ("out", "returned", "converted", "forfeited")


class Tender(StageRecord):
    """投标: one invitation to bid with its deadlines, deposit, opening record and result."""

    states = States(
        State("noticed", _("Noticed"), "secondary"),
        State("registered", _("Registered"), "blue"),
        State("submitted", pgettext_lazy("tender", "Submitted"), "cyan"),
        State("opened", _("Bids opened"), "indigo"),
        State("awarded", _("Awarded"), "green", end=True),
        State("lost", _("Tender lost"), "red", end=True),
        State("voided", _("Tender void"), "secondary", end=True),
        State("abandoned", _("Abandoned"), "secondary", end=True),
    )
    home_stage = "solution"
    code_prefix = "TN"
    # The verb `open` (of the bids) is asked for by the same word as opening a record.
    open_who = ("ar", "sr", "@is_bid_manager")
    opened_on = "project"
    edit_who = BIDDERS
    edit_states = ("noticed", "registered")

    state = StateField(states)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="tenders", verbose_name=_("project")
    )
    solution = models.ForeignKey(
        "solutions.Solution",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tenders",
        verbose_name=_("solution"),
    )
    number = models.CharField(_("tender number"), max_length=80, blank=True)
    lot = models.CharField(_("lot"), max_length=80, blank=True)
    agency = models.CharField(_("tender agency"), max_length=200, blank=True)
    published_on = models.DateField(_("published on"), null=True, blank=True)
    questions_until_at = models.DateTimeField(_("questions until"), null=True, blank=True)
    deadline_at = models.DateTimeField(_("bid deadline"))
    opens_at = models.DateTimeField(_("bid opening"), null=True, blank=True)
    place = models.CharField(_("place or platform"), max_length=200, blank=True)
    method = TermField("scoring", _("scoring method"))
    self_score = models.DecimalField(_("own score expected"), max_digits=5, decimal_places=2, null=True, blank=True)
    ceiling_gross_amount = MoneyField(
        _("ceiling price (incl. tax)"), null=True, blank=True, validators=[MinValueValidator(ZERO)]
    )
    our_gross_amount = MoneyField(
        _("our price (incl. tax)"), null=True, blank=True, validators=[MinValueValidator(ZERO)]
    )
    needs_deposit = models.BooleanField(_("deposit required"), default=False)
    deposit = models.ForeignKey(
        "finance.Deposit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("deposit"),
    )
    documents_review = models.TextField(_("review of the bid documents"), blank=True, editable=False)
    documents_review_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("reviewed by"),
    )
    documents_review_at = models.DateTimeField(_("reviewed at"), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True, editable=False)
    # The opening record: [{bidder, gross_amount, score}].
    prices = models.JSONField(_("prices opened"), default=list, blank=True, editable=False)
    award_notice_on = models.DateField(_("award notice of"), null=True, blank=True, editable=False)
    contract_due_on = models.DateField(_("contract due by"), null=True, blank=True, editable=False)
    winner = models.CharField(_("winner"), max_length=200, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("tender")
        verbose_name_plural = _("tenders")
        constraints = [
            models.CheckConstraint(
                name="tender_opens_after_deadline",
                condition=Q(opens_at__isnull=True) | Q(opens_at__gte=models.F("deadline_at")),
                violation_error_message=_("Bids are opened after the deadline."),
            )
        ]
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["case"], name="tender_by_case"),
            models.Index(
                fields=["deadline_at"], condition=Q(state__in=("noticed", "registered")), name="tender_by_deadline"
            ),
        ]

    @verb(
        source="noticed",
        target="registered",
        label=_("Register"),
        who=BIDDERS,
        checks=("before_deadline", "register_gaps"),
        primary=True,
    )
    def register(self) -> None:
        """We take part: documents bought, registered with the agency."""

    @verb(
        source="registered",
        target="submitted",
        label=_("Submit bid"),
        who=BIDDERS,
        checks=("before_deadline", "submit_gaps"),
        primary=True,
    )
    def submit(self) -> None:
        """The sealed bid is handed in before the deadline."""
        self.submitted_at = timezone.now()

    @verb(source="submitted", target="opened", label=_("Record bid opening"), who=open_who, primary=True)
    def open(self) -> None:
        """The bids were opened; everybody's price is known."""

    @verb(
        source="opened", target="awarded", label=_("Awarded to us"), who=BIDDERS, checks=("award_gaps",), primary=True
    )
    def award(self) -> None:
        """The award notice names us: the contract is due within 30 days."""

    @verb(source="opened", target="lost", label=_("Tender lost"), who=BIDDERS, note=True, danger=True)
    def lose(self) -> None:
        """The award notice names somebody else."""

    @verb(source="opened", target="voided", label=_("Tender void"), who=BIDDERS, note=True, danger=True)
    def void(self) -> None:
        """The tender failed (流标) or our bid was rejected as invalid (废标)."""

    @verb(source=states.open, target="abandoned", label=_("Abandon"), who=BIDDERS, note=True, danger=True)
    def abandon(self) -> None:
        """We do not go on bidding."""

    # Who ---------------------------------------------------------------------------------------
    def is_bid_manager(self, actor: Actor) -> bool:
        """The bid centre's people."""
        return actor.user is not None and actor.user.has_role("bid_manager")

    def may_review_documents(self, actor: Actor) -> bool:
        """Somebody else than the one who keeps the tender."""
        if actor.user is None or actor.user_id in (self.owner_id, self.created_by_id):
            return False
        return bool(seats_of(self.case_id, actor)) or self.is_bid_manager(actor)

    # Checks ------------------------------------------------------------------------------------
    def before_deadline(self) -> list[str]:
        """To the minute."""
        if timezone.now() <= self.deadline_at:
            return []
        moment = timezone.localtime(self.deadline_at).strftime("%Y-%m-%d %H:%M")
        return [_t("The deadline has passed at %(moment)s.") % {"moment": moment}]

    def register_gaps(self) -> list[str]:
        """What the agency asks for at registration."""
        return [] if self.number.strip() else [_t("The tender number is missing.")]

    def submit_gaps(self) -> list[Reason]:
        """What must stand before the bid leaves the house."""
        from solutions import checks

        return checks.tender_gaps(self)

    def award_gaps(self) -> list[str]:
        """The notice's day starts the 30 days to the contract."""
        return [] if self.award_notice_on else [_t("The day of the award notice is missing.")]

    def searchable(self) -> str:
        return search_text(self.code, self.number, self.title, self.agency)

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.our_gross_amount or ZERO}
