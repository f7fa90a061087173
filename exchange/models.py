"""What was taken in from elsewhere, so that a run can be stopped and repeated without doubling anything."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ImportedRow(models.Model):
    """One row of one source that has become a record here; written with it, in one transaction."""

    source = models.CharField(_("source"), max_length=60)
    key = models.CharField(_("key"), max_length=120)
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [models.UniqueConstraint(fields=["source", "kind", "key"], name="a_row_is_imported_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"
