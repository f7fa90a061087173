"""应收移期: a due day that was taken from a receivable; what was planned for a month is not forgotten with it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.receivable import ReceivableLine
from core.fields import MoneyField
from core.money import format_money


class DueMove(models.Model):
    """One due day that a receivable lost, on which day, with its amount then."""

    append_only = True

    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="due_moves", verbose_name=_("receivable")
    )
    due_on = models.DateField(_("was due on"))
    gross_amount = MoneyField(_("gross"))
    moved_on = models.DateField(_("moved on"))

    class Meta:
        verbose_name = _("moved due day")
        verbose_name_plural = _("moved due days")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(gross_amount__gte=0), name="due_move_not_negative")]
        indexes = [models.Index(fields=["due_on", "id"], name="due_move_by_day")]

    def __str__(self) -> str:
        return f"{self.due_on} {format_money(self.gross_amount)}"
