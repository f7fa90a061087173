"""Pages of orders and bills by the right and the wrong person, and their query counts."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from finance.models import CostBook
from purchasing.models import Bill, PurchaseOrder
from tests.factories.customers import make_supplier
from tests.factories.finance import category, rate
from tests.factories.purchasing import make_bill, make_order
from tests.helpers import signed_in, unchanged


def _line(**fields: object) -> dict[str, object]:
    values = {"category": category("material.hardware").pk, "text": "server", "quantity": "2", "gross_price": "113"}
    given = values | {"tax_rate": rate("13").pk, "deductible": "on"} | fields
    return {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0} | {
        f"lines-0-{name}": value for name, value in given.items()
    }


def test_from_order_to_payment_over_http(
    book: CostBook, delivery: User, pfc: User, finance: User, cashier: User, stranger: User
) -> None:
    browser = signed_in(delivery)
    assert browser.get(f"/purchase-orders/new/?case={book.case_id}").status_code == 200
    given = {"book": book.pk, "supplier": make_supplier().pk, "kind": "order"} | _line()
    assert browser.post("/purchase-orders/new/", given).status_code == 302
    order = PurchaseOrder.objects.get(book=book)
    address = order.get_absolute_url()
    assert (order.gross_amount, signed_in(stranger).get(address).status_code) == (Decimal(226), 404)
    assert browser.get(f"{address}edit/").status_code == 200
    with unchanged(order):
        assert signed_in(cashier).post(f"{address}submit/").status_code == 403
    assert browser.post(f"{address}submit/").status_code == 302
    assert signed_in(pfc).post(f"{address}approve/").status_code == 302
    assert browser.get(f"{address}receive/").status_code == 200
    line = order.lines.get()
    received = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-line": line.pk}
    assert browser.post(f"{address}receive/", received | {"lines-0-quantity": "3"}).status_code == 409
    assert browser.post(f"{address}receive/", received | {"lines-0-quantity": "2"}).status_code == 302
    clerk = signed_in(finance)
    assert clerk.get(f"/bills/new/?order={order.pk}").status_code == 200
    bill_form = {"order": order.pk, "supplier_number": "F1", "dated_on": "2026-05-05", "lines-TOTAL_FORMS": 0}
    assert clerk.post("/bills/new/", bill_form | {"lines-INITIAL_FORMS": 0}).status_code == 302
    bill = Bill.objects.get(order=order)
    for person, verb in ((finance, "submit"), (pfc, "approve"), (finance, "post"), (cashier, "pay")):
        assert signed_in(person).post(f"{bill.get_absolute_url()}{verb}/").status_code == 302, verb
    bill.refresh_from_db()
    assert bill.state == "paid"
    assert clerk.post(f"{bill.get_absolute_url()}post/").status_code == 409
    for page in (
        address,
        bill.get_absolute_url(),
        f"/purchase-orders/panel/{order.case_id}/",
        "/purchase-orders/board/",
    ):
        assert clerk.get(page).status_code == 200


def _queries(user: User, address: str) -> int:
    browser = signed_in(user)
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("address", ["/purchase-orders/", "/bills/"])
def test_lists_cost_the_same_queries_at_any_length(book: CostBook, delivery: User, finance: User, address: str) -> None:
    def make() -> None:
        order = make_order(book, delivery)
        make_bill(order, finance, dated_on=dt.date(2026, 1, 1))

    make(), make()
    before = _queries(finance, address)
    for _number in range(10):
        make()
    assert _queries(finance, address) == before
    assert signed_in(finance).get(f"{address}?nonsense=1").status_code == 400
