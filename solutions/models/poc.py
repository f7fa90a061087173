"""Proofs of concept: criteria agreed before the start, cost booked to presales."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from process.machine import State, StateField, States, verb
from process.models import StageRecord


class Poc(StageRecord):
    """POC: we show that it works, against criteria the customer agreed to before."""

    states = States(
        State("planned", _("Planned"), "secondary"),
        State("running", _("Running"), "blue"),
        State("passed", _("Passed"), "green", end=True),
        State("failed", _("Failed"), "red", end=True),
        State("stopped", _("Stopped"), "secondary", end=True),
    )
    home_stage = "solution"
    code_prefix = "PC"
    open_who = ("sr", "ar")
    opened_on = "solution"
    edit_who = ("owner", "sr")
    edit_states = ("planned",)

    state = StateField(states)
    solution = models.ForeignKey(
        "solutions.Solution", on_delete=models.PROTECT, related_name="pocs", verbose_name=_("solution")
    )
    criteria = models.TextField(pgettext_lazy("poc", "criteria"), blank=True, max_length=4000)
    agreed_with = models.CharField(_("agreed with"), max_length=120, blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    result = models.TextField(_("result"), blank=True, max_length=4000, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("proof of concept")
        verbose_name_plural = _("proofs of concept")
        constraints = [
            models.CheckConstraint(
                name="poc_ends_after_start",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("The end lies before the start."),
            )
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["case"], name="poc_by_case")]

    @verb(
        source="planned",
        target="running",
        label=_("Start"),
        who=("owner", "sr"),
        checks=("criteria_agreed",),
        primary=True,
    )
    def start(self) -> None:
        """The trial begins; the criteria stand fixed from now on."""
        self.started_at = timezone.now()

    @verb(
        source="running", target="passed", label=_("Passed"), who=("owner", "sr"), checks=("has_result",), primary=True
    )
    def pass_(self) -> None:
        """The criteria are met."""
        self.ended_at = timezone.now()

    @verb(
        source="running", target="failed", label=_("Failed"), who=("owner", "sr"), checks=("has_result",), danger=True
    )
    def fail(self) -> None:
        """The criteria are not met."""
        self.ended_at = timezone.now()

    @verb(source=states.open, target="stopped", label=_("Stop"), who=("owner", "sr", "ar"), note=True, danger=True)
    def stop(self) -> None:
        """Ended before a result."""
        self.ended_at = timezone.now()

    def criteria_agreed(self) -> list[str]:
        """Criteria first, trial second."""
        reasons = []
        if not self.criteria.strip():
            reasons.append(_t("The criteria are missing."))
        if not self.agreed_with.strip():
            reasons.append(_t("Please say with whom at the customer the criteria were agreed."))
        if self.ends_on is None:
            reasons.append(_t("The trial needs an end date."))
        return reasons

    def has_result(self) -> list[str]:
        """What was shown is written down."""
        return [] if self.result.strip() else [_t("Please write down the result.")]
