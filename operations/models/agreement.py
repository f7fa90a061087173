"""The service agreement and the installed base."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE

from core.calendar import today
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from finance.models import CostBook
from process.machine import State, StateField, States, verb

if TYPE_CHECKING:
    pass


from operations.models.desk import Serviced


class ServiceAgreement(Serviced):
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
    opened_on = "project"
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
        CostBook,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cost book"),
        editable=False,
    )
    cover = TermField("cover", _("cover"))
    scope = models.TextField(_("scope"), blank=True)
    warranty_from = models.DateField(_("warranty from"), null=True, blank=True)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    warranty_ended_on = models.DateField(_("warranty end confirmed on"), null=True, blank=True, editable=False)
    service_until = models.DateField(_("service until"), null=True, blank=True)
    gross_yearly_amount = MoneyField(_("yearly fee (incl. tax)"), null=True, blank=True)

    class Meta(Serviced.Meta):
        verbose_name = _("service agreement")
        verbose_name_plural = _("service agreements")
        indexes = [*Serviced.Meta.indexes, models.Index(fields=["warranty_until"], name="agreement_by_warranty_end")]
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

    @property
    def is_warranty_only(self) -> bool:
        """Nothing was agreed for the time after the warranty: neither a term nor a fee."""
        return self.service_until is None and self.gross_yearly_amount is None

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
        """The warranty is over and confirmed."""
        reasons: list[Any] = []
        if self.warranty_until and self.warranty_until >= today():
            reasons.append(_t("The warranty runs until %(day)s.") % {"day": self.warranty_until})
        if self.warranty_ended_on is None and self.warranty_until:
            reasons.append(_t("The end of the warranty is not confirmed."))
        return reasons

    def end_checks(self) -> list[Any]:
        """No ticket may be left open."""
        waiting = self.tickets.filter(state__in=self.tickets.model.states.active)[:20]
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
        """The warranty is over; from now on service is paid for, or, where none was agreed, expires at once."""

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
