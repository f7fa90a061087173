"""Customer guidance 引导客户: visits, the people who decide, and what the customer really needs."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.calendar import today
from core.dictionary import TermField
from core.errors import Reason
from core.text import search_text
from customers.models import Contact
from process.machine import State, StateField, States, verb
from process.models import Handover, StageRecord
from projects.models import Project

TEAM = ("owner", "ar", "sr")
# The dictionary word for those who decide on the customer's side.
DECIDER = "decider"


class GuidancePlan(StageRecord):
    """The plan of one project's guidance: goals, activities, stakeholders and requirements up to the baseline."""

    states = States(
        State("planned", _("Planned"), "blue"),
        State("in_progress", _("In progress"), "azure"),
        State("concluded", _("Concluded"), "green", idle=True),
        State("cancelled", _("Cancelled"), "secondary", end=True),
    )
    home_stage = "guidance"
    code_prefix = "GP"
    open_who = ("sr", "ar")
    opened_on = "project"
    edit_who = TEAM
    edit_states = ("planned", "in_progress")

    state = StateField(states)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="guidance_plans", verbose_name=_("project")
    )
    goals = models.TextField(_("goals"), blank=True)
    need_confirmed = models.BooleanField(_("need confirmed by the customer"), default=False)
    budget_plausible = models.BooleanField(_("budget and date plausible"), default=False)
    solvable = models.BooleanField(
        _("can be solved"), default=False, editable=False, help_text=_("the solution manager's word")
    )
    baseline_at = models.DateTimeField(_("baseline"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("guidance plan")
        verbose_name_plural = _("guidance plans")
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=~Q(state="cancelled"), name="one_guidance_plan_per_project"
            )
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["case"], name="guidance_by_case")]

    def searchable(self) -> str:
        return search_text(self.code, self.title, self.project.code, self.project.title)

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.project.gross_amount}

    def conclude_checks(self) -> list[str]:
        """Everything the solution needs to stand on; all that is missing at once."""
        reasons = []
        if not self.need_confirmed:
            reasons.append(_now("The customer has not confirmed the need."))
        if not self.budget_plausible:
            reasons.append(_now("Budget and date are not yet plausible."))
        if not self.solvable:
            reasons.append(_now("The solution manager has not said that it can be solved."))
        if not self.requirements.filter(priority=Requirement.Priority.MUST).exists():
            reasons.append(_now("There is no requirement of priority “must”."))
        open_must = self.requirements.filter(priority=Requirement.Priority.MUST, answer="")
        reasons += [
            _now("Requirement %(number)s has no answer of ours.") % {"number": one.number} for one in open_must[:20]
        ]
        if not self.stakeholders.filter(role__code=DECIDER).exists():
            reasons.append(_now("The decision maker is not identified."))
        text = _now("The next step of %(activity)s has been due since %(day)s: %(step)s")
        for late in self.overdue_steps():
            reasons.append(text % {"activity": late, "day": late.next_step_on, "step": late.next_step})
        return reasons

    def overdue_steps(self) -> "models.QuerySet[Activity]":
        """Activities whose agreed next step is late."""
        return self.activities.filter(next_step_on__lt=today(), step_done_on__isnull=True).select_related("kind")

    def offers(self) -> "models.QuerySet[Handover]":
        return Handover.objects.filter(source_kind=self.record_kind(), source_id=self.pk).order_by("-pk")

    def not_taken_checks(self) -> list[Reason]:
        """What solution has taken over stays as it is."""
        taken = self.offers().filter(state="taken").first()
        if taken is None:
            return []
        return [Reason(_now("The solution stage has taken this over already."), taken.get_absolute_url())]

    def offer_checks(self) -> list[Reason]:
        waiting = self.offers().filter(state="offered").first()
        if waiting is None:
            return []
        return [Reason(_now("It is offered to the solution stage: reopen it first."), waiting.get_absolute_url())]

    @verb(source="planned", target="in_progress", label=_("Start"), who=TEAM, primary=True)
    def start(self) -> None:
        """The first meetings begin."""

    @verb(
        source="in_progress",
        target="concluded",
        label=_("Conclude"),
        who=TEAM,
        checks=("conclude_checks",),
        primary=True,
    )
    def conclude(self) -> None:
        """The requirements are the baseline; the work is offered to the solution stage."""

    @verb(
        source="concluded",
        target="in_progress",
        label=_("Reopen"),
        who=(*TEAM, "system"),
        checks=("not_taken_checks",),
    )
    def reopen(self) -> None:
        """Something was missing: back to the customer while nobody has taken it over."""
        self.baseline_at = None

    @verb(
        source=states.open,
        target="cancelled",
        label=_("Cancel"),
        who=(*TEAM, "director"),
        checks=("not_taken_checks", "offer_checks"),
        note=True,
        danger=True,
    )
    def cancel(self) -> None:
        """The project needs no guidance of this kind."""


