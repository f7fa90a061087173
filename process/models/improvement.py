"""Improvements 改进建议: what people propose to change on a step, what its owner decided, and what came of it."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from process.machine import State, StateField, States, verb
from process.models.case import holders_of
from process.models.record import StageRecord
from process.models.steps import AboutStep, ProcessVersion, StepDefinition


class Improvement(AboutStep, StageRecord):
    """改进建议: one idea for one step of the process, followed until its effect is known."""

    class Figure(models.TextChoices):
        HOURS = "hours", _("median time of the step")
        ON_TIME = "on_time", _("share in time")

    class Result(models.TextChoices):
        BETTER = "better", _("better")
        SAME = "same", _("no difference")
        WORSE = "worse", _("worse")

    states = States(
        State("proposed", _("Awaiting an answer"), "orange"),
        State("accepted", _("Adopted"), "blue"),
        State("in_force", _("In force"), "teal"),
        State("concluded", _("Result stated"), "green", end=True),
        State("declined", _("Not adopted"), "red", end=True),
        State("withdrawn", _("Withdrawn"), "secondary", end=True),
    )
    code_prefix = "IM"
    tracked = False
    edit_states = ("proposed",)

    state = StateField(states)
    step = models.CharField(_("step"), max_length=20)
    problem = models.TextField(_("what goes wrong today"))
    idea = models.TextField(_("what should be different"))
    due_at = models.DateTimeField(_("decision due"), null=True, editable=False)
    figure = models.CharField(_("figure to improve"), max_length=10, choices=Figure, default=Figure.HOURS)
    target = models.DecimalField(
        _("target"),
        max_digits=7,
        decimal_places=1,
        null=True,
        blank=True,
        editable=False,
        help_text=_("Hours, or percent in time."),
    )
    realised_by = models.ForeignKey(
        ProcessVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("in force since version"),
        editable=False,
    )
    # How the step went in the 90 days before that version, and under it until the conclusion: a Pace each.
    before = models.JSONField(default=dict, editable=False)
    after = models.JSONField(default=dict, editable=False)
    result = models.CharField(_("result"), max_length=10, choices=Result, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("improvement")
        verbose_name_plural = _("improvements")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["step", "state"], name="improvement_by_step"),
            models.Index(fields=["due_at"], condition=Q(state="proposed"), name="improvement_undecided"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=("in_force", "concluded")) | Q(realised_by__isnull=False),
                name="realised_by_a_version",
            ),
            models.CheckConstraint(condition=Q(state="concluded") ^ Q(result=""), name="concluded_with_a_result"),
            models.CheckConstraint(condition=Q(target__isnull=True) | Q(target__gte=0), name="target_not_negative"),
        ]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """What is proposed about the common process is common to everyone who works here."""
        return Q()

    def searchable(self) -> str:
        return f"{super().searchable()} {self.step}"

    @property
    @admin.display(description=_("target"))
    def aim(self) -> str:
        """The target with its unit: hours, or percent in time; an en dash where none is set."""
        if self.target is None:
            return "–"
        unit = _t("%(hours)s h") if self.figure == self.Figure.HOURS else "%(hours)s %%"
        return unit % {"hours": f"{self.target.normalize():f}"}

    def deciders(self) -> list[int]:
        """User ids who may decide: who holds the role that owns the step, else directors; never the proposer."""
        found = self.definition
        for role in (found.owner if found else "", "director"):
            others = [pk for pk in holders_of(None, role) if pk != self.owner_id] if role else []
            if others:
                return others
        return []

    def is_decider(self, actor: Actor) -> bool:
        """Whether the actor answers for the step, or stands in for who does; who proposes never decides."""
        if actor.user is None or actor.user_id == self.owner_id:
            return False
        return bool(actor.user.acting_ids & set(self.deciders()))

    def open_checks(self) -> list[Any]:
        return [] if self.definition else [_t("The process in force has no step “%(code)s”.") % {"code": self.step}]

    def edit_checks(self) -> list[Any]:
        return self.open_checks()

    def realise_checks(self) -> list[Any]:
        """A version published since the adoption that changes this step."""
        version = self.realised_by
        if version is None:
            return [_t("Name the version that brought the change.")]
        if version.published_at < self.state_since:
            return [_t("%(version)s was published before the proposal was adopted.") % {"version": version}]
        numbers = (version.number - 1, version.number)
        rows = StepDefinition.objects.filter(version__number__in=numbers, code=self.step)
        found = dict(rows.values_list("version__number", "content"))
        if found.get(version.number) == found.get(version.number - 1):
            return [_t("%(version)s does not change step %(code)s.") % {"version": version, "code": self.step}]
        return []

    def conclude_checks(self) -> list[Any]:
        """Something was done the new way; a step that was taken out is never done again."""
        if self.definition is not None and not self.after.get("done"):
            return [_t("No deal has done the step under the new version yet: there is nothing to compare.")]
        return []

    @verb(source="proposed", target="accepted", label=_("Adopt"), who=("@is_decider",), primary=True)
    def accept(self) -> None:
        """The step's owner will have the process changed."""

    @verb(source="proposed", target="declined", label=_("Do not adopt"), who=("@is_decider",), note=True)
    def decline(self) -> None:
        """The step stays as it is, for a reason."""

    @verb(source="proposed", target="withdrawn", label=_("Withdraw"), who=("owner",))
    def withdraw(self) -> None:
        """The proposer takes it back."""

    @verb(
        source="accepted",
        target="in_force",
        label=_("Realised by a version"),
        who=("@is_decider",),
        checks=("realise_checks",),
        primary=True,
    )
    def realise(self) -> None:
        """A published version of the process brought the change."""

    @verb(
        source="in_force",
        target="concluded",
        label=_("State the result"),
        who=("@is_decider",),
        checks=("conclude_checks",),
        note=True,
        primary=True,
    )
    def conclude(self) -> None:
        """What the change brought is measured and said."""

    @verb(source="accepted", target="declined", label=_("Give up"), who=("@is_decider",), note=True, danger=True)
    def give_up(self) -> None:
        """Adopted, but it will not come after all."""
