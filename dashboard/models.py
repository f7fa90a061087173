"""Kept figures: what the dashboard would otherwise count anew for everybody who opens it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Count(models.Model):
    """One run of the counting: when, and over how many rows. The newest one gave the figures that are kept."""

    counted_at = models.DateTimeField(_("counted at"), default=timezone.now)
    rows_counted = models.PositiveBigIntegerField(_("rows counted"))

    class Meta:
        verbose_name = _("count")
        verbose_name_plural = _("counts")

    def __str__(self) -> str:
        return f"{self.counted_at:%Y-%m-%d %H:%M}"


class Figure(models.Model):
    """One total of one department in one currency; `dashboard.counting` says what each kind and key mean."""

    kind = models.CharField(_("kind"), max_length=20)
    key = models.CharField(_("key"), max_length=20)
    department = models.ForeignKey(
        "accounts.Department", on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("department")
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    number = models.PositiveIntegerField(_("number"))
    # Two sums whose meaning and basis (gross or net) belong to the kind.
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=2)
    other = models.DecimalField(_("second amount"), max_digits=20, decimal_places=2)
    since = models.DateTimeField(_("since"), null=True)

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        indexes = [models.Index(fields=["department", "kind"], name="figure_by_department")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.amount}"
