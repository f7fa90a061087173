"""The delivery order 交付单: what one contract (or an early start) promises, who delivers it and how far it is."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE

from accounts.actor import Actor
from core.calendar import today
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from finance.models import CostBook, CostSheet
from process.access import may_any
from process.machine import State, StateField, States, verb
from process.models import Handover, StageRecord
from process.services import counter

FINAL = "final"
# Who hands a delivery over to operations and to the final accounts.
OFFERERS = ("fr", "owner", "pfc")


class DeliveryOrder(StageRecord):
    """One delivery: planned from the contract, carried out, accepted by the customer, handed to operations."""

    states = States(
        State("planned", _("Planned"), "blue"),
        State("in_progress", _("In progress"), "indigo"),
        State("in_acceptance", _("In acceptance"), "purple"),
        State("accepted", _("Accepted"), "green"),
        State("suspended", _("Suspended"), "yellow"),
        State("closed", _("Closed"), "secondary", end=True),
    )
    home_stage = "delivery"
    code_prefix = "DL"
    open_who = ("fr",)
    opened_on = "project"
    edit_who = ("fr", "owner")

    state = StateField(states)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="delivery_orders", verbose_name=_("project")
    )
    # Empty while only an early start allows the work; the contract's handover fills it in.
    contract = models.ForeignKey(
        "contracts.Contract",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="delivery_orders",
        verbose_name=_("contract"),
    )
    book = models.ForeignKey(
        CostBook, on_delete=models.PROTECT, related_name="delivery_orders", verbose_name=_("cost book")
    )
    scope = models.TextField(_("scope"), blank=True)
    promises = models.TextField(_("promises made to the customer"), blank=True)
    planned_start_on = models.DateField(_("planned start"), null=True, blank=True)
    planned_end_on = models.DateField(_("planned end"), null=True, blank=True)
    kickoff_on = models.DateField(_("kick-off on"), null=True, blank=True)
    accepted_on = models.DateField(_("accepted on"), null=True, blank=True, editable=False)
    warranty_from = models.DateField(_("warranty from"), null=True, blank=True, editable=False)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("delivery order")
        verbose_name_plural = _("delivery orders")
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["state", "-id"], name="delivery_by_state")]

    def searchable(self) -> str:
        names = [str(self.contract) if self.contract_id else "", str(self.project)]
        return " ".join([super().searchable(), *names])

    def edit_checks(self) -> list[Any]:
        if self.planned_start_on and self.planned_end_on and self.planned_end_on < self.planned_start_on:
            return [_t("The planned end lies before the planned start.")]
        return []

    def permit(self) -> Any:
        """The early start that allows work before signature, if one is in force."""
        return self.early_starts.filter(state="active", ends_on__gte=today()).first()

    def budget(self) -> CostSheet | None:
        """The budget in force."""
        return CostSheet.objects.filter(book_id=self.book_id, kind="budget", state="approved").first()

    def final_acceptance(self) -> Any:
        """The signed final acceptance, if there is one."""
        return self.acceptances.filter(state="signed", is_final=True).order_by("-pk").first()

    def may_offer_again(self, actor: Actor) -> bool:
        """Who hands deliveries over, while operations or the final accounts have given this one back."""
        return may_any(OFFERERS, self, actor) and bool(counter.came_back(self))

    def start_checks(self) -> list[Any]:
        """Budget approved and handover taken, or an early-start permit."""
        if self.permit() is not None:
            return []
        reasons: list[Any] = []
        if not Handover.objects.filter(case_id=self.case_id, target="delivery", state="taken").exists():
            reasons.append(_t("The contract has not been handed over to delivery and no early start is in force."))
        if self.budget() is None:
            draft = CostSheet.objects.filter(book_id=self.book_id, kind="budget").order_by("-pk").first()
            link = draft.get_absolute_url() if draft else ""
            reasons.append(Reason(_t("The budget is not approved."), link=link))
        return reasons

    def acceptance_checks(self) -> list[Any]:
        """Everything to be delivered has been submitted to the customer."""
        return [
            Reason(_t("%(deliverable)s has not been submitted.") % {"deliverable": one}, link=one.get_absolute_url())
            for one in self.deliverables.filter(state__in=("planned", "rejected"))
        ]

    def accept_checks(self) -> list[Any]:
        """The customer signed the final acceptance, and no deliverable waits for an answer."""
        reasons: list[Any] = []
        if self.contract_id is None:
            reasons.append(_t("There is no contract yet."))
        if self.final_acceptance() is None:
            reasons.append(_t("The final acceptance has not been signed."))
        reasons += [
            Reason(_t("%(deliverable)s is not accepted.") % {"deliverable": one}, link=one.get_absolute_url())
            for one in self.deliverables.exclude(state__in=("accepted", "remarked"))
        ]
        return reasons

    def close_checks(self) -> list[Any]:
        """Remarks are cleared, acceptances decided, changes settled."""
        reasons: list[Any] = []
        waiting = [
            *self.deliverables.exclude(state="accepted"),
            *self.acceptances.filter(state__in=("draft", "submitted")),
            *self.change_orders.filter(state__in=("draft", "in_review", "approved", "agreed")),
        ]
        for one in waiting:
            text = _t("%(record)s is still %(state)s.") % {"record": one, "state": one.state_label}
            reasons.append(Reason(text, link=one.get_absolute_url()))
        return reasons

    @verb(
        source="planned",
        target="in_progress",
        label=_("Start delivery"),
        who=("fr", "owner"),
        checks=("start_checks",),
        primary=True,
    )
    def start(self) -> None:
        """Work begins: the budget is approved and the handover taken, or an early start permits it."""

    @verb(
        source="in_progress",
        target="in_acceptance",
        label=_("Request acceptance"),
        who=("fr", "owner"),
        checks=("acceptance_checks",),
        primary=True,
    )
    def request_acceptance(self) -> None:
        """Everything is submitted; the customer is asked to accept."""

    @verb(
        source="in_acceptance",
        target="accepted",
        label=_("Hand over to operations"),
        who=("fr", "owner"),
        checks=("accept_checks",),
        primary=True,
    )
    def accept(self) -> None:
        """The customer accepted finally; operations are offered the installed base and the warranty dates."""

    @verb(
        source=("in_acceptance", "suspended"),
        target=GET_STATE(lambda self: "in_progress", states=["in_progress"]),
        label=_("Resume"),
        who=("fr", "owner"),
    )
    def resume(self) -> None:
        """Work goes on."""

    @verb(source="in_progress", target="suspended", label=_("Suspend"), who=("fr", "owner"), note=True)
    def suspend(self) -> None:
        """Work rests, for a reason."""

    @verb(
        source="accepted",
        target="closed",
        label=_("Close delivery"),
        who=("fr", "owner", "pfc"),
        checks=("close_checks",),
        primary=True,
    )
    def close(self) -> None:
        """Nothing is left to do; the last order of a project offers it to the final accounts."""


class Milestone(models.Model):
    """One dated goal of the plan; the weights of an order's milestones tell its progress."""

    order = models.ForeignKey(DeliveryOrder, on_delete=models.PROTECT, related_name="milestones")
    kind = TermField("milestone", _("kind"))
    name = models.CharField(_("name"), max_length=120)
    weight = models.DecimalField(_("weight %"), max_digits=5, decimal_places=2, default=0)
    planned_on = models.DateField(_("planned on"))
    done_on = models.DateField(_("done on"), null=True, blank=True)
    planned_net_cost = MoneyField(_("planned cost, net"), null=True, blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["planned_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=100), name="milestone_weight_is_percent")
        ]

    def __str__(self) -> str:
        return self.name

    def is_late(self, on: dt.date | None = None) -> bool:
        """Whether the goal was due and is not reached."""
        return self.done_on is None and self.planned_on < (on or today())


class WorkRecord(models.Model):
    """What was done on the customer's site: installation, configuration or test."""

    class Kind(models.TextChoices):
        INSTALLATION = "installation", _("Installation")
        CONFIGURATION = "configuration", _("Configuration")
        TEST = "test", _("Test")

    order = models.ForeignKey(DeliveryOrder, on_delete=models.PROTECT, related_name="work_records")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    on = models.DateField(_("day"))
    text = models.TextField(_("what was done"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("work record")
        verbose_name_plural = _("work records")
        ordering = ["-on", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"


class Shipment(models.Model):
    """Goods on their way to the customer, and who signed for them 到货签收."""

    order = models.ForeignKey(DeliveryOrder, on_delete=models.PROTECT, related_name="shipments")
    on = models.DateField(_("shipped on"))
    carrier = models.CharField(_("carrier"), max_length=120, blank=True)
    text = models.TextField(_("goods"))
    signed_on = models.DateField(_("signed for on"), null=True, blank=True)
    signer = models.CharField(_("signed for by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_on__isnull=True) | Q(signed_on__gte=models.F("on")),
                name="shipment_signed_after_sent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.text[:60]}"


class StatusReport(models.Model):
    """The delivery manager's word on how it goes, at least every two weeks."""

    class Health(models.TextChoices):
        ON_TRACK = "on_track", _("On track")
        AT_RISK = "at_risk", _("At risk")
        OFF_TRACK = "off_track", _("Off track")

    order = models.ForeignKey(DeliveryOrder, on_delete=models.PROTECT, related_name="reports")
    on = models.DateField(_("day"))
    health = models.CharField(_("health"), max_length=10, choices=Health)
    text = models.TextField(_("report"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("status report")
        verbose_name_plural = _("status reports")
        ordering = ["-on", "-pk"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_health_display()}"


class Risk(models.Model):
    """What may go wrong: probability by impact, who watches it and the answer."""

    order = models.ForeignKey(DeliveryOrder, on_delete=models.PROTECT, related_name="risks")
    kind = TermField("risk", _("kind"), required=True)
    text = models.TextField(_("risk"))
    probability = models.PositiveSmallIntegerField(_("probability 1–5"))
    impact = models.PositiveSmallIntegerField(_("impact 1–5"))
    response = TermField("risk_response", _("response"))
    measure = models.TextField(_("measure"), blank=True)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("holder")
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("risk")
        verbose_name_plural = _("risks")
        ordering = ["closed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(probability__range=(1, 5), impact__range=(1, 5)), name="risk_is_five_by_five"
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def weight(self) -> int:
        """Probability × impact, 1 to 25."""
        return self.probability * self.impact
