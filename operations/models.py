"""Operations' tables: the service agreement with the installed base, inspections and tickets."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE

from core.calendar import today
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from finance.models import CostBook
from process.machine import State, StateField, States, verb
from process.models import StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User

# A closed ticket can be taken up again within so many days; later it is a new fault.
REOPEN_DAYS = 15


class Serviced:
    """What everybody of the service desk may see and do, beside the seats of the case."""

    def is_service_desk(self, actor: "Actor") -> bool:
        """Service managers and engineers of the company."""
        return actor.user is not None and bool(actor.user.role_codes & {"service", "engineer"})

    @classmethod
    def visibility(cls, user: "User") -> Q:
        if user.role_codes & {"service", "engineer"}:
            return Q(pk__isnull=False)
        return super().visibility(user)  # type: ignore[misc]


class ServiceAgreement(Serviced, StageRecord):
    """What we owe the customer after acceptance: warranty first, paid service after it."""

    states = States(
        State("preparing", _("Preparing"), "blue"),
        State("in_warranty", _("In warranty"), "green"),
        State("in_service", _("In service"), "teal"),
        State("expired", _("Expired"), "secondary", end=True),
        State("terminated", _("Terminated"), "red", end=True),
    )
    home_stage = "operations"
    code_prefix = "SA"
    open_who = ("service", "@is_service_desk", "fr")
    edit_who = ("service", "owner", "@is_service_desk")

    state = StateField(states)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="agreements", verbose_name=_("project")
    )
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="agreements", verbose_name=_("customer")
    )
    contract = models.ForeignKey(
        "contracts.Contract",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="agreements",
        verbose_name=_("contract"),
    )
    order = models.ForeignKey(
        "delivery.DeliveryOrder",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="agreements",
        verbose_name=_("delivery order"),
        editable=False,
    )
    previous = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewals",
        verbose_name=_("renews"),
        editable=False,
    )
    # The service agreement's own costs, once paid service has begun; warranty is charged to the project's book.
    book = models.ForeignKey(
        CostBook, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    cover = TermField("cover", _("cover"))
    scope = models.TextField(_("scope"), blank=True)
    warranty_from = models.DateField(_("warranty from"), null=True, blank=True)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    warranty_ended_on = models.DateField(_("warranty end confirmed on"), null=True, blank=True, editable=False)
    service_until = models.DateField(_("service until"), null=True, blank=True)
    gross_yearly_amount = MoneyField(_("yearly fee (incl. tax)"), null=True, blank=True)

    class Meta(StageRecord.Meta):
        verbose_name = _("service agreement")
        verbose_name_plural = _("service agreements")
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["warranty_until"], name="agreement_by_warranty_end")]
        constraints = [
            models.CheckConstraint(
                condition=Q(warranty_from__isnull=True)
                | Q(warranty_until__isnull=True)
                | Q(warranty_until__gte=models.F("warranty_from")),
                name="warranty_ends_after_it_begins",
            )
        ]

    def searchable(self) -> str:
        return f"{super().searchable()} {self.customer}"

    @property
    def runs_round_the_clock(self) -> bool:
        """7×24: natural hours count, through nights and holidays."""
        return bool(self.cover_id) and self.cover.code == "7x24"

    def cost_book(self) -> CostBook | None:
        """Where a ticket's cost goes: the project's book in warranty, the agreement's own after it."""
        return self.book if self.book_id else self.project.book

    def start_checks(self) -> list[Any]:
        """What is promised, for what and how long."""
        wanted = (
            (self.cover_id, _t("The cover is missing.")),
            (self.warranty_from and self.warranty_until, _t("The warranty dates are missing.")),
            (self.items.exists(), _t("The installed base is empty.")),
        )
        return [text for value, text in wanted if not value]

    def serve_checks(self) -> list[Any]:
        """The warranty is over and confirmed, and a term of service is agreed."""
        reasons: list[Any] = []
        if self.warranty_until and self.warranty_until >= today():
            reasons.append(_t("The warranty runs until %(day)s.") % {"day": self.warranty_until})
        if self.warranty_ended_on is None and self.warranty_until:
            reasons.append(_t("The end of the warranty is not confirmed."))
        return reasons

    def end_checks(self) -> list[Any]:
        """No ticket may be left open."""
        waiting = self.tickets.filter(state__in=Ticket.states.active)[:20]
        return [
            Reason(_t("%(ticket)s is still open.") % {"ticket": one}, link=one.get_absolute_url()) for one in waiting
        ]

    def expire_checks(self) -> list[Any]:
        """The agreed time is over."""
        reasons = self.end_checks()
        if self.service_until and self.service_until >= today():
            reasons.insert(0, _t("The service runs until %(day)s.") % {"day": self.service_until})
        return reasons

    def renew_checks(self) -> list[Any]:
        """It is renewed once."""
        found = self.renewals.exclude(state__in=self.states.ends).first()
        if found is None:
            return []
        return [Reason(_t("It is renewed by %(agreement)s.") % {"agreement": found}, link=found.get_absolute_url())]

    @verb(
        source="preparing",
        target="in_warranty",
        label=_("Start warranty"),
        who=("service", "owner", "@is_service_desk"),
        checks=("start_checks",),
        primary=True,
    )
    def start(self) -> None:
        """Documents, contacts and installed base are there: the warranty runs."""

    @verb(
        source="in_warranty",
        target="in_service",
        label=_("Start service"),
        who=("service", "owner", "@is_service_desk", "system"),
        checks=("serve_checks",),
        primary=True,
    )
    def serve(self) -> None:
        """The warranty is over; from now on service is paid for, or runs out."""

    @verb(
        source="in_service",
        target="expired",
        label=_("Expire"),
        who=("service", "owner", "@is_service_desk", "system"),
        checks=("expire_checks",),
    )
    def expire(self) -> None:
        """The agreed time is over."""

    @verb(
        source="in_service",
        target="terminated",
        label=_("Terminate"),
        who=("service", "owner", "@is_service_desk"),
        checks=("end_checks",),
        note=True,
        danger=True,
    )
    def terminate(self) -> None:
        """Ended before its time, for a reason."""

    @verb(
        source=("in_service", "expired"),
        target=GET_STATE(lambda self: self.state, states=["in_service", "expired"]),
        label=_("Renew"),
        who=("service", "ar", "owner", "@is_service_desk"),
        checks=("renew_checks",),
    )
    def renew(self) -> None:
        """The customer goes on: a new agreement takes over, this one stays as it is."""


