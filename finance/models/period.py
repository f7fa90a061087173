"""The accounting month 会计期间: open, being closed, closed."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from process.machine import State, StateField, States, verb
from process.models import StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


class Period(StageRecord):
    """会计期间: once its closing starts, late postings go to the next open month, the day stays what it was."""

    states = States(
        State("open", _("Open for posting"), "green"),
        State("closing", _("Being closed"), "orange"),
        State("closed", _("Closed"), "secondary", idle=True),
    )
    # Its code is written from the month, not drawn.
    code_prefix = "PD"
    open_who = ("finance", "system")
    edit_states = ("none",)

    state = StateField(states)
    month = models.DateField(_("month"), unique=True)
    reclose_on = models.DateField(_("closes again on"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("accounting month")
        verbose_name_plural = _("accounting months")
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="period_is_a_first_day")]

    @classmethod
    def visibility(cls, user: "User") -> Q:
        """Everybody may know which month is open."""
        return Q()

    def is_decider(self, actor: "Actor") -> bool:
        """The approver of a reopening: a director or the finance head, never the one who keeps the books alone."""
        return actor.user is not None and bool(actor.user.role_codes & {"director", "head"})

    @verb(source="open", target="closing", label=_("Start closing"), who=("finance", "system"), primary=True)
    def start_close(self) -> None:
        """Cut-off: from now on ordinary postings go to the next month; received goods not billed are accrued."""

    @verb(
        source="closing",
        target="closed",
        label=_("Close the month"),
        who=("finance", "system"),
        checks=("earlier_closed",),
        primary=True,
    )
    def close(self) -> None:
        """Nothing more is posted into the month; its actuals are frozen."""

    @verb(source="closed", target="open", label=_("Reopen the month"), who=("@is_decider",), note=True, danger=True)
    def reopen(self) -> None:
        """A decider opens the month again for a few days; it closes itself."""

    def earlier_closed(self) -> list[str]:
        """Months close in order, so that cumulated actuals stand still."""
        earlier = type(self).objects.filter(month__lt=self.month).exclude(state="closed").order_by("month").first()
        if earlier is None:
            return []
        return [_now("%(month)s is not closed yet.") % {"month": f"{earlier.month:%Y-%m}"}]
