"""Leads 线索: from a first signal to a need that is worth a project; the pool 公海 of those nobody holds."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import GET_STATE

from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from core.dictionary import Term, TermField
from core.fields import MoneyField
from core.money import format_money
from core.text import search_text
from customers import names
from customers.models import Customer
from leads.checks import LeadChecks
from leads.policy import PoolPolicy
from process.machine import State, StateField, States, verb
from process.models import RecordQuerySet, StageRecord

__all__ = ["FollowUp", "Lead", "PoolPolicy"]

# What a board adds up: kept in its indexes, so that a thousand rows are summed without reading them.
WORTH = ("gross_amount", "currency")


class LeadQuerySet(RecordQuerySet):
    """What lists of leads can say about themselves."""

    def held(self) -> "LeadQuerySet":
        """Leads that count towards a person's holding capacity."""
        return self.filter(state__in=("assigned", "working", "nurturing"))

    def next_act_overdue(self, on: dt.date | None = None) -> "LeadQuerySet":
        """Leads in work whose next act was promised for a day that has passed."""
        return self.filter(state__in=("assigned", "working"), next_action_on__lt=on or today())

    def unanswered(self) -> "LeadQuerySet":
        """Leads given to somebody who has not made the first contact in time."""
        return self.filter(state="assigned", first_response_due_at__lt=timezone.now())


