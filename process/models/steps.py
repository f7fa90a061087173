"""L3 steps as data: the published definitions and what happened to each step on each case."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.dictionary import Labelled
from process.models.case import Case


class ProcessVersion(models.Model):
    """An immutable, published version of the L3 catalogue."""

    number = models.PositiveIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("process version")
        verbose_name_plural = _("process versions")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"v{self.number}"


class StepDefinition(Labelled):
    """One L3 step of one version: who answers for it, which verbs belong to it, how long it may take."""

    version = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, related_name="steps")
    code = models.CharField(_("code"), max_length=20)
    stage = models.CharField(_("stage"), max_length=20)
    accountable = models.CharField(_("accountable"), max_length=40)
    consulted = ArrayField(models.CharField(max_length=40), default=list, verbose_name=_("consulted"))
    verbs = ArrayField(models.CharField(max_length=80), default=list, verbose_name=_("verbs"))
    starts_on = ArrayField(models.CharField(max_length=80), default=list, verbose_name=_("starts on"))
    who = models.JSONField(_("who may act"), default=dict)
    sla_hours = models.DecimalField(_("time limit in hours"), max_digits=7, decimal_places=1, null=True)
    clock = models.CharField(_("clock"), max_length=10, default="working")

    class Meta:
        verbose_name = _("process step")
        verbose_name_plural = _("process steps")
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="step_once_per_version")]


class StepRecord(models.Model):
    """One step on one case: expected, done or waived; or one decision asked of named people."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        WAIVED = "waived", _("Not applicable")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    definition = models.ForeignKey(StepDefinition, on_delete=models.PROTECT, null=True, related_name="records")
    # Set for a decision: the record decided upon, the verb asked for and who may give it.
    kind = models.CharField(max_length=60, blank=True)
    object_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=40, blank=True)
    assignees = ArrayField(models.BigIntegerField(), default=list)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "definition"], condition=Q(definition__isnull=False), name="step_once_per_case"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "object_id"], condition=Q(state="open"), name="step_open_by_record"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="step_open_by_due"),
        ]

    def __str__(self) -> str:
        return f"{self.definition or self.verb} {self.state}"