class Activity(models.Model):
    """A visit, workshop, demo or call, what came out of it and what was agreed next."""

    plan = models.ForeignKey(GuidancePlan, on_delete=models.PROTECT, related_name="activities")
    kind = TermField("activity", _("kind"), required=True)
    on = models.DateField(_("on"))
    goal = models.CharField(_("goal"), max_length=300)
    attendees = models.CharField(_("attendees"), max_length=300, blank=True)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("led by")
    )
    result = models.TextField(_("result"), blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    next_step = models.CharField(_("next step"), max_length=300, blank=True)
    next_step_on = models.DateField(_("next step on"), null=True, blank=True)
    step_done_on = models.DateField(_("next step done on"), null=True, blank=True)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["-on", "-pk"]
        indexes = [
            models.Index(
                fields=["next_step_on"],
                condition=Q(step_done_on__isnull=True, next_step_on__isnull=False),
                name="activity_next_step",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"

    def clean(self) -> None:
        """A next step has a day, and a day has a next step."""
        if bool(self.next_step) != bool(self.next_step_on):
            raise ValidationError(_now("A next step needs both a text and a day."))

    @property
    def is_overdue(self) -> bool:
        return self.next_step_on is not None and self.step_done_on is None and self.next_step_on < today()


class Stakeholder(models.Model):
    """A person on the customer's side: what they have to say, and where they stand."""

    plan = models.ForeignKey(GuidancePlan, on_delete=models.PROTECT, related_name="stakeholders")
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=80)
    job = models.CharField(_("job"), max_length=80, blank=True)
    role = TermField("stakeholder", _("role in the decision"), required=True)
    stance = models.SmallIntegerField(
        _("stance"),
        default=0,
        choices=[
            (-2, _("−2 against us")),
            (-1, _("−1 for a competitor")),
            (0, _("0 neutral")),
            (1, _("+1 supports us")),
            (2, _("+2 our advocate")),
        ],
        validators=[MinValueValidator(-2), MaxValueValidator(2)],
    )
    last_contact_on = models.DateField(_("last contact"), null=True, blank=True)

    class Meta:
        verbose_name = _("stakeholder")
        verbose_name_plural = _("stakeholders")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(stance__gte=-2) & Q(stance__lte=2), name="stance_within_scale")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.job})" if self.job else self.name


class Requirement(models.Model):
    """One thing the customer needs, how much it matters and how we answer it."""

    class Priority(models.TextChoices):
        MUST = "must", _("Must")
        SHOULD = "should", _("Should")
        COULD = "could", _("Could")

    class Answer(models.TextChoices):
        STANDARD = "standard", _("Standard")
        CONFIG = "config", _("Configuration")
        CUSTOM = "custom", _("Custom development")
        NO = "no", _("Not offered")

    plan = models.ForeignKey(GuidancePlan, on_delete=models.PROTECT, related_name="requirements")
    number = models.PositiveIntegerField(_("number"))
    statement = models.TextField(_("what is needed"))
    priority = models.CharField(_("priority"), max_length=10, choices=Priority, default=Priority.MUST)
    source = models.CharField(_("source"), max_length=120, blank=True)
    answer = models.CharField(_("our answer"), max_length=10, choices=Answer, blank=True)
    effort_days = models.DecimalField(
        _("effort in days"), max_digits=7, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="requirement_number_once")]

    def __str__(self) -> str:
        return f"R{self.number} {self.statement[:60]}"
