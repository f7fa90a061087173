"""Tickets 工单 and the service levels behind their clocks."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.dictionary import TermField
from process.machine import State, StateField, States, verb

if TYPE_CHECKING:
    pass


from operations.models.agreement import InstalledItem, ServiceAgreement
from operations.models.desk import Serviced

# A closed ticket can be taken up again within so many days; later it is a new fault.
REOPEN_DAYS = 15


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


class Ticket(Serviced):
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
    opened_on = "agreement"
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
    solution = models.TextField(pgettext_lazy("ticket", "solution"), blank=True, editable=False)
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction 1–5"),
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        verbose_name=_("merged into"),
        editable=False,
    )
    # How far of the resolution time has been warned about: 75, 100, 125 %.
    warned_percent = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta(Serviced.Meta):
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        indexes = [
            *Serviced.Meta.indexes,
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
        # Here and not among the door's changes: the check looks at the days before they are cleared.
        self.resolved_at = self.closed_at = None

    @verb(
        source=states.open,
        target="merged",
        label=_("Merge"),
        who=("service", "@is_service_desk"),
        checks=("merge_checks",),
    )
    def merge(self) -> None:
        """It is the same matter as another ticket, which goes on."""
