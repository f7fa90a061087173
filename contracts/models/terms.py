"""付款条款: what is due when, split per tax rate, and what of it is released by the facts of delivery."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contracts.models.contract import Contract
from core.dictionary import Labelled, TermField
from core.fields import MoneyField
from core.money import ZERO, format_money


class TermQuerySet(QuerySet):
    """Payment terms as others ask for them."""

    def visible_to(self, user: User) -> QuerySet:
        """Terms of the contracts the user may see."""
        return self.filter(contract_id__in=Contract.objects.visible_to(user).values("pk"))


class PaymentTerm(models.Model):
    """One instalment: its event, its amount to the cent, and when it falls due after the event."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="terms")
    position = models.PositiveIntegerField(_("position"))
    event = TermField("payment_event", _("payment event"), required=True)
    percent = models.DecimalField(_("percent"), max_digits=7, decimal_places=4, default=0)
    gross_amount = MoneyField(_("gross"))
    days_after = models.PositiveSmallIntegerField(_("days after the event"), default=30)
    document = models.CharField(_("document needed"), max_length=200, blank=True)
    precondition = models.CharField(_("precondition"), max_length=200, blank=True)
    is_retention = models.BooleanField(_("retention"), default=False)
    # Kept by the writers, recomputable from the releases: what is released, and released or given up.
    released_gross_amount = MoneyField(_("released"), default=ZERO)
    settled_gross_amount = MoneyField(_("released or given up"), default=ZERO)
    search_text = models.CharField(max_length=300, default="", editable=False)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment term")
        verbose_name_plural = _("payment terms")
        ordering = ["contract", "position"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="payment_term_position_once"),
            models.CheckConstraint(condition=Q(gross_amount__gte=0), name="payment_term_not_negative"),
            models.CheckConstraint(
                condition=Q(released_gross_amount__gte=0)
                & Q(released_gross_amount__lte=F("settled_gross_amount"))
                & Q(settled_gross_amount__lte=F("gross_amount")),
                name="payment_term_released_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {format_money(self.gross_amount)}"


class TermTax(models.Model):
    """The part of a term at one tax rate."""

    term = models.ForeignKey(PaymentTerm, on_delete=models.PROTECT, related_name="taxes")
    tax_rate = models.ForeignKey(
        "finance.TaxRate", on_delete=models.PROTECT, related_name="+", verbose_name=_("tax rate")
    )
    gross_amount = MoneyField(_("gross"))
    net_amount = MoneyField(_("net"))
    tax_amount = MoneyField(_("tax"))

    class Meta:
        verbose_name = _("tax of a term")
        verbose_name_plural = _("taxes of terms")
        ordering = ["term", "tax_rate"]
        constraints = [
            models.UniqueConstraint(fields=["term", "tax_rate"], name="term_tax_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="term_tax_gross_is_net_plus_tax"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tax_rate} {format_money(self.gross_amount)}"


class TermRelease(models.Model):
    """A fact that makes a share of a term payable; undone by a negative row, never changed."""

    append_only = True

    term = models.ForeignKey(PaymentTerm, on_delete=models.PROTECT, related_name="releases")
    share_percent = models.DecimalField(_("share of the term %"), max_digits=7, decimal_places=4)
    gross_amount = MoneyField(_("gross"))
    source = models.CharField(_("source"), max_length=120, unique=True)
    on = models.DateField(_("on"))
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by", verbose_name=_("takes back")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("release of a payment term")
        verbose_name_plural = _("releases of payment terms")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.source} {format_money(self.gross_amount)}"


class TermTemplate(Labelled):
    """A usual set of payment terms: rows of {event, percent, retention, days}."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    rows = models.JSONField(_("rows"), default=list)

    class Meta:
        verbose_name = _("set of payment terms")
        verbose_name_plural = _("sets of payment terms")
        ordering = ["position", "pk"]

    def as_lines(self) -> list[dict[str, Any]]:
        """The rows as the contract's editor and services take them."""
        from core.dictionary import Term

        events = {term.code: term for term in Term.objects.filter(dictionary="payment_event")}
        return [
            {
                "event": events[row["event"]],
                "percent": row["percent"],
                "days_after": row.get("days", 30),
                "is_retention": row.get("retention", False),
            }
            for row in self.rows
        ]
