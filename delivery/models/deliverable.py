"""What is given to the customer, each with its own answer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from delivery.models.order import DeliveryOrder, Milestone
from process.machine import State, StateField, States, verb
from process.models import StageRecord


class Deliverable(StageRecord):
    """交付物: planned, submitted, and accepted, perhaps with remarks that must be cleared, or rejected."""

    states = States(
        State("planned", _("Planned"), "blue"),
        State("submitted", _("Submitted"), "orange"),
        State("remarked", _("Accepted with remarks"), "yellow"),
        State("rejected", _("Rejected"), "red"),
        State("accepted", _("Accepted"), "green", end=True),
    )
    home_stage = "delivery"
    code_prefix = "DV"
    open_who = ("fr",)
    opened_on = "order"
    edit_who = ("fr", "owner")
    edit_states = ("planned", "rejected")

    state = StateField(states)
    order = models.ForeignKey(
        DeliveryOrder, on_delete=models.PROTECT, related_name="deliverables", verbose_name=_("delivery order")
    )
    milestone = models.ForeignKey(
        Milestone,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliverables",
        verbose_name=_("milestone"),
    )
    description = models.TextField(_("description"), blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3, default=1)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    submitted_on = models.DateField(_("submitted on"), null=True, blank=True, editable=False)
    answered_on = models.DateField(_("answered on"), null=True, blank=True, editable=False)
    signer = models.CharField(_("customer's signer"), max_length=80, blank=True, editable=False)
    remarks = models.TextField(_("remarks"), blank=True, editable=False)
    remarks_due_on = models.DateField(_("remarks due on"), null=True, blank=True, editable=False)
    cleared_on = models.DateField(_("remarks cleared on"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("deliverable")
        verbose_name_plural = _("deliverables")

    def open_checks(self) -> list[str]:
        return order_checks(self.order)

    @verb(
        source=("planned", "rejected"),
        target="submitted",
        label=_("Submit to the customer"),
        who=("fr", "owner"),
        primary=True,
    )
    def submit(self) -> None:
        """The customer has it and is asked for an answer."""

    @verb(source="submitted", target="accepted", label=_("Accepted by the customer"), who=("fr", "owner"), primary=True)
    def accept(self) -> None:
        """The customer accepted it."""

    @verb(source="submitted", target="remarked", label=_("Accepted with remarks"), who=("fr", "owner"))
    def accept_with_remarks(self) -> None:
        """The customer accepted it and named what must still be put right, and by when."""

    @verb(source="remarked", target="accepted", label=_("Remarks cleared"), who=("fr", "owner"), primary=True)
    def clear(self) -> None:
        """What the customer remarked on has been put right."""

    @verb(source="submitted", target="rejected", label=_("Rejected by the customer"), who=("fr", "owner"), note=True)
    def reject(self) -> None:
        """The customer did not accept it; it is reworked and submitted again."""


def order_checks(order: DeliveryOrder) -> list[str]:
    """Nothing is added to a delivery that is closed."""
    from django.utils.translation import gettext

    if order.state == "closed":
        return [gettext("The delivery order is closed.")]
    return []
