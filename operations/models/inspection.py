"""Inspections 巡检."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from process.machine import State, StateField, States, verb

if TYPE_CHECKING:
    pass


from operations.models.agreement import ServiceAgreement
from operations.models.desk import Serviced


class Inspection(Serviced):
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
    opened_on = "agreement"
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

    class Meta(Serviced.Meta):
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
