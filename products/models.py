"""What we sell: products and services with their list prices."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.dictionary import TermField
from core.fields import MoneyField
from core.text import search_text
from process.machine import State, StateField, States, verb
from process.models import StageRecord

KEEPERS = ("commercial", "bid_manager", "finance", "sysadmin")


class Product(StageRecord):
    """A product or service of ours that quotes refer to. Its number is given by the house, not drawn."""

    states = States(
        State("active", _("Active"), "green"),
        State("retired", _("Retired"), "secondary", idle=True),
    )
    # Never drawn: open_checks asks for the number the house gave.
    code_prefix = "PR"
    tracked = False
    open_who = KEEPERS
    edit_who = ("owner", *KEEPERS)

    state = StateField(states)
    spec = models.CharField(_("specification"), max_length=300, blank=True)
    unit = TermField("unit", _("unit"))
    tax_code = models.CharField(_("tax rate code"), max_length=20, default="13")
    tax_class = models.CharField(
        _("tax classification"),
        max_length=19,
        blank=True,
        help_text=_("19 digits of the tax authority's classification of goods and services"),
    )
    net_list_amount = MoneyField(_("list price without tax"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")

    class Meta(StageRecord.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(condition=Q(net_list_amount__gte=0), name="list_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @classmethod
    def visibility(cls, user: User) -> Q:
        """The catalogue is common to everyone who works here."""
        return Q()

    def searchable(self) -> str:
        return search_text(self.code, self.title, self.spec)

    def open_checks(self) -> list[str]:
        """A product comes with the number the house gave it."""
        return [] if self.code else [_now("A product needs a number.")]

    @verb(source="active", target="retired", label=_("Retire"), who=KEEPERS, note=True, danger=True)
    def retire(self) -> None:
        """No longer offered in new quotes; old quotes keep it."""

    @verb(source="retired", target="active", label=_("Restore"), who=KEEPERS, primary=True)
    def restore(self) -> None:
        """Offered again."""


class PriceList(models.Model):
    """The list price of a product in one currency from one day on."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices", verbose_name=_("product"))
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    net_amount = MoneyField(_("price without tax"))
    from_on = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("list price")
        verbose_name_plural = _("list prices")
        ordering = ["currency", "-from_on"]
        constraints = [
            models.UniqueConstraint(fields=["product", "currency", "from_on"], name="one_price_per_day"),
            models.CheckConstraint(condition=Q(net_amount__gte=0), name="price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.currency} {self.net_amount}"
