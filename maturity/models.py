"""The as-is inventory: how each department does each step today; targets and assessments of maturity."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import Department, User
from core.errors import Reason
from core.text import search_text
from process import stages
from process.machine import State, StateField, States, verb
from process.models import AboutStep, StageRecord
from process.models.record import RecordQuerySet

# Who keeps the inventory of every department; the head of a department keeps its own.
KEEPER = "pmo"
EDITORS = (KEEPER, "@is_head")


def headed_by(user: User) -> frozenset[int]:
    """Ids of the departments that the person, or somebody the person stands in for, heads; with all below them."""
    # By the people acted for: a deputy is asked with and without those whose place they take.
    known: dict[frozenset[int], frozenset[int]] = user.__dict__.setdefault("_headed", {})
    if user.acting_ids not in known:
        rows = list(Department.objects.order_by("pk").values_list("pk", "parent_id", "head_id"))
        found = {pk for pk, _parent, head in rows if head in user.acting_ids}
        below = set(found)
        while below:
            below = {pk for pk, parent, _head in rows if parent in below} - found
            found |= below
        known[user.acting_ids] = frozenset(found)
    return known[user.acting_ids]


class PracticeQuerySet(RecordQuerySet):
    def late(self, day: dt.date) -> "PracticeQuerySet":
        """What was to be done in LTC before this day, and is not."""
        return self.filter(state="applicable", due_on__lt=day).exclude(medium=Practice.Medium.LTC)


class Practice(AboutStep, StageRecord):
    """现状: how one department does one step of the process today, how well that fits, and what is to come.

    A register like customers and suppliers (docs/adr/0008): pages, log, history, API and export are those of every
    record, and the two states say whether the step is any business of the department at all. It is never work that
    waits, so it is not tracked.
    """

    class Medium(models.TextChoices):
        PAPER = "paper", _("On paper")
        EXCEL = "excel", "Excel"
        OA = "oa", "OA"
        ERP = "erp", "ERP"
        OTHER = "other", _("Another system")
        LTC = "ltc", "LTC"
        NONE = "none", _("Not done")

    class Fit(models.IntegerChoices):
        NONE = 0, _("0 does not fit")
        LITTLE = 1, _("1 fits little")
        PART = 2, _("2 fits in part")
        MOSTLY = 3, _("3 fits mostly")
        WHOLE = 4, _("4 fits as defined")

    states = States(
        State("applicable", _("Applicable"), "green"),
        State("excluded", _("Not applicable"), "secondary", idle=True),
    )
    code_prefix = "AS"
    tracked = False
    tells_owner = False
    owner_defaults_to_actor = False
    open_who = EDITORS
    edit_who = EDITORS
    edit_states = ("applicable",)

    state = StateField(states)
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="practices", verbose_name=_("department")
    )
    step = models.CharField(_("process step"), max_length=20)
    medium = models.CharField(_("done in"), max_length=10, choices=Medium)
    fit = models.PositiveSmallIntegerField(
        _("fit"), choices=Fit, help_text=_("How well today's way fits the step as it is defined.")
    )
    pain = models.TextField(_("pain point"), max_length=2000, blank=True)
    gap = models.TextField(_("gap to the process"), max_length=2000, blank=True)
    due_on = models.DateField(_("in LTC by"), null=True, blank=True)
    reason = models.TextField(_("why not applicable"), max_length=4000, blank=True, editable=False)

    objects = PracticeQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("current practice")
        verbose_name_plural = _("as-is inventory")
        constraints = [
            models.UniqueConstraint(fields=["department", "step"], name="one_practice_per_department_and_step"),
            models.CheckConstraint(condition=Q(fit__gte=0, fit__lte=4), name="practice_fit_is_0_to_4"),
            models.CheckConstraint(condition=~Q(medium="none") | Q(fit=0), name="what_is_not_done_does_not_fit"),
            models.CheckConstraint(
                condition=Q(state="applicable", reason="") | Q(state="excluded") & ~Q(reason=""),
                name="excluded_practice_says_why",
            ),
        ]
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["step", "id"], name="practice_by_step")]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"

    @property
    def subject(self) -> str:
        """Step and department in the reader's language."""
        return f"{self.step_label} · {self.department.label}"

    @classmethod
    def visibility(cls, user: User) -> Q:
        """The inventory is common to everyone who works here."""
        return Q()

    def searchable(self) -> str:
        step = self.definition
        names = (step.zh, step.en) if step else ()
        return search_text(self.code, self.step, *names, self.department.zh, self.department.en, self.pain, self.gap)

    def is_head(self, actor: Actor) -> bool:
        """Whether the actor heads the department (or one above it); of no department in particular: heads any."""
        headed = headed_by(actor.user) if actor.user is not None else frozenset()
        return self.department_id in headed if self.department_id else bool(headed)

    def clean(self) -> None:
        """What is not done at all cannot fit."""
        if self.medium == self.Medium.NONE and self.fit:
            raise ValidationError({"fit": _now("What is not done does not fit: choose 0.")})

    def open_checks(self) -> list[Any]:
        """A step of the process in force, which stands in the inventory of the department once."""
        if self.definition is None:
            return [_now("The process in force has no step %(step)s.") % {"step": self.step}]
        same = Practice.objects.filter(department_id=self.department_id, step=self.step).first()
        if same is not None:
            text = _now("%(practice)s says already how the department does this step.")
            return [Reason(text % {"practice": same.code}, same.get_absolute_url())]
        return []

    @verb(source="applicable", target="excluded", label=_("Not applicable"), who=EDITORS, note=True)
    def exclude(self) -> None:
        """The step is no business of the department: it leaves the denominator."""

    @verb(source="excluded", target="applicable", label=_("Applies again"), who=EDITORS, note=True, primary=True)
    def include(self) -> None:
        """The step is business of the department after all."""


