"""What is asked about products."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.selectors import currency_codes
from core.widgets import MoneyInput
from process.forms import RecordForm, VerbForm
from products.models import Product


def currencies() -> list[tuple[str, str]]:
    """The currencies the house works in."""
    return [(code, code) for code in currency_codes()]


class ProductEditForm(RecordForm):
    """What is said about a product."""

    currency = forms.ChoiceField(label=_("Currency"), choices=currencies, initial="CNY")

    class Meta:
        model = Product
        fields = ["title", "spec", "unit", "tax_code", "tax_class", "net_list_amount", "currency"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label = _("Name")


class ProductForm(ProductEditForm):
    """The same with its number, which stays."""

    code = forms.CharField(label=_("Number"), max_length=40)
    field_order = ["code"]


class PriceForm(VerbForm):
    """A list price from a day on."""

    net_amount = forms.DecimalField(
        label=_("Price without tax"), max_digits=18, decimal_places=2, min_value=0, widget=MoneyInput
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies, initial="CNY")
    from_on = forms.DateField(label=_("Valid from"))
