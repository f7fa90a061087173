"""Orders: commitment within the budget, partial receipt, closing and cancelling."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import User
from core.errors import NotAllowed, Refused
from finance import selectors as finance_selectors
from finance.models import CostBook, LedgerEntry
from purchasing.services import order as orders
from tests.factories.finance import category
from tests.factories.purchasing import approve_order, make_bill, make_order, order_line, post_bill
from tests.helpers import actions, unchanged

D = Decimal


def committed(book: CostBook) -> Decimal:
    stored = CostBook.objects.get(pk=book.pk)
    assert finance_selectors.recompute(stored).agrees
    return stored.net_committed


def test_approval_commits_every_line(book: CostBook, delivery: User, pfc: User) -> None:
    lines = [order_line(quantity=5), order_line("subcontract.service", quantity=1, price=106, deductible=False)]
    order = approve_order(make_order(book, delivery, lines=lines), by=delivery, decider=pfc)
    assert (order.gross_amount, order.net_cost) == (D(671), D(606))
    assert committed(book) == D(606)
    sources = LedgerEntry.objects.filter(book=book, nature="commitment").values_list("source", flat=True)
    assert set(sources) == {f"purchasing.order_line:{line.pk}" for line in order.lines.all()}
    assert actions(order) == ["purchase_order.open", "purchase_order.submit", "purchase_order.approve"]


def test_an_order_beyond_the_budget_is_stopped(book: CostBook, delivery: User, pfc: User) -> None:
    lines = [order_line(quantity=6), order_line(quantity=5), order_line("subcontract.service", quantity=1, price=600)]
    order = make_order(book, delivery, lines=lines)
    orders.submit(order, by=delivery)
    with unchanged(order), pytest.raises(Refused) as refused:
        orders.approve(order, by=pfc)
    assert len(refused.value.reasons) == 2
    assert committed(book) == 0
    order.refresh_from_db()
    assert order.state == "in_review"


def test_receiving_in_part_and_in_full(book: CostBook, delivery: User, pfc: User) -> None:
    order = approve_order(make_order(book, delivery), by=delivery, decider=pfc)
    line = order.lines.get()
    orders.receive(order, by=delivery, lines=[{"line": line, "quantity": D(4)}])
    assert order.state == "part_received"
    with unchanged(order), pytest.raises(Refused):
        orders.receive(order, by=delivery, lines=[{"line": line, "quantity": D("6.001")}])
    with pytest.raises(Refused):
        orders.receive(order, by=delivery, received_on=dt.date(2100, 1, 1))
    orders.receive(order, by=delivery)
    assert (order.state, line.receipts.count()) == ("received", 2)
    with pytest.raises(Refused):
        orders.receive(order, by=delivery)


def test_closing_needs_every_bill_and_releases_the_rest(
    book: CostBook, delivery: User, pfc: User, finance: User
) -> None:
    order = approve_order(make_order(book, delivery), by=delivery, decider=pfc)
    orders.receive(order, by=delivery)
    with unchanged(order), pytest.raises(Refused):
        orders.close(order, by=delivery)
    post_bill(make_bill(order, finance), by=finance, decider=pfc, finance=finance)
    orders.close(order, by=delivery)
    assert (order.state, committed(book)) == ("closed", 0)


def test_cancelling_releases_what_was_not_delivered(book: CostBook, delivery: User, pfc: User, finance: User) -> None:
    order = approve_order(make_order(book, delivery), by=delivery, decider=pfc)
    orders.receive(order, by=delivery, lines=[{"line": order.lines.get(), "quantity": D(3)}])
    with unchanged(order), pytest.raises(Refused):
        orders.cancel(order, by=delivery)
    orders.cancel(order, by=delivery, note="project stopped")
    assert (order.state, committed(book)) == ("cancelled", D(300))
    post_bill(make_bill(order, finance), by=finance, decider=pfc, finance=finance)
    assert committed(book) == 0
    assert CostBook.objects.get(pk=book.pk).net_cost == D(300)


def test_cancelling_a_draft_under_review_ends_the_request(book: CostBook, delivery: User, pfc: User) -> None:
    order = make_order(book, delivery)
    orders.submit(order, by=delivery)
    orders.cancel(order, by=delivery, note="not needed")
    assert (order.state, committed(book)) == ("cancelled", 0)
    with pytest.raises((NotAllowed, Refused)):
        orders.approve(order, by=pfc)


def test_wrong_people_and_states(book: CostBook, delivery: User, stranger: User, pfc: User) -> None:
    order = make_order(book, delivery)
    with unchanged(order):
        for act in (orders.submit, orders.approve, orders.close, orders.cancel):
            with pytest.raises(NotAllowed):
                act(order, by=stranger, note="x")
        with pytest.raises(NotAllowed):
            orders.edit(order, by=stranger, title="x")
        with pytest.raises(Refused):
            orders.receive(order, by=delivery)
    with pytest.raises(NotAllowed):
        make_order(book, stranger)
    approve_order(order, by=delivery, decider=pfc)
    with unchanged(order), pytest.raises(Refused):
        orders.edit(order, by=delivery, lines=[order_line()])


def test_editing_replaces_the_lines(book: CostBook, delivery: User) -> None:
    order = make_order(book, delivery)
    orders.edit(order, by=delivery, version=order.row_version, lines=[order_line(quantity=1)], payment_text="30 days")
    assert (order.gross_amount, order.payment_text, order.lines.count()) == (D(113), "30 days", 1)
    with pytest.raises(Refused):
        orders.edit(order, by=delivery, lines=[order_line(quantity=0)])
    assert category("material.hardware") == order.lines.get().category


def test_an_order_without_lines_cannot_be_submitted(book: CostBook, delivery: User) -> None:
    order = make_order(book, delivery, lines=[])
    with unchanged(order), pytest.raises(Refused):
        orders.submit(order, by=delivery)