class Level(models.IntegerChoices):
    """成熟度等级: how far a stage of the process has come. `maturity.criteria` says what each asks for."""

    INITIAL = 1, _("1 initial")
    REPEATABLE = 2, _("2 repeatable")
    DEFINED = 3, _("3 defined")
    MEASURED = 4, _("4 measured")
    OPTIMISING = 5, _("5 optimising")


STAGE_CHOICES = [(stage.code, stage.label) for stage in stages.STAGES[:-1]]


class Target(models.Model):
    """成熟度目标: the level a stage shall have by a day. A new row takes the place of the one before, which stays."""

    append_only = True

    stage = models.CharField(_("stage"), max_length=20, choices=STAGE_CHOICES)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level)
    due_on = models.DateField(_("to be reached by"))
    note = models.TextField(_("note"), max_length=2000, blank=True)
    set_at = models.DateTimeField(_("set at"), default=timezone.now)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("set by"))

    class Meta:
        verbose_name = _("maturity target")
        verbose_name_plural = _("maturity targets")
        constraints = [models.CheckConstraint(condition=Q(level__gte=2, level__lte=5), name="target_level_is_2_to_5")]
        indexes = [models.Index(fields=["stage", "-id"], name="target_by_stage")]

    def __str__(self) -> str:
        return f"{stages.label(self.stage)}: {self.get_level_display()}"


class Assessment(models.Model):
    """人工评估: what the system cannot know of a stage, said with evidence. A new row supersedes the one before."""

    append_only = True

    stage = models.CharField(_("stage"), max_length=20, choices=STAGE_CHOICES)
    criterion = models.CharField(_("criterion"), max_length=20)
    is_met = models.BooleanField(_("met"))
    evidence = models.TextField(_("evidence"), max_length=2000)
    assessed_at = models.DateTimeField(_("assessed at"), default=timezone.now)
    assessed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("assessed by"))

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        constraints = [models.CheckConstraint(condition=~Q(evidence=""), name="assessment_has_evidence")]
        indexes = [models.Index(fields=["stage", "criterion", "-id"], name="assessment_by_criterion")]

    def __str__(self) -> str:
        return f"{stages.label(self.stage)}: {self.criterion}"


class Snapshot(models.Model):
    """月度快照: the figures of a department in a stage at the beginning of a month, and of the stage as a whole.

    Kept once and never again counted, for nobody: what is said later about an earlier month is not in it.
    """

    append_only = True

    month = models.DateField(_("month"))
    stage = models.CharField(_("stage"), max_length=20, choices=STAGE_CHOICES)
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("department")
    )
    applicable = models.PositiveIntegerField()
    surveyed = models.PositiveIntegerField()
    covered = models.PositiveIntegerField()
    fit = models.PositiveIntegerField()
    seen = models.PositiveIntegerField()
    excluded = models.PositiveIntegerField()
    # Only a stage as a whole has a level.
    level = models.PositiveSmallIntegerField(_("level"), choices=Level, null=True)
    taken_at = models.DateTimeField(_("taken at"), default=timezone.now)

    class Meta:
        verbose_name = _("monthly snapshot")
        verbose_name_plural = _("monthly snapshots")
        constraints = [
            models.UniqueConstraint(
                fields=["month", "stage", "department"], nulls_distinct=False, name="one_snapshot_per_month"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="snapshot_month_begins_it"),
            models.CheckConstraint(
                condition=Q(department__isnull=True, level__isnull=False)
                | Q(department__isnull=False, level__isnull=True),
                name="whole_stage_has_a_level",
            ),
        ]
        indexes = [models.Index(fields=["department", "stage", "month"], name="snapshot_by_scope")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.stage}"
