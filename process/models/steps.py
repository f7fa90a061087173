"""L3 steps as data: the published definitions and what happened to each step on each case."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.dictionary import Labelled
from process.models.case import Case


class ProcessVersion(models.Model):
    """An immutable, published version of the L3 catalogue."""

    class Origin(models.TextChoices):
        VENDOR = "vendor", _("as delivered")
        EDITED = "edited", _("edited here")
        MERGED = "merged", _("delivered, with what was edited here")
        ROLLBACK = "rollback", _("an earlier version again")

    # The database refuses to change or delete a version: see process.guards.
    append_only = True

    number = models.PositiveIntegerField(_("version"), unique=True)
    digest = models.CharField(max_length=64)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin, default=Origin.VENDOR)
    note = models.TextField(_("reason"), blank=True)
    # All steps and artefacts as they were published, and the steps as delivered on which they are based.
    content = models.JSONField(default=list)
    artefacts = models.JSONField(default=list)
    delivered = models.JSONField(default=list)
    published_at = models.DateTimeField(_("published at"), default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("published by"),
    )

    class Meta:
        verbose_name = _("process version")
        verbose_name_plural = _("process versions")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"v{self.number}"


class StepDefinition(Labelled):
    """One L3 step of one version: who answers for it, which verbs belong to it, how long it may take."""

    append_only = True

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
    # The whole step as published: input, logic, output, evidence, key figure, controls and what else it says.
    content = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("process step")
        verbose_name_plural = _("process steps")
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="step_once_per_version")]

    @property
    def by_hand(self) -> bool:
        """Done by a person who says so, not by a verb."""
        return bool(self.content.get("by_hand"))

    @property
    def locks(self) -> list[str]:
        """Verbs the door refuses on a case until this step is done there."""
        return list(self.content.get("locks", []))

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """What must be shown before a verb: [{code, zh, en, before, field|file|record|check}]."""
        return list(self.content.get("evidence", []))

    @property
    def owner(self) -> str:
        """The role that answers for the step itself, wherever it is walked."""
        return str(self.content.get("owner") or self.accountable)


class AboutStep:
    """What a record that names a step by its code says of it; the process may have lost the step since."""

    step: Any

    @property
    def definition(self) -> StepDefinition | None:
        """The step as it is in force; None where the process no longer has it."""
        from process import catalogue  # which reads the models of this module

        return catalogue.in_force().get(self.step)

    @property
    @admin.display(description=_("process step"))
    def step_label(self) -> str:
        """The step's code and name."""
        found = self.definition
        return f"{self.step} {found.label}" if found else self.step


class ProcessDraft(models.Model):
    """The next version while it is being written; there is one at a time."""

    based_on = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField(default=list)
    row_version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    only = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("process draft")
        verbose_name_plural = _("process drafts")
        constraints = [
            models.UniqueConstraint(fields=["only"], name="one_process_draft"),
            models.CheckConstraint(condition=Q(only=True), name="process_draft_is_the_only"),
        ]

    def __str__(self) -> str:
        return str(_("draft on %(version)s") % {"version": self.based_on})


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
            models.Index(fields=["definition", "opened_at"], name="step_by_definition"),
            models.Index(fields=["definition", "due_at"], condition=Q(state="open"), name="step_open_by_definition"),
        ]

    def __str__(self) -> str:
        return f"{self.definition or self.verb} {self.state}"
