"""Products, made by their services."""

import itertools
from decimal import Decimal
from typing import Any

from accounts.models import User
from products import services
from products.models import Product
from tests.people import make_user

_numbers = itertools.count(1)


def make_product(by: User | None = None, **fields: Any) -> Product:
    """A product with a number of its own."""
    by = by or make_user("keeper", department="commercial", roles=("commercial",))
    number = next(_numbers)
    values = {"code": f"P-{number:05d}", "title": f"边缘网关 {number}", "net_list_amount": Decimal("1000.00"), **fields}
    return services.open(by=by, **values)