class Lead(LeadChecks, StageRecord):
    """A signal that somebody may buy. It has no owner until it is assigned or picked."""

    class Temperature(models.TextChoices):
        COLD = "cold", _("Cold")
        WARM = "warm", _("Warm")
        HOT = "hot", _("Hot")

    states = States(
        State("new", pgettext_lazy("lead state", "New"), "blue"),
        State("assigned", _("Assigned"), "cyan"),
        State("working", pgettext_lazy("lead state", "Working"), "azure"),
        State("nurturing", _("Nurturing"), "purple"),
        State("pooled", _("In the pool"), "orange"),
        State("qualified", _("Qualified"), "lime"),
        State("invalid", _("Invalid"), "secondary", idle=True),
        State("converted", _("Became a project"), "green", end=True),
        State("merged", _("Merged"), "secondary", end=True),
    )
    home_stage = "lead"
    code_prefix = "LD"
    owner_defaults_to_actor = False
    edit_who = ("owner", "lead_manager", "@is_collector")
    edit_states = ("new", "assigned", "working", "nurturing", "pooled")

    state = StateField(states)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("customer")
    )
    company_name = models.CharField(_("company"), max_length=200)
    tax_id = models.CharField(_("unified social credit code"), max_length=30, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    source = TermField("lead.source", _("source"))
    industry = TermField("industry", _("industry"))
    region = models.CharField(_("region"), max_length=60, blank=True)
    need = models.TextField(_("need"), blank=True)
    product_interest = models.CharField(_("interested in"), max_length=200, blank=True)
    gross_amount = MoneyField(_("expected amount incl. tax"), null=True, blank=True, validators=[MinValueValidator(0)])
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    temperature = models.CharField(_("temperature"), max_length=10, choices=Temperature, default=Temperature.COLD)
    budget_known = models.BooleanField(_("budget known"), default=False)
    decision_maker_known = models.BooleanField(_("decision maker known"), default=False)
    expected_on = models.DateField(_("expected decision"), null=True, blank=True)
    next_action = models.CharField(_("next act"), max_length=200, blank=True)
    next_action_on = models.DateField(_("next act on"), null=True, blank=True)
    wake_on = models.DateField(_("wake on"), null=True, blank=True, editable=False)
    hold_reason = TermField("lead.hold", _("why it waits"), editable=False)
    first_response_due_at = models.DateTimeField(_("first response due"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("first response"), null=True, blank=True, editable=False)
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True, editable=False)
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True, editable=False)
    pooled_at = models.DateTimeField(_("in the pool since"), null=True, blank=True, editable=False)
    pool_reason = models.CharField(_("why it is in the pool"), max_length=200, blank=True, editable=False)
    previous_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("previous owner"),
        editable=False,
    )
    picked_at = models.DateTimeField(_("picked at"), null=True, blank=True, editable=False)
    invalid_reason = TermField("lead.invalid", _("why it is invalid"), editable=False)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_leads",
        verbose_name=_("merged into"),
        editable=False,
    )
    left_state = models.CharField(max_length=20, blank=True, editable=False)
    # What the survivor took over when this lead was merged, so that the merge can be undone.
    absorbed = models.JSONField(default=dict, blank=True, editable=False)
    book = models.ForeignKey(
        "finance.CostBook",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cost book"),
        editable=False,
    )
    origin_text = models.CharField(_("origin"), max_length=200, blank=True)
    external_ref = models.CharField(_("external reference"), max_length=120, null=True, blank=True, unique=True)
    name_key = models.CharField(max_length=200, default="", editable=False)
    phone_key = models.CharField(max_length=20, default="", editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.CheckConstraint(
                condition=Q(imported=True)
                | Q(owner__isnull=False)
                | ~Q(state__in=("assigned", "working", "nurturing", "qualified", "converted")),
                name="lead_in_work_has_owner",
            ),
            models.CheckConstraint(
                condition=(Q(state="merged") & Q(merged_into__isnull=False))
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="merged_lead_has_survivor",
            ),
            models.CheckConstraint(
                condition=Q(state="nurturing", wake_on__isnull=False) | ~Q(state="nurturing") | Q(imported=True),
                name="nurturing_lead_wakes",
            ),
        ]
        indexes = [
            *StageRecord.Meta.indexes,
            # Columns of a board are counted and added up out of these alone, for each reason to see a lead.
            models.Index(fields=["state", "-id"], include=WORTH, name="lead_by_state"),
            models.Index(fields=["owner", "state", "-id"], include=WORTH, name="lead_by_owner_state"),
            models.Index(fields=["department", "state", "-id"], include=WORTH, name="lead_by_department_state"),
            models.Index(fields=["created_by", "state", "-id"], include=WORTH, name="lead_by_creator_state"),
            models.Index(fields=["owner", "id"], name="lead_by_owner"),
            models.Index(fields=["department", "id"], name="lead_by_department"),
            models.Index(fields=["case"], include=("id", "state", *WORTH), name="lead_by_case"),
            models.Index(fields=["name_key"], name="lead_by_name"),
            models.Index(fields=["phone_key"], condition=~Q(phone_key=""), name="lead_by_phone"),
            models.Index(fields=["email"], condition=~Q(email=""), name="lead_by_mail"),
            models.Index(fields=["tax_id"], condition=~Q(tax_id=""), name="lead_by_tax_id"),
            models.Index(fields=["next_action_on", "id"], name="lead_by_next_act"),
            # What is due on somebody's home page: the earliest of a person's leads, not of everybody's.
            models.Index(
                fields=["owner", "next_action_on"],
                condition=Q(state__in=("new", "assigned", "working", "nurturing", "pooled", "qualified")),
                name="lead_due_by_owner",
            ),
            models.Index(fields=["wake_on"], condition=Q(state="nurturing"), name="lead_to_wake"),
        ]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """Beside one's own: what one collected; the pool for account managers; everything for lead managers."""
        if user.has_role("lead_manager"):
            return Q()
        seen = super().visibility(user) | Q(created_by_id__in=user.acting_ids)
        if user.has_role("ar"):
            seen |= Q(state="pooled")
        return seen

    def searchable(self) -> str:
        customer = self.customer.title if self.customer_id else ""
        contact = (self.contact_name, self.phone, self.phone_key, self.email)
        return search_text(self.code, self.title, self.company_name, customer, *contact, self.external_ref)

    @staticmethod
    def comparable(values: dict[str, Any]) -> dict[str, str]:
        """The comparable forms kept beside the company, phone, mail and tax id that were typed."""
        made = {}
        if "company_name" in values:
            made["name_key"] = names.key_of(values["company_name"])[:200]
        if "phone" in values:
            made["phone_key"] = names.phone_key(values["phone"])
        if "email" in values:
            made["email"] = (values["email"] or "").strip().lower()
        if "tax_id" in values:
            made["tax_id"] = names.tidy_tax_id(values["tax_id"])
        return made

    # People ----------------------------------------------------------------------------------------
    def is_collector(self, actor: Actor) -> bool:
        """Whoever brought the lead in may complete it until somebody works on it."""
        return self.state == "new" and actor.user is not None and self.created_by_id in actor.user.acting_ids

    def is_account_manager(self, actor: Actor) -> bool:
        """Account managers may pick from the pool."""
        return actor.user is not None and actor.user.has_role("ar")

    def may_undo_merge(self, actor: Actor) -> bool:
        """The owner of either lead, or a lead manager, may separate them again."""
        if actor.user is None:
            return False
        owners = {self.owner_id, self.merged_into.owner_id if self.merged_into else None} - {None}
        return actor.user.has_role("lead_manager") or bool(owners & actor.user.acting_ids)

    # Figures ---------------------------------------------------------------------------------------
    @property
    def score(self) -> int:
        """How ripe the lead is, 0 to 100, by what is known about it."""
        known = (
            (bool(self.need.strip()), 20),
            (bool(self.phone or self.email), 15),
            (self.budget_known, 20),
            (self.decision_maker_known, 15),
            (self.gross_amount is not None, 10),
            (self.expected_on is not None, 10),
            (self.temperature == self.Temperature.HOT, 10),
            (self.temperature == self.Temperature.WARM, 5),
        )
        return sum(points for is_known, points in known if is_known)

    @property
    def last_activity_at(self) -> dt.datetime:
        """When somebody last did something about it, for the pool's clock."""
        return max(filter(None, (self.last_contact_at, self.assigned_at, self.started_at)), default=self.created_at)

    @property
    def is_overdue(self) -> bool:
        """The next act was promised for a day that has passed."""
        working = self.state in ("assigned", "working")
        return working and self.next_action_on is not None and self.next_action_on < today()

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: Actor) -> list[tuple[str, str]]:
        amount = format_money(self.gross_amount) if self.gross_amount is not None else "–"
        return [(str(_("Expected amount incl. tax")), amount), (str(_("Score")), str(self.score))]

    # Verbs -----------------------------------------------------------------------------------------
    @verb(source=("new", "pooled"), target="assigned", label=_("Assign"), who=("lead_manager", "system"), primary=True)
    def assign(self) -> None:
        """A lead manager (or the routing of phase-2 needs) gives it to an account manager; the clock starts."""

    @verb(source="pooled", target="assigned", label=_("Pick"), who=("@is_account_manager",), primary=True)
    def pick(self) -> None:
        """An account manager takes the lead out of the pool, within limits."""

    @verb(source="assigned", target="working", label=_("Start"), who=("owner",), primary=True)
    def start(self) -> None:
        """The first contact is made: the clock stops."""

    @verb(
        source="working",
        target="qualified",
        label=_("Qualify"),
        who=("owner",),
        checks=("qualify_checks",),
        primary=True,
    )
    def qualify(self) -> None:
        """The need is real: the lead is offered to initiation."""

    @verb(source="nurturing", target="working", label=_("Wake"), who=("owner", "system"), primary=True)
    def wake(self) -> None:
        """The waiting is over."""
        self.wake_on = None

    @verb(
        source=("assigned", "working"),
        target="nurturing",
        label=_("Nurture"),
        who=("owner",),
        checks=("wake_checks",),
    )
    def nurture(self) -> None:
        """Not ripe yet: it sleeps until a day."""

    @verb(
        source=("new", "assigned", "working", "nurturing"),
        target="pooled",
        label=_("Put into the pool"),
        who=("lead_manager", "system"),
    )
    def pool(self) -> None:
        """Nobody holds it any longer: account managers may pick it."""

    @verb(
        source=tuple(code for code in states.open if code != "invalid"),
        target="invalid",
        label=_("Invalidate"),
        who=("owner", "lead_manager"),
        checks=("reason_checks", "offer_checks"),
        note=True,
        danger=True,
    )
    def invalidate(self) -> None:
        """There is no business in it; it can be reopened."""

    @verb(
        source="invalid",
        target="working",
        label=_("Reopen"),
        who=("lead_manager",),
        checks=("owner_checks",),
        note=True,
        primary=True,
    )
    def reopen(self) -> None:
        """It was a lead after all; its first source stays."""

    @verb(
        source="qualified",
        target="working",
        label=_("Back to work"),
        who=("anyone", "system"),
        checks=("came_back_checks",),
        hidden=True,
    )
    def requalify(self) -> None:
        """The handover came back: the lead is worked on again."""

    @verb(
        source="qualified",
        target="converted",
        label=_("Convert into a project"),
        who=("anyone", "system"),
        checks=("taken_checks",),
        hidden=True,
    )
    def convert(self) -> None:
        """A project goes on from here; fired by the taking of the handover only."""

    @verb(
        source=states.open,
        target="merged",
        label=_("Merge into another lead"),
        who=("owner", "lead_manager"),
        checks=("survivor_checks", "offer_checks"),
        danger=True,
    )
    def merge(self) -> None:
        """Two leads were one: this one becomes a tombstone that leads to the survivor."""
        self.left_state = self.state

    @verb(
        source="merged",
        target=GET_STATE(lambda self: self.left_state, states=states.open),
        label=_("Undo the merge"),
        who=("@may_undo_merge",),
        checks=("undo_checks",),
    )
    def undo_merge(self) -> None:
        """They were two after all: this lead goes back to the state it left."""
        self.merged_into = None


class FollowUp(models.Model):
    """One contact with the customer of a lead and what was agreed to do next."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="follow_ups", verbose_name=_("lead"))
    kind = models.ForeignKey(
        Term,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"dictionary": "activity"},
        verbose_name=_("kind of contact"),
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    text = models.TextField(_("what was said"))
    next_action = models.CharField(_("next act"), max_length=200, blank=True)
    next_action_on = models.DateField(_("next act on"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    # Set when two leads were merged: the lead this contact was made on.
    moved_from = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="moved_follow_ups")

    class Meta:
        verbose_name = _("contact made")
        verbose_name_plural = _("contacts made")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["lead", "-at"], name="follow_up_by_lead")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"
