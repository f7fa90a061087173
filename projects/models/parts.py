"""What hangs on a project: when it came into each stage, whom it asks for, which stages its variant walks."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term
from process import stages
from projects.models.project import Project


class StageEntry(models.Model):
    """When the project came into a stage, by whom; or that the variant passed the stage over."""

    append_only = True

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="stage_entries")
    stage = models.CharField(_("stage"), max_length=20)
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    skipped = models.BooleanField(_("not applicable"), default=False)
    is_back = models.BooleanField(_("gone back"), default=False)
    note = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("stage entry")
        verbose_name_plural = _("stage entries")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.project_id} {self.stage}"


class ResourceNeed(models.Model):
    """People the project asks a department for; the department's head confirms."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="resource_needs")
    department = models.ForeignKey(
        "accounts.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("department")
    )
    role = models.CharField(_("role"), max_length=120)
    days = models.DecimalField(
        _("person-days"), max_digits=8, decimal_places=1, validators=[MinValueValidator(Decimal("0.5"))]
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("resource need")
        verbose_name_plural = _("resource needs")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.department} {self.role} {self.days.normalize():f}"


class VariantStage(models.Model):
    """流程裁剪 as data: whether a stage applies to a variant. No row means it applies."""

    variant = models.ForeignKey(
        Term,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("variant"),
        limit_choices_to={"dictionary": "variant"},
    )
    stage = models.CharField(
        _("stage"), max_length=20, choices=[(code, stages.BY_CODE[code].label) for code in stages.PROJECT_STAGES]
    )
    applicable = models.BooleanField(_("applies"), default=False)

    class Meta:
        verbose_name = _("stage of a variant")
        verbose_name_plural = _("stages of variants")
        constraints = [models.UniqueConstraint(fields=["variant", "stage"], name="variant_stage_once")]

    def __str__(self) -> str:
        return f"{self.variant} {stages.label(self.stage)}"
