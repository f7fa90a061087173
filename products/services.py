"""Every write on a product."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from core.text import clean_text
from process.services import act, fire
from process.services import edit as edit_record
from process.services import open as open_record
from products.models import KEEPERS, PriceList, Product


@transaction.atomic
def open(*, by: Actor | User, code: str, note: str = "", **fields: Any) -> Product:
    """Add a product under the number the house gave it. Raises Refused for a number in use."""
    return open_record(Product(code=clean_text(code).strip().upper(), **fields), by=by, note=note)


@transaction.atomic
def edit(product: Product, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Product:
    """Change what is said about a product; quotes already made keep what they copied."""
    return edit_record(product, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def retire(product: Product, *, by: Actor | User, note: str = "", version: int | None = None) -> Product:
    """No longer offered (reason mandatory)."""
    return fire(product, "retire", by=by, note=note, version=version)


@transaction.atomic
def restore(product: Product, *, by: Actor | User, note: str = "", version: int | None = None) -> Product:
    """Offered again."""
    return fire(product, "restore", by=by, note=note, version=version)


@transaction.atomic
def add_price(
    product: Product,
    *,
    by: Actor | User,
    net_amount: Decimal,
    from_on: dt.date,
    currency: str = "CNY",
    note: str = "",
    version: int | None = None,
) -> Product:
    """Set the list price in one currency from a day on; Refused where that day has a price already."""
    act(
        product,
        "add_price",
        by=by,
        who=("owner", *KEEPERS),
        note=note,
        version=version,
        changes={"net_amount": net_amount, "currency": currency, "from_on": from_on},
    )
    if net_amount < 0:
        raise Refused(_("A price is not negative."))
    if product.prices.filter(currency=currency, from_on=from_on).exists():
        raise Refused(_("There is a price in %(currency)s from this day already.") % {"currency": currency})
    PriceList.objects.create(product=product, currency=currency, net_amount=net_amount, from_on=from_on)
    return product
