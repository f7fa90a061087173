"""Budget lines that run full: one open alert per book, category and threshold."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.dictionary import TermField
from core.fields import MoneyField
from finance.models.book import CostBook
from finance.models.dictionary import CostCategory


class VarianceAlert(models.Model):
    """偏差预警: a budget line is used to 90 or beyond 100 %; it is explained by a cause and clears itself."""

    book = models.ForeignKey(CostBook, on_delete=models.PROTECT, related_name="alerts", verbose_name=_("cost book"))
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("cost category")
    )
    threshold = models.PositiveSmallIntegerField(_("threshold %"))
    net_budget = MoneyField(_("budget"))
    net_used = MoneyField(_("used"))
    opened_at = models.DateTimeField(_("since"), default=timezone.now)
    cleared_at = models.DateTimeField(_("cleared at"), null=True)
    cause = TermField("variance_cause", _("cause"))
    explanation = models.TextField(_("explanation"), blank=True, max_length=2000)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("explained by")
    )

    class Meta:
        verbose_name = _("variance alert")
        verbose_name_plural = _("variance alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["book", "category", "threshold"],
                condition=Q(cleared_at__isnull=True),
                name="one_open_alert_per_threshold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.threshold} %"
