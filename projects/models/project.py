"""立项: the project, the spine that every stage's record hangs on, from initiation to closing."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, RETURN_VALUE, transition

from accounts.actor import Actor
from approvals.models import ApprovalRequest, Decision
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from core.money import format_money
from core.text import search_text
from process import stages
from process.access import seats_of
from process.machine import ProtectedField, State, StateField, States, review, verb
from process.models import CaseRecord, Reviewed, Seat, StageRecord
from projects.blockers import open_above

if TYPE_CHECKING:
    from accounts.models import User

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
# Stages a project may stand in before a customer and an amount are known.
EARLY_STAGES = ("initiation", "guidance")
# What a board shows, few beside all projects that ever were, and what it adds up, kept in its indexes.
RUNNING = Q(state__in=("draft", "in_review", "approved", "suspended"))
WORTH = ("gross_amount", "currency")
# What opens each stage: the kind of document whose decision is the gate. The stages above are not imported.
GATES = {"guidance": "projects.project", "contract": "solutions.solution", "delivery": "contracts.contract"}


class Level(models.TextChoices):
    """How much a project matters: by amount, or by strategy."""

    A = "A", _("A strategic, from 10 million")
    B = "B", _("B major, 3 to 10 million")
    C = "C", _("C ordinary, 0.5 to 3 million")
    D = "D", _("D small, below 0.5 million")

    @classmethod
    def of_amount(cls, amount: Decimal | None) -> str:
        """The level an amount suggests."""
        for level, floor in ((cls.A, 10_000_000), (cls.B, 3_000_000), (cls.C, 500_000)):
            if amount is not None and amount >= floor:
                return str(level)
        return str(cls.D)


class Project(Reviewed):
    """One deal from 立项 to 关闭; the stage says where it is, the records of each stage say what."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("approved", _("Approved"), "blue"),
        State("suspended", _("Suspended"), "yellow"),
        State("lost", _("Lost"), "red", end=True),
        State("cancelled", _("Cancelled"), "secondary", end=True),
        State("rejected", _("Rejected"), "red", end=True),
        State("closed", _("Closed"), "green", end=True),
    )
    home_stage = "initiation"
    code_prefix = "PJ"
    open_who = ("ar", "@is_account_manager")
    edit_who = ("ar", "owner")
    edit_states = ("draft", "approved", "suspended")
    watched_fields = ("objectives", "scope", "level", "gross_amount", "target_margin", "presales_net_budget")
    cost_fields = ("presales_net_budget", "target_margin")

    state = StateField(states)
    stage = ProtectedField(
        _("stage"),
        default="initiation",
        choices=[(code, stages.BY_CODE[code].label) for code in stages.PROJECT_STAGES],
    )
    lead = models.OneToOneField(
        "leads.Lead",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="project",
        verbose_name=_("lead"),
        editable=False,
    )
    book = models.OneToOneField(
        "finance.CostBook",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="project",
        verbose_name=_("cost book"),
        editable=False,
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
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("signing customer"),
        help_text=_("Who signs with us; often an integrator and not the end user."),
    )
    objectives = models.TextField(_("objectives"), blank=True, max_length=4000)
    scope = models.TextField(_("scope"), blank=True, max_length=4000)
    project_type = TermField("project_type", _("project type"))
    level = models.CharField(_("level"), max_length=1, choices=Level, blank=True)
    variant = TermField("variant", _("variant"), help_text=_("Decides which stages apply."))
    gross_amount = MoneyField(
        _("expected amount (incl. tax)"), null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    funding = TermField("funding", _("funding"))
    purchase_method = TermField("purchase_method", _("purchase method"))
    win_probability = models.PositiveSmallIntegerField(
        _("win probability %"), null=True, blank=True, validators=PERCENT
    )
    competitors = models.TextField(_("competitors"), blank=True, max_length=1000)
    risks = models.TextField(_("risks"), blank=True, max_length=4000)
    expected_sign_on = models.DateField(_("expected signature"), null=True, blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    presales_net_budget = MoneyField(
        _("presales budget (excl. tax)"), null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    target_margin = models.DecimalField(_("target margin %"), max_digits=6, decimal_places=2, null=True, blank=True)
    resume_on = models.DateField(_("resumes on"), null=True, blank=True, editable=False)
    left_state = models.CharField(max_length=20, blank=True, editable=False)
    lost_reason = TermField("lost", _("lost because"), editable=False)
    competitor = models.CharField(_("lost to"), max_length=200, blank=True, editable=False)
    cancel_reason = TermField("cancelled", _("cancelled because"), editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.CheckConstraint(
                name="project_knows_customer_and_amount",
                condition=Q(customer__isnull=False, gross_amount__isnull=False)
                | Q(stage__in=EARLY_STAGES)
                | Q(state__in=("lost", "cancelled", "rejected"))
                | Q(imported=True),
                violation_error_message=_("From the solution stage on, customer and amount must be known."),
            ),
            models.CheckConstraint(
                name="project_ends_after_start",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("The end lies before the start."),
            ),
            models.CheckConstraint(name="project_stage_known", condition=Q(stage__in=stages.PROJECT_STAGES)),
        ]
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["stage", "-id"], name="project_by_stage"),
            models.Index(fields=["state", "-id"], name="project_by_state"),
            models.Index(fields=["case", "-id"], name="project_by_case"),
            models.Index(fields=["owner", "-id"], name="project_by_owner"),
            models.Index(fields=["department", "-id"], name="project_by_department"),
            models.Index(fields=["stage", "-id"], condition=RUNNING, include=WORTH, name="project_running"),
            models.Index(
                fields=["department", "stage", "-id"],
                condition=RUNNING,
                include=WORTH,
                name="project_running_by_department",
            ),
            models.Index(
                fields=["owner", "stage", "-id"], condition=RUNNING, include=WORTH, name="project_running_by_owner"
            ),
            models.Index(
                fields=["case"], condition=RUNNING, include=("id", "stage", *WORTH), name="project_running_by_case"
            ),
            models.Index(F("gross_amount").desc(nulls_last=True), F("id").desc(), name="project_by_amount"),
            models.Index(fields=["resume_on"], condition=Q(state="suspended"), name="project_to_resume"),
        ]

    # Verbs -------------------------------------------------------------------------------------
    submit, approve, send_back, withdraw, reject = review(submit_who=("ar",), submit_checks=("ready",))

    @verb(
        source="approved",
        target="suspended",
        label=_("Suspend"),
        who=("ar", "director"),
        checks=("has_resume_day",),
        note=True,
    )
    def suspend(self) -> None:
        """The customer pauses; the project sleeps until its resume date."""

    @verb(source="suspended", target="approved", label=_("Resume"), who=("ar", "director", "system"), primary=True)
    def resume(self) -> None:
        """The customer goes on."""
        self.resume_on = None

    @verb(
        source=states.open,
        target="lost",
        label=_("Lose"),
        who=("ar", "director"),
        checks=("loss_checks", "nothing_open"),
        note=True,
        danger=True,
    )
    def lose(self) -> None:
        """The customer bought elsewhere."""
        self.left_state = self.state

    @verb(
        source=states.open,
        target="cancelled",
        label=_("Cancel"),
        who=("ar", "director"),
        checks=("cancel_checks", "nothing_open"),
        note=True,
        danger=True,
    )
    def cancel(self) -> None:
        """The deal will not happen with anybody."""
        self.left_state = self.state

    @verb(
        source=("lost", "cancelled", "rejected"),
        target=GET_STATE(lambda self: self.state_to_return_to, states=["draft", "approved", "suspended"]),
        label=_("Reopen"),
        who=("@is_gate_approver",),
        note=True,
    )
    def reopen(self) -> None:
        """The gate's approver takes the deal up again where it was left."""

    @verb(
        source="approved",
        target="closed",
        label=_("Close"),
        who=("anyone", "system"),
        checks=("accounts_final",),
        hidden=True,
    )
    def close(self) -> None:
        """The final accounts are final: closing closes the project."""

    # The stage: fired by projects.services.enter_stage and step_back alone.
    @transition(field="stage", source=list(stages.PROJECT_STAGES[:-1]), target=RETURN_VALUE(*stages.PROJECT_STAGES[1:]))
    def enter(self, stage: str) -> str:
        """The project goes forward to `stage`."""
        return stage

    @transition(field="stage", source=list(stages.PROJECT_STAGES[1:]), target=RETURN_VALUE(*stages.PROJECT_STAGES[:-1]))
    def fall_back(self, stage: str) -> str:
        """The project goes back to `stage`."""
        return stage

    # Reading -----------------------------------------------------------------------------------
    @property
    def state_to_return_to(self) -> str:
        """What a reopened project becomes; a decision that ended is not running again, so it starts as a draft."""
        return self.left_state if self.left_state in ("approved", "suspended") else "draft"

    @property
    @admin.display(description=_("Stage"))
    def stage_label(self) -> str:
        return stages.label(self.stage)

    @property
    @admin.display(description=_("Customer"))
    def customer_name(self) -> str:
        party = self.customer or self.end_user
        return party.title if party else ""

    @classmethod
    def visibility(cls, user: "User") -> Q:
        """Beside the team: the heads of departments whose people are asked for."""
        seen = super().visibility(user)
        if user.department_ids:
            from projects.models.parts import ResourceNeed

            asked = ResourceNeed.objects.filter(department_id__in=user.department_ids).values("project_id")
            seen |= Q(pk__in=asked)
        return seen

    def searchable(self) -> str:
        parties = {party.title for party in (self.customer, self.end_user) if party is not None}
        return search_text(self.code, self.title, *sorted(parties))

    def seat_holder_ids(self) -> dict[str, int]:
        """Who holds which seat of the case: {role: user id}."""
        return dict(Seat.objects.current().filter(case_id=self.case_id).values_list("role", "user_id"))

    # Who ---------------------------------------------------------------------------------------
    def is_account_manager(self, actor: Actor) -> bool:
        """A sales person may initiate a project without a lead (renewal, retrospective)."""
        return actor.user is not None and actor.user.has_role("ar")

    def is_director(self, actor: Actor) -> bool:
        """The project's director, or a director of the company."""
        if actor.user is None:
            return False
        return actor.user.has_role("director") or "director" in seats_of(self.case_id, actor)

    def is_gate_approver(self, actor: Actor) -> bool:
        """Whoever was authorised to decide on this case's gates; before any decision, a director."""
        if actor.user is None:
            return False
        asked = Decision.objects.filter(
            kind=Decision.Kind.DECISION,
            request__in=ApprovalRequest.objects.filter(case_id=self.case_id, document_kind__in=GATES.values()),
        )
        people = {pk for one in asked.values_list("assignees", flat=True) for pk in one}
        return bool(people & actor.user.acting_ids) if people else self.is_director(actor)

    def heads_owner(self, actor: Actor) -> bool:
        """Heads the department (or one above it) that the project belongs to."""
        return actor.user is not None and self.department_id in actor.user.department_ids

    def may_offer_again(self, actor: Actor) -> bool:
        """The account manager, while the approved project stands in initiation with nothing at the counter."""
        from projects.selectors import open_offer

        if self.stage != "initiation" or open_offer(self) is not None or actor.user is None:
            return False
        return "ar" in seats_of(self.case_id, actor) or self.owner_id in actor.user.acting_ids

    def may_step_back(self, actor: Actor) -> bool:
        """A gate approver, once there is a stage to go back to."""
        return self.stage != "initiation" and self.is_gate_approver(actor)

    def is_asked_department_head(self, actor: Actor) -> bool:
        """Heads a department (or one above it) whose people this project asks for."""
        if actor.user is None or self.pk is None:
            return False
        heads = actor.user.department_ids
        return bool(heads) and any(
            need.department_id in heads and need.confirmed_at is None for need in self.resource_needs.all()
        )

    # Checks ------------------------------------------------------------------------------------
    def ready(self) -> list[Reason]:
        """Everything ATI asks for, named at once."""
        from projects import checks

        return checks.initiation_gaps(self)

    def nothing_open(self) -> list[Reason]:
        """No record of a later stage may still be open: it is ended first, by its own verb."""
        return [
            Reason(_t("%(record)s is still open.") % {"record": f"{one.code} {one.title}"}, one.url)
            for one in open_above(self.case_id)
        ]

    def has_resume_day(self) -> list[str]:
        """A pause has an end, else it is a loss nobody dares to name."""
        return [] if self.resume_on else [_t("Please say when the project is to be resumed.")]

    def loss_checks(self) -> list[str]:
        """Why it was lost is what the company learns from."""
        return [] if self.lost_reason_id else [_t("Please choose why it was lost.")]

    def cancel_checks(self) -> list[str]:
        """Why it was cancelled."""
        return [] if self.cancel_reason_id else [_t("Please choose why it was cancelled.")]

    def accounts_final(self) -> list[str]:
        """Only final accounts close a project."""
        final = CaseRecord.objects.filter(case_id=self.case_id, kind="closing.closing", state="final")
        return [] if final.exists() else [_t("The final accounts are not final yet.")]

    # For deciders ------------------------------------------------------------------------------
    def measures(self) -> dict[str, Any]:
        from projects.selectors import estimate_margin

        margin = estimate_margin(self)
        return {
            "gross_amount": self.gross_amount or Decimal(0),
            "margin": self.target_margin if margin is None else margin,
            "credit": self.customer.credit if self.customer else None,
        }

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        margin = self.measures()["margin"]
        return [
            (_("Expected amount"), format_money(self.gross_amount, self.currency) if self.gross_amount else "–"),
            (_("Estimated margin"), f"{margin} %" if margin is not None else "–"),
            (_("Presales budget"), format_money(self.presales_net_budget, self.currency)),
            (_("Win probability"), f"{self.win_probability} %" if self.win_probability is not None else "–"),
            (_("Expected signature"), self.expected_sign_on.isoformat() if self.expected_sign_on else "–"),
        ]

    def sheet_url(self) -> str:
        """The one-page decision sheet for ATI."""
        return reverse("projects:decision-sheet", args=[self.pk])
