"""What hangs on a contract: lines, shares of projects, deviations, conditions of effect, seals."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contract import Contract
from core.dictionary import TermField
from core.fields import MoneyField


class ContractLine(models.Model):
    """One item at one tax rate; `source` names the change order that added it."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=200)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=4, default=1)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    tax_rate = models.ForeignKey(
        "finance.TaxRate", on_delete=models.PROTECT, related_name="+", verbose_name=_("tax rate")
    )
    gross_amount = MoneyField(_("gross"))
    net_amount = MoneyField(_("net"))
    tax_amount = MoneyField(_("tax"))
    source = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("contract line")
        verbose_name_plural = _("contract lines")
        ordering = ["contract", "position"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="contract_line_position_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="contract_line_gross_is_net_plus_tax"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContractShare(models.Model):
    """The part of one contract that belongs to one project; without rows the whole is the contract's project's."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="shares")
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="contract_shares", verbose_name=_("project")
    )
    percent = models.DecimalField(
        _("percent"),
        max_digits=7,
        decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(100)],
    )

    class Meta:
        verbose_name = _("share of a project")
        verbose_name_plural = _("shares of projects")
        constraints = [models.UniqueConstraint(fields=["contract", "project"], name="contract_share_once")]

    def __str__(self) -> str:
        return f"{self.project} {self.percent.normalize():f} %"


class Deviation(models.Model):
    """A clause off our standard: which risk it carries and who answers for it."""

    class Risk(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="deviations")
    kind = TermField("deviation", _("clause"), required=True)
    text = models.TextField(_("what deviates"))
    risk = models.CharField(_("risk"), max_length=10, choices=Risk, default=Risk.MEDIUM)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("answers for it"),
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("accepted by")
    )

    class Meta:
        verbose_name = _("deviation")
        verbose_name_plural = _("deviations")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class EffectCondition(models.Model):
    """生效条件: one of the things that must have happened before the contract binds."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="conditions")
    kind = TermField("effect_condition", _("condition of effect"), required=True)
    met_on = models.DateField(_("met on"), null=True)
    met_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )

    class Meta:
        verbose_name = _("condition of effect")
        verbose_name_plural = _("conditions of effect")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["contract", "kind"], name="effect_condition_once")]

    def __str__(self) -> str:
        return str(self.kind)


class SealRecord(models.Model):
    """用印: which seal was put on which text, by whom; never changed."""

    append_only = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="seals")
    seal = TermField("seal", _("seal"), required=True)
    stamped_on = models.DateField(_("stamped on"))
    signer = models.CharField(_("signed for us by"), max_length=80)
    authority = models.CharField(_("signer's authority"), max_length=120, blank=True)
    copies = models.PositiveSmallIntegerField(_("copies"), default=2)
    sha256 = models.CharField(_("hash of the stamped file"), max_length=64)
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("seal keeper")
    )

    class Meta:
        verbose_name = _("seal record")
        verbose_name_plural = _("seal records")

    def __str__(self) -> str:
        return f"{self.seal} {self.stamped_on:%Y-%m-%d}"
