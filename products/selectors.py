"""Reads of the catalogue."""

import datetime as dt
from decimal import Decimal

from products.models import Product


def price_on(product: Product, on: dt.date, currency: str = "CNY") -> Decimal | None:
    """The list price without tax on a day: the latest dated one, else the product's own; None in a foreign currency."""
    dated = product.prices.filter(currency=currency, from_on__lte=on).order_by("-from_on").first()
    if dated is not None:
        return dated.net_amount
    return product.net_list_amount if product.currency == currency else None
