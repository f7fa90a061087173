"""What finance keeps as dated data: tax rates, the tree of cost categories, the price of a day's work."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from core.dictionary import Labelled
from core.fields import MoneyField, RateField, validate_tax_rate


def validity() -> Func:
    """The days from `from_on` to `until_on`, both included; no end means until further notice."""
    return Func(F("from_on"), F("until_on"), Value("[]"), function="DATERANGE", output_field=DateRangeField())


class TaxRate(Labelled):
    """A VAT rate and the days on which it holds: 0 %, exempt and not taxable are three different things."""

    class Kind(models.TextChoices):
        RATE = "rate", _("tax rate")
        LEVY = "levy", _("levy rate (simplified)")
        ZERO = "zero", _("zero rate")
        EXEMPT = "exempt", _("exempt")
        UNTAXED = "untaxed", _("not taxable")

    code = models.SlugField(_("code"), max_length=20)
    percent = RateField(_("percent"), validators=[validate_tax_rate])
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.RATE)
    from_on = models.DateField(_("valid from"))
    until_on = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="tax_rate_days_in_order"
            ),
            ExclusionConstraint(
                name="one_tax_rate_a_day",
                expressions=[("code", RangeOperators.EQUAL), (validity(), RangeOperators.OVERLAPS)],
            ),
        ]


class CostCategory(Labelled):
    """成本科目: one node of the tree of two levels on which all four costings compare."""

    class Margin(models.IntegerChoices):
        PROJECT = 1, _("project margin")
        CONTRIBUTION = 2, _("contribution")
        CAPITAL = 3, _("profit after capital cost")

    code = models.CharField(_("code"), max_length=60, unique=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    margin = models.PositiveSmallIntegerField(
        _("first counted in"), choices=Margin, default=Margin.PROJECT, help_text=_("the margin line this cost lowers")
    )

    class Meta:
        verbose_name = _("cost category")
        verbose_name_plural = _("cost categories")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="category_not_its_own_part"),
        ]

    def clean(self) -> None:
        """The tree has two levels, so that any two costings compare line by line."""
        if self.parent is not None and self.parent.parent_id is not None:
            raise ValidationError({"parent": _("Cost categories have two levels only.")})


class CostRate(models.Model):
    """What a day of a grade costs us, social insurance included, from one day to another."""

    grade = models.CharField(_("grade"), max_length=20)
    from_on = models.DateField(_("valid from"))
    until_on = models.DateField(_("valid until"), null=True, blank=True)
    net_day_amount = MoneyField(_("cost of a day"))

    class Meta:
        verbose_name = _("cost rate")
        verbose_name_plural = _("cost rates")
        ordering = ["grade", "from_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="cost_rate_days_in_order"
            ),
            models.CheckConstraint(condition=Q(net_day_amount__gt=0), name="cost_rate_positive"),
            ExclusionConstraint(
                name="one_cost_rate_a_day",
                expressions=[("grade", RangeOperators.EQUAL), (validity(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grade} {self.from_on:%Y-%m-%d}"
