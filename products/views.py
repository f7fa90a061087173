"""Pages of the product catalogue."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from process import show
from process.outlet import Outlet
from process.shapes import Act, Row, Table
from products import services
from products.filters import ProductFilter
from products.forms import PriceForm, ProductEditForm, ProductForm
from products.models import KEEPERS, PriceList, Product


class ProductOutlet(Outlet):
    """Products and services we sell."""

    model = Product
    services = services
    form = ProductForm
    edit_form = ProductEditForm
    filterset = ProductFilter
    icon = "package"
    columns = ("code", "title", "spec", "unit", "tax_code", "net_list_amount", "currency", "state")
    related = ("owner", "unit")
    facts = ((_("Product"), ("code", "title", "spec", "unit", "tax_code", "tax_class", "net_list_amount", "currency")),)
    acts = {"add_price": Act(_("Add list price"), PriceForm, who=("owner", *KEEPERS))}
    sorts = {"code": ("code", "id"), "name": ("title", "id")}
    create_label = _("New product")
    empty_text = _("Quotes take their lines from here. Add the products and services you sell.")

    def tables(self, record: Any, user: User) -> list[Table]:
        """Dated list prices."""
        columns = [show.column(PriceList, name) for name in ("from_on", "currency", "net_amount")]
        rows = [Row([show.cell(price, column.key) for column in columns]) for price in record.prices.all()[:100]]
        empty = _("No dated price: the list price above applies.")
        return [Table(_("List prices"), columns, rows, id="prices", empty_text=empty)]
