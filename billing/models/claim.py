"""What a claim says line by line, and under which names customers pay."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.receipt import Receipt
from billing.models.receivable import ReceivableLine
from core.fields import MoneyField


class ClaimPart(models.Model):
    """How much of a receipt a claim wants on which line; confirmed, each part becomes an allocation."""

    receipt = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, related_name="claim_parts", verbose_name=_("receipt")
    )
    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="claim_parts", verbose_name=_("receivable")
    )
    gross_amount = MoneyField(_("amount"))

    class Meta:
        verbose_name = _("part of a claim")
        verbose_name_plural = _("parts of a claim")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "receivable"], name="claim_part_once"),
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="claim_part_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.receivable} {self.gross_amount}"


class PayerAlias(models.Model):
    """付款户名别名: a name that money for a customer came under, learnt when finance confirmed a claim."""

    key = models.CharField(max_length=200, editable=False)
    name = models.CharField(_("payer"), max_length=200)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="payer_aliases", verbose_name=_("customer")
    )
    learnt_from = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+", verbose_name=_("learnt from"))
    learnt_at = models.DateTimeField(_("learnt at"), default=timezone.now)

    class Meta:
        verbose_name = _("payer name")
        verbose_name_plural = _("payer names")
        constraints = [models.UniqueConstraint(fields=["key", "customer"], name="payer_alias_once")]

    def __str__(self) -> str:
        return f"{self.name} → {self.customer}"
