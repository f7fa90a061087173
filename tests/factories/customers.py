"""Customers and suppliers, made by their services."""

import itertools
from typing import Any

from accounts.models import User
from customers.models import Customer, Supplier
from customers.services import customer as customers
from customers.services import supplier as suppliers
from tests.people import make_user

_numbers = itertools.count(1)


def tax_id() -> str:
    """A tax id nobody else has."""
    return f"9111{next(_numbers):014d}"


def make_customer(by: User | None = None, **fields: Any) -> Customer:
    """A customer with a name of its own."""
    by = by or make_user("register", department="commercial", roles=("commercial",))
    number = next(_numbers)
    values = {"title": f"北方测试{number}号有限公司", "tax_id": tax_id(), "phone": f"010-8{number:07d}", **fields}
    return customers.open(by=by, note="test", **values)


def make_supplier(by: User | None = None, **fields: Any) -> Supplier:
    """A supplier with a name of its own."""
    by = by or make_user("buyer", department="purchasing", roles=("purchasing",))
    values = {"title": f"东方供货{next(_numbers)}号有限公司", "tax_id": tax_id(), **fields}
    return suppliers.open(by=by, note="test", **values)