class InstalledItem(models.Model):
    """One thing of the installed base, with its own warranty where lots differ."""

    agreement = models.ForeignKey(ServiceAgreement, on_delete=models.PROTECT, related_name="items")
    name = models.CharField(_("name"), max_length=200)
    serial = models.CharField(_("serial number"), max_length=80, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3, default=1)
    place = models.CharField(_("place"), max_length=200, blank=True)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)

    class Meta:
        verbose_name = _("installed item")
        verbose_name_plural = _("installed items")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.serial}".strip()


class Inspection(Serviced, StageRecord):
    """巡检: a planned visit, what was found and what came of it."""

    states = States(
        State("planned", _("Planned"), "blue"),
        State("performed", _("Performed"), "orange"),
        State("closed", _("Closed"), "green", end=True),
        State("skipped", _("Skipped"), "secondary", end=True),
    )
    home_stage = "operations"
    code_prefix = "IN"
    open_who = ("service", "@is_service_desk")
    edit_who = ("service", "owner", "@is_service_desk")
    edit_states = ("planned",)

    state = StateField(states)
    agreement = models.ForeignKey(
        ServiceAgreement, on_delete=models.PROTECT, related_name="inspections", verbose_name=_("agreement")
    )
    planned_on = models.DateField(_("planned on"))
    checklist = models.TextField(_("what to look at"), blank=True)
    performed_on = models.DateField(_("performed on"), null=True, blank=True, editable=False)
    findings = models.TextField(_("findings"), blank=True, editable=False)
    advice = models.TextField(_("advice to the customer"), blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")

    def perform_checks(self) -> list[Any]:
        """What was found, and when."""
        wanted = (
            (self.findings, _t("The findings are missing.")),
            (self.performed_on, _t("The day of the visit is missing.")),
        )
        return [text for value, text in wanted if not value]

    @verb(
        source="planned",
        target="performed",
        label=_("Perform"),
        who=("service", "owner", "@is_service_desk"),
        checks=("perform_checks",),
        primary=True,
    )
    def perform(self) -> None:
        """Somebody was there."""

    @verb(
        source="performed",
        target="closed",
        label=_("Close"),
        who=("service", "owner", "@is_service_desk"),
        primary=True,
    )
    def close(self) -> None:
        """What was found is dealt with."""

    @verb(source="planned", target="skipped", label=_("Skip"), who=("service", "owner", "@is_service_desk"), note=True)
    def skip(self) -> None:
        """It is not done this time, for a reason."""


class SlaPolicy(models.Model):
    """Four promises by priority: respond, arrive, restore, resolve. A row for a cover goes before the general one."""

    cover = TermField("cover", _("cover"))
    priority = models.CharField(_("priority"), max_length=2)
    response_hours = models.DecimalField(_("respond within hours"), max_digits=6, decimal_places=2)
    arrive_hours = models.DecimalField(_("arrive within hours"), max_digits=6, decimal_places=2, null=True, blank=True)
    restore_hours = models.DecimalField(
        _("restore within hours"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    resolve_hours = models.DecimalField(_("resolve within hours"), max_digits=6, decimal_places=2)
    clock = models.CharField(
        _("clock"), max_length=10, choices=[("working", _("working hours")), ("natural", _("natural hours"))]
    )

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["cover", "priority"]
        constraints = [
            models.UniqueConstraint(fields=["cover", "priority"], nulls_distinct=False, name="one_level_per_priority")
        ]

    def __str__(self) -> str:
        return f"{self.priority} {self.cover or ''}".strip()


class Ticket(Serviced, StageRecord):
    """工单: a fault, question or complaint, with its clocks of response and resolution."""

    class Priority(models.TextChoices):
        P1 = "P1", _("P1 urgent: business interrupted")
        P2 = "P2", _("P2 high: badly impaired")
        P3 = "P3", _("P3 medium: partly affected")
        P4 = "P4", _("P4 low: question or advice")

    states = States(
        State("new", _("New"), "blue"),
        State("assigned", _("Assigned"), "indigo"),
        State("in_progress", _("In progress"), "orange"),
        State("waiting", _("Waiting"), "yellow"),
        State("resolved", _("Resolved"), "teal"),
        State("closed", _("Closed"), "green", end=True),
        State("merged", _("Merged"), "secondary", end=True),
    )
    home_stage = "operations"
    code_prefix = "TK"
    owner_defaults_to_actor = False
    edit_who = ("service", "owner", "@is_service_desk")

    state = StateField(states)
    agreement = models.ForeignKey(
        ServiceAgreement, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("agreement")
    )
    item = models.ForeignKey(
        InstalledItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("installed item"),
    )
    kind = TermField("ticket.kind", _("kind"), required=True)
    priority = models.CharField(_("priority"), max_length=2, choices=Priority, default=Priority.P3)
    reported_at = models.DateTimeField(_("reported at"), default=timezone.now)
    reporter = models.CharField(_("reported by"), max_length=120, blank=True)
    description = models.TextField(_("description"))
    clock = models.CharField(
        _("clock"),
        max_length=10,
        choices=[("working", _("working hours")), ("natural", _("natural hours"))],
        default="working",
        editable=False,
    )
    response_due_at = models.DateTimeField(_("respond by"), null=True, editable=False)
    arrive_due_at = models.DateTimeField(_("arrive by"), null=True, editable=False)
    restore_due_at = models.DateTimeField(_("restore by"), null=True, editable=False)
    resolve_due_at = models.DateTimeField(_("resolve by"), null=True, editable=False)
    responded_at = models.DateTimeField(_("responded at"), null=True, editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, editable=False)
    paused_hours = models.DecimalField(
        _("clock stopped for hours"), max_digits=10, decimal_places=4, default=Decimal(0), editable=False
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    solution = models.TextField(_("solution"), blank=True, editable=False)
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction 1–5"),
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    # How far of the resolution time has been warned about: 75, 100, 125 %.
    warned_percent = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(
                fields=["resolve_due_at"],
                condition=Q(state__in=("new", "assigned", "in_progress")),
                name="ticket_running_by_due",
            ),
            models.Index(fields=["state", "-id"], name="ticket_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(merged_into__isnull=False), name="a_merged_ticket_names_the_other"
            ),
            models.CheckConstraint(
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__range=(1, 5)), name="satisfaction_one_to_five"
            ),
        ]

    def searchable(self) -> str:
        return f"{super().searchable()} {self.agreement.customer} {self.reporter}"

    def open_checks(self) -> list[Any]:
        if self.agreement.state in ("expired", "terminated"):
            text = _t("%(agreement)s is %(state)s.")
            return [text % {"agreement": self.agreement, "state": self.agreement.state_label}]
        return self.edit_checks()

    def edit_checks(self) -> list[Any]:
        if self.item_id and self.item.agreement_id != self.agreement_id:
            return [_t("The installed item belongs to another agreement.")]
        return []

    @property
    def is_overdue(self) -> bool:
        """Whether the promise of resolution is broken."""
        if self.resolve_due_at is None or self.state == "waiting":
            return False
        return (self.resolved_at or timezone.now()) > self.resolve_due_at

    def assign_checks(self) -> list[Any]:
        return [] if self.owner_id else [_t("Please name who works on it.")]

    def resolve_checks(self) -> list[Any]:
        return [] if self.solution else [_t("The solution is missing.")]

    def reopen_checks(self) -> list[Any]:
        """Within the policy's days only."""
        ended: dt.datetime | None = self.closed_at or self.resolved_at
        if ended and timezone.now() - ended > dt.timedelta(days=REOPEN_DAYS):
            return [_t("It ended more than %(days)s days ago: please open a new ticket.") % {"days": REOPEN_DAYS}]
        return []

    def merge_checks(self) -> list[Any]:
        """Into another, living ticket of the same customer."""
        other = self.merged_into
        if other is None:
            return [_t("Please choose the ticket that goes on.")]
        reasons = []
        if other.pk == self.pk:
            reasons.append(_t("A ticket cannot be merged into itself."))
        if other.state == "merged":
            reasons.append(_t("%(ticket)s is merged itself.") % {"ticket": other})
        if other.agreement.customer_id != self.agreement.customer_id:
            reasons.append(_t("%(ticket)s is of another customer.") % {"ticket": other})
        return reasons

    @verb(
        source="new",
        target="assigned",
        label=_("Assign"),
        who=("service", "@is_service_desk"),
        checks=("assign_checks",),
        primary=True,
    )
    def assign(self) -> None:
        """Somebody works on it from now on."""

    @verb(source="assigned", target="in_progress", label=_("Start"), who=("owner", "service"), primary=True)
    def start(self) -> None:
        """The customer has an answer: the response clock stops."""

    @verb(source="in_progress", target="waiting", label=_("Wait"), who=("owner", "service"), note=True)
    def wait(self) -> None:
        """The customer or a supplier must act: the clocks stand still."""

    @verb(source="waiting", target="in_progress", label=_("Resume"), who=("owner", "service"), primary=True)
    def resume(self) -> None:
        """Work goes on, and so do the clocks."""

    @verb(
        source="in_progress",
        target="resolved",
        label=_("Resolve"),
        who=("owner", "service"),
        checks=("resolve_checks",),
        primary=True,
    )
    def resolve(self) -> None:
        """The fault is gone or the question answered."""

    @verb(
        source="resolved",
        target="closed",
        label=_("Close"),
        who=("owner", "service", "@is_service_desk", "system"),
        primary=True,
    )
    def close(self) -> None:
        """The customer confirmed it."""

    @verb(
        source=("resolved", "closed"),
        target="in_progress",
        label=_("Reopen"),
        who=("owner", "service", "@is_service_desk"),
        checks=("reopen_checks",),
        note=True,
    )
    def reopen(self) -> None:
        """It was not gone after all."""

    @verb(
        source=states.open,
        target="merged",
        label=_("Merge"),
        who=("service", "@is_service_desk"),
        checks=("merge_checks",),
    )
    def merge(self) -> None:
        """It is the same matter as another ticket, which goes on."""
