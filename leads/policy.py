"""Limits of the pool 公海 and of first response, kept by an administrator in one row."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term


class PoolPolicy(models.Model):
    """How many leads a person may hold and pick, and when a neglected lead falls into the pool."""

    holding_capacity = models.PositiveIntegerField(_("leads one person may hold"), default=50)
    daily_picks = models.PositiveIntegerField(_("picks a day"), default=5)
    idle_days = models.PositiveIntegerField(_("days without contact until the pool"), default=30)
    long_idle_days = models.PositiveIntegerField(
        _("days for sources with more patience"), default=60, help_text=_("for the sources chosen below")
    )
    long_sources = models.ManyToManyField(
        Term,
        blank=True,
        related_name="+",
        limit_choices_to={"dictionary": "lead.source"},
        verbose_name=_("sources with more patience"),
    )
    blocked_days = models.PositiveIntegerField(_("days the previous owner may not pick it again"), default=15)
    first_response_hours = models.DecimalField(
        _("working hours until the first response"), max_digits=6, decimal_places=1, default=8
    )
    qualify_score = models.PositiveIntegerField(_("score needed to qualify"), default=50)
    single = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("pool policy")
        verbose_name_plural = _("pool policy")
        constraints = [
            models.UniqueConstraint(fields=["single"], name="one_pool_policy"),
            models.CheckConstraint(condition=Q(single=True), name="pool_policy_is_single"),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "PoolPolicy":
        """The rules in force; the defaults above where nobody has kept any."""
        return cls.objects.first() or cls()

    def patience(self, source_id: int | None) -> dt.timedelta:
        """How long a lead of this source may lie without contact."""
        is_long = self.pk is not None and self.long_sources.filter(pk=source_id).exists()
        return dt.timedelta(days=self.long_idle_days if is_long else self.idle_days)
