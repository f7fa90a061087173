"""Refunds: out of what a receipt has left, decided upon, paid out once, right on every day."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from billing.models import Receipt, Refund
from billing.selectors import check_invariants, on_account
from billing.services import receipt as receipts
from billing.services import refund as refunds
from core.calendar import today
from core.errors import NotAllowed, Refused
from tests.factories.billing import finance_user, line_of, make_confirmed_receipt, make_receipt
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import decide
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db
D = Decimal


def overpaid(**fields: object) -> Receipt:
    """301,800 owed, 350,000 came in: 48,200 stays on account."""
    contract = make_effective_contract()
    return make_confirmed_receipt(contract, "effect", gross_amount=D(350000), payer_account="62178888", **fields)


def asked(receipt: Receipt, **fields: object) -> Refund:
    return refunds.open(receipt=receipt, reason="多付", by=receipt.owner, **fields)


def approved(receipt: Receipt, **fields: object) -> Refund:
    refund = asked(receipt, **fields)
    return decide(refunds.submit(refund, by=receipt.owner), refunds.approve)


@pytest.fixture(autouse=True)
def deciders(finance: User, director: User) -> None:
    """Somebody reviews, somebody decides."""


def test_all_that_is_left_goes_back_to_who_paid_it(cashier: User) -> None:
    receipt = overpaid()
    refund = approved(receipt)
    assert (refund.state, refund.gross_amount, refund.payee_name) == ("approved", D(48200), receipt.payer_name)
    receipt.refresh_from_db()
    assert receipt.gross_free == D(48200), "it is ours until the bank has paid"
    refunds.pay(refund, bank_reference="TK1", by=cashier)
    receipt.refresh_from_db()
    assert (refund.state, receipt.gross_refunded, receipt.gross_free) == ("paid", D(48200), 0)
    assert not receipt.is_open
    assert not list(check_invariants())


def test_in_parts_and_never_more_than_is_left(cashier: User) -> None:
    receipt = overpaid()
    first = approved(receipt, gross_amount=D(40000))
    second = asked(receipt, gross_amount=D("8200.01"))
    with unchanged(second), pytest.raises(Refused):
        refunds.submit(second, by=receipt.owner)
    refunds.edit(second, gross_amount=D(8200), by=receipt.owner)
    refunds.pay(first, bank_reference="TK1", by=cashier)
    decide(refunds.submit(second, by=receipt.owner), refunds.approve)
    with unchanged(second), pytest.raises(Refused):
        refunds.pay(second, bank_reference="TK1", by=cashier)  # one payment of the bank is one refund
    refunds.pay(second, bank_reference="TK2", by=cashier)
    receipt.refresh_from_db()
    assert receipt.gross_free == 0


def test_what_is_allocated_meanwhile_does_not_go_back(cashier: User) -> None:
    receipt = overpaid()
    refund = approved(receipt)
    line = line_of(receipt.contract, "arrival")
    receipts.allocate(receipt, receivable=line, gross_amount=D(1), by=finance_user())
    with unchanged(refund, receipt), pytest.raises(Refused):
        refunds.pay(refund, bank_reference="TK1", by=cashier)
    refunds.drop(refund, by=cashier, note="已抵下一笔")
    assert refund.state == "dropped"


def test_what_went_back_is_not_allocated_and_not_reversed(cashier: User) -> None:
    receipt = overpaid()
    refunds.pay(approved(receipt), bank_reference="TK1", by=cashier)
    receipt.refresh_from_db()
    line = line_of(receipt.contract, "arrival")
    with unchanged(receipt, line), pytest.raises(Refused):
        receipts.allocate(receipt, receivable=line, gross_amount=D(1), by=finance_user())
    with unchanged(receipt), pytest.raises(Refused):
        receipts.reverse(receipt, by=finance_user(), note="冲正")
    with pytest.raises(DatabaseError), transaction.atomic():
        Receipt.objects.filter(pk=receipt.pk).update(gross_refunded=D(48201))


def test_who_asks_decides_and_pays(sales2: User, cashier: User) -> None:
    receipt = overpaid()
    with pytest.raises(NotAllowed):
        refunds.open(receipt=receipt, reason="x", by=sales2)
    refund = asked(receipt)
    refunds.submit(refund, by=receipt.owner)
    for person in (receipt.owner, cashier):
        with unchanged(refund), pytest.raises(NotAllowed):
            refunds.approve(refund, by=person)
    with unchanged(refund), pytest.raises(Refused):
        refunds.pay(refund, bank_reference="TK1", by=cashier)
    decide(refund, refunds.approve)
    refund.refresh_from_db()
    with unchanged(refund), pytest.raises(NotAllowed):
        refunds.pay(refund, bank_reference="TK1", by=receipt.owner)
    with unchanged(refund), pytest.raises(Refused):
        refunds.pay(refund, bank_reference=" ", by=cashier)


def test_only_confirmed_money_goes_back(cashier: User) -> None:
    receipt = make_receipt(payer_account="62")
    refund = refunds.open(receipt=receipt, reason="误付", by=cashier)
    with unchanged(refund), pytest.raises(Refused):
        refunds.submit(refund, by=cashier)


def test_the_balance_of_every_day(cashier: User) -> None:
    day = today()
    receipt = overpaid(value_on=day - dt.timedelta(days=20))
    for one in receipt.allocations.all():
        receipts.unallocate(receipt, allocation=one, by=finance_user(), note="重来")
    line = line_of(receipt.contract, "effect")
    on = day - dt.timedelta(days=10)
    receipts.allocate(receipt, receivable=line, gross_amount=D(301800), allocated_on=on, by=finance_user())
    refunds.pay(approved(receipt), bank_reference="TK1", paid_on=day - dt.timedelta(days=5), by=cashier)
    expected = {21: D(0), 20: D(350000), 11: D(350000), 10: D(48200), 6: D(48200), 5: D(0), 0: D(0)}
    assert {ago: on_account(day - dt.timedelta(days=ago)) for ago in expected} == expected


def test_by_page_from_the_receipt(cashier: User) -> None:
    receipt = overpaid()
    browser = signed_in(ar_of(receipt.contract))
    assert "/refunds/new/" in browser.get(receipt.get_absolute_url()).content.decode()
    assert browser.get(f"/refunds/new/?receipt={receipt.pk}").status_code == 200
    data = {"receipt": receipt.pk, "reason": "多付", "idempotency_key": "r1"}
    assert browser.post("/refunds/new/", data).status_code == 302
    refund = Refund.objects.get()
    assert browser.get(refund.get_absolute_url()).status_code == 200
    assert refund.code in browser.get(receipt.get_absolute_url()).content.decode()
    assert signed_in(cashier).get("/refunds/").status_code == 200
