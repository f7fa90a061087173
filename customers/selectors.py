"""Reads of the register."""

from django.db.models import Q, QuerySet

from customers import names
from customers.models import Customer, Supplier


def similar(name: str, *, limit: int = 5) -> QuerySet[Customer]:
    """Customers whose name is the same but for brackets, width, spaces, case or legal form."""
    key, core = names.key_of(name), names.core_of(name)
    return Customer.objects.filter(Q(name_key=key) | Q(name_core=core)).order_by("pk")[:limit]


def by_tax_id(tax_id: str) -> Customer | None:
    """The customer with this tax id."""
    tidy = names.tidy_tax_id(tax_id)
    return Customer.objects.filter(tax_id=tidy).first() if tidy else None


def supplier_by_tax_id(tax_id: str) -> Supplier | None:
    """The supplier with this tax id."""
    tidy = names.tidy_tax_id(tax_id)
    return Supplier.objects.filter(tax_id=tidy).first() if tidy else None
