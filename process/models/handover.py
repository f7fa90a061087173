"""The counter 交接: one stage offers, the next one takes or returns. Nobody below imports anybody above."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import Role, User
from process.machine import State, StateField, States, verb
from process.models.case import holders_of
from process.models.record import StageRecord


class Handover(StageRecord):
    """交接单: a package offered by one stage to the next. A new offer is a new row."""

    states = States(
        State("offered", _("Offered"), "orange"),
        State("taken", _("Taken"), "green", end=True),
        State("returned", _("Returned"), "red", end=True),
        State("withdrawn", _("Withdrawn"), "secondary", end=True),
    )
    code_prefix = "HO"
    tracked = False
    edit_states = ("none",)

    state = StateField(states)
    source_kind = models.CharField(max_length=60)
    source_id = models.BigIntegerField()
    source_stage = models.CharField(_("from"), max_length=20)
    target = models.CharField(_("to"), max_length=20)
    receiver_role = models.CharField(_("receiver"), max_length=40)
    package = models.JSONField(_("package"), default=dict)
    gaps = models.JSONField(_("gaps"), default=list, blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    conditions_due_on = models.DateField(_("conditions due on"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta(StageRecord.Meta):
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        constraints = [
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "target"],
                condition=Q(state="offered"),
                name="one_open_offer",
            )
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["case", "target", "state"], name="handover_by_case")]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """Beside the case's people: whoever has the company role that the package is offered to."""
        roles = Role.objects.filter(users__in=user.acting_ids, is_active=True).values("code")
        return super().visibility(user) | Q(receiver_role__in=roles)

    def receivers(self) -> list[int]:
        """User ids who may take this: the holder of the seat, else everyone with the role."""
        return holders_of(self.case_id, self.receiver_role)

    def is_receiver(self, actor: Actor) -> bool:
        """Whether the actor may take or return this."""
        if actor.user is None:
            return False
        return bool(actor.user.acting_ids & set(self.receivers()))

    @verb(source="offered", target="taken", label=_("Take over"), who=("@is_receiver", "system"), primary=True)
    def take(self) -> None:
        """The receiver takes the work over, with or without dated conditions."""

    @verb(source="offered", target="returned", label=_("Return with gaps"), who=("@is_receiver",), note=True)
    def return_(self) -> None:
        """The receiver returns the work and names what is missing."""

    @verb(source="offered", target="withdrawn", label=_("Withdraw offer"), who=("owner", "system"))
    def withdraw(self) -> None:
        """The offering side takes the package back."""
