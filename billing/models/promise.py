"""承诺付款: what a customer promised on a line, and whether the money kept the word."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models.receivable import ReceivableLine
from core.fields import MoneyField
from core.money import ZERO, format_money


class Promise(models.Model):
    """One promise: day, amount, by whom. The standing one is also the line's `promised_on`."""

    class Outcome(models.TextChoices):
        OPEN = "open", pgettext_lazy("promise", "open")
        KEPT = "kept", pgettext_lazy("promise", "kept")
        BROKEN = "broken", pgettext_lazy("promise", "broken")
        REPLACED = "replaced", _("withdrawn or replaced")

    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="promises", verbose_name=_("receivable")
    )
    promised_on = models.DateField(_("promised for"))
    gross_amount = MoneyField(_("amount"))
    promised_by = models.CharField(_("promised by"), max_length=120, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN)
    # What came in time, as it was when the promise was judged.
    gross_paid = MoneyField(_("paid in time"), default=ZERO)
    decided_on = models.DateField(_("judged on"), null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("promise to pay")
        verbose_name_plural = _("promises to pay")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["receivable"], condition=Q(outcome="open"), name="promise_open_once"),
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="promise_positive"),
            models.CheckConstraint(
                condition=Q(outcome="open") ^ Q(decided_on__isnull=False), name="promise_judged_has_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promised_on} {format_money(self.gross_amount)}"
