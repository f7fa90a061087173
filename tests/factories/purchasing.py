"""Orders and bills, made by services as the company makes them."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from accounts.models import User
from finance.models import CostBook
from purchasing.models import Bill, PurchaseOrder
from purchasing.services import bill as bills
from purchasing.services import order as orders
from tests.factories.customers import make_supplier
from tests.factories.finance import category, rate

_numbers = itertools.count(1)


def order_line(
    code: str = "material.hardware", *, quantity: Any = 10, price: Any = 113, **fields: Any
) -> dict[str, Any]:
    """Ten servers at 113 incl. 13 % deductible VAT: 1,000 net."""
    values = {"category": category(code), "text": f"item {next(_numbers)}", "tax_rate": rate("13"), "deductible": True}
    return values | {"quantity": Decimal(str(quantity)), "gross_price": Decimal(str(price))} | fields


def make_order(book: CostBook, by: User, *, lines: Any = None, **fields: Any) -> PurchaseOrder:
    """A draft order."""
    lines = [order_line()] if lines is None else lines
    supplier = fields.pop("supplier", None) or make_supplier()
    return orders.open(book=book, supplier=supplier, lines=lines, by=by, **fields)


def approve_order(order: PurchaseOrder, *, by: User, decider: User) -> PurchaseOrder:
    """Submitted by one, approved by the other."""
    orders.submit(order, by=by)
    return orders.approve(order, by=decider)


def make_bill(order: PurchaseOrder, by: User, **fields: Any) -> Bill:
    """A draft bill over what is received and not billed yet."""
    values: dict[str, Any] = {"supplier_number": f"F{next(_numbers):06d}", "dated_on": dt.date.today()}
    return bills.open(order=order, by=by, **(values | fields))


def post_bill(bill: Bill, *, by: User, decider: User, finance: User) -> Bill:
    """Submitted, approved, posted."""
    bills.submit(bill, by=by)
    bills.approve(bill, by=decider)
    return bills.post(bill, by=finance)
