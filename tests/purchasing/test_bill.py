"""Bills: three-way match, commitment into cost, payment, reversal, accrual at month end."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from core.errors import NotAllowed, Refused
from finance import selectors as finance_selectors
from finance.models import CostBook, LedgerEntry
from finance.services import period
from purchasing import selectors
from purchasing.models import Bill, GoodsReceipt, PurchaseOrder
from purchasing.services import accrual
from purchasing.services import bill as bills
from purchasing.services import order as orders
from tests.factories.purchasing import approve_order, make_bill, make_order, order_line, post_bill
from tests.helpers import actions, unchanged

D = Decimal


def figures(book: CostBook) -> tuple[Decimal, Decimal]:
    stored = CostBook.objects.get(pk=book.pk)
    assert finance_selectors.recompute(stored).agrees
    return stored.net_committed, stored.net_cost


@pytest.fixture
def order(book: CostBook, delivery: User, pfc: User) -> PurchaseOrder:
    made = approve_order(
        make_order(book, delivery, lines=[order_line(quantity=3, price=113)]), by=delivery, decider=pfc
    )
    return orders.receive(made, by=delivery)


def test_a_bill_turns_commitment_into_cost(order: PurchaseOrder, book: CostBook, finance: User, pfc: User) -> None:
    assert figures(book) == (D(300), 0)
    bill = make_bill(order, finance)
    post_bill(bill, by=finance, decider=pfc, finance=finance)
    assert figures(book) == (0, D(300))
    assert actions(bill) == ["bill.open", "bill.submit", "bill.approve", "bill.post"]


def test_partial_bills_leave_no_cent_committed(book: CostBook, delivery: User, finance: User, pfc: User) -> None:
    order = make_order(book, delivery, lines=[order_line(quantity=3, price="33.33", deductible=False)])
    orders.receive(approve_order(order, by=delivery, decider=pfc), by=delivery)
    for _part in range(3):
        line = {"order_line": order.lines.get(), "quantity": D(1)}
        post_bill(make_bill(order, finance, lines=[line]), by=finance, decider=pfc, finance=finance)
    assert figures(book) == (0, D("99.99"))


def test_a_bill_above_the_order_still_posts(order: PurchaseOrder, book: CostBook, finance: User, pfc: User) -> None:
    line = {"order_line": order.lines.get(), "quantity": D(3), "gross_amount": D(1695)}
    post_bill(make_bill(order, finance, lines=[line]), by=finance, decider=pfc, finance=finance)
    assert figures(book) == (0, D(1500))
    assert {one.threshold for one in finance_selectors.open_alerts(book)} == {90, 100}


def test_nothing_is_billed_that_was_not_received(book: CostBook, delivery: User, finance: User, pfc: User) -> None:
    order = approve_order(make_order(book, delivery), by=delivery, decider=pfc)
    line = order.lines.get()
    orders.receive(order, by=delivery, lines=[{"line": line, "quantity": D(4)}])
    bill = make_bill(order, finance, lines=[{"order_line": line, "quantity": D(5)}])
    with unchanged(bill), pytest.raises(Refused, match="4"):
        bills.submit(bill, by=finance)
    other = make_order(book, delivery, lines=[order_line(quantity=1)])
    with pytest.raises(Refused):
        bills.edit(bill, by=finance, lines=[{"order_line": other.lines.get(), "quantity": D(1)}])


def test_a_supplier_number_is_entered_once(order: PurchaseOrder, finance: User) -> None:
    make_bill(order, finance, supplier_number="F-1")
    with pytest.raises(Refused):
        make_bill(order, finance, supplier_number="F-1")
    assert Bill.objects.filter(supplier_number="F-1").count() == 1


def test_paying_in_parts(order: PurchaseOrder, finance: User, pfc: User, cashier: User) -> None:
    bill = post_bill(make_bill(order, finance), by=finance, decider=pfc, finance=finance)
    bills.pay(bill, by=cashier, gross_amount=D(300))
    assert (bill.state, bill.gross_paid) == ("posted", D(300))
    with unchanged(bill), pytest.raises(Refused):
        bills.pay(bill, by=cashier, gross_amount=D("39.01"))
    with unchanged(bill), pytest.raises(Refused):
        bills.reverse(bill, by=finance, note="wrong")
    assert list(selectors.unpaid_bills(bill.case_id)) == [bill]
    bills.pay(bill, by=cashier)
    assert (bill.state, bill.gross_paid) == ("paid", D(339))
    assert not selectors.unpaid_bills(bill.case_id).exists()


def test_a_reversed_bill_leaves_the_commitment_as_before(
    order: PurchaseOrder, book: CostBook, finance: User, pfc: User
) -> None:
    bill = post_bill(make_bill(order, finance), by=finance, decider=pfc, finance=finance)
    with unchanged(bill), pytest.raises(Refused):
        bills.reverse(bill, by=finance)
    bills.reverse(bill, by=finance, note="wrong supplier")
    assert (bill.state, figures(book)) == ("reversed", (D(300), 0))
    again = make_bill(order, finance, supplier_number=bill.supplier_number)
    post_bill(again, by=finance, decider=pfc, finance=finance)
    assert figures(book) == (0, D(300))


def test_wrong_people(order: PurchaseOrder, finance: User, pfc: User, sales: User) -> None:
    bill = make_bill(order, finance)
    with unchanged(bill):
        for act in (bills.submit, bills.approve, bills.post, bills.reverse):
            with pytest.raises(NotAllowed):
                act(bill, by=sales, note="x")
        with pytest.raises(NotAllowed):
            bills.pay(bill, by=sales)
    with pytest.raises(NotAllowed):
        make_bill(order, sales)


def test_month_end_accrues_what_is_received_and_not_billed(order: PurchaseOrder, book: CostBook, finance: User) -> None:
    month = dt.date(2026, 3, 1)
    GoodsReceipt.objects.filter(line__order=order).update(received_on=dt.date(2026, 3, 20))
    march = period.open(month=month, by=finance)
    period.start_close(march, by=finance)
    entries = LedgerEntry.objects.filter(source__startswith="purchasing.accrual").order_by("pk")
    assert [(one.net_amount, one.month) for one in entries] == [(D(300), month), (D(-300), dt.date(2026, 4, 1))]
    assert figures(book) == (D(300), 0)
    assert accrual.accrue(march, by=finance) == 1
    assert entries.count() == 2


def test_unpaid_bills_are_chased_once_a_week(order: PurchaseOrder, finance: User, pfc: User) -> None:
    bill = post_bill(make_bill(order, finance), by=finance, decider=pfc, finance=finance)
    assert bills.remind() == 0
    Bill.objects.filter(pk=bill.pk).update(due_on=timezone.localdate() - dt.timedelta(days=3))
    assert (bills.remind(), bills.remind()) == (1, 0)


def test_verify_finds_every_figure_in_order(
    order: PurchaseOrder, book: CostBook, finance: User, pfc: User, cashier: User, delivery: User
) -> None:
    bill = post_bill(make_bill(order, finance), by=finance, decider=pfc, finance=finance)
    bills.pay(bill, by=cashier, gross_amount=D(100))
    cancelled = approve_order(make_order(book, delivery, lines=[order_line(quantity=2)]), by=delivery, decider=pfc)
    orders.cancel(cancelled, by=delivery, note="x")
    assert list(selectors.check_invariants()) == []
    order.lines.update(quantity_billed=1)
    PurchaseOrder.objects.filter(pk=cancelled.pk).update(gross_amount=1, net_amount=1, tax_amount=0)
    cancelled.lines.update(net_released=0)
    assert {record.pk for record, _sentence in selectors.check_invariants()} == {order.pk, cancelled.pk}
