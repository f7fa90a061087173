"""Receipts: claimed once, confirmed by finance, allocated within both ends, reversed with their history."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction

from accounts.models import User
from billing.models import Allocation, Receipt
from billing.selectors import check_invariants, position
from billing.services import receipt as receipts
from core.calendar import today
from core.errors import NotAllowed, Refused
from tests.factories.billing import (
    finance_user,
    line_of,
    make_claimed_receipt,
    make_confirmed_receipt,
    make_issued_invoice,
    make_receipt,
)
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import term
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db
D = Decimal


def make_bill(contract: Any, event: str = "effect", **fields: Any) -> Receipt:
    values = {"bill_due_on": today() + dt.timedelta(days=180), **fields}
    method = term("receipt_method", "bank_bill")
    return make_confirmed_receipt(contract, event, method=method, acceptor="工商银行", **values)


def test_an_advance_before_any_invoice() -> None:
    contract = make_effective_contract()
    receipt = make_confirmed_receipt(contract, event="effect")
    assert (receipt.state, receipt.gross_free) == ("confirmed", 0)
    line = line_of(contract, "effect")
    assert (line.gross_received, line.gross_invoiced, line.is_settled) == (D(301800), 0, True)
    assert position(contract).received == D(301800)
    make_issued_invoice(contract)
    assert not list(check_invariants())


def test_the_same_bank_line_twice_is_one() -> None:
    first = make_receipt()
    with pytest.raises(Refused):
        make_receipt(account=first.account, reference=first.reference)
    make_receipt(reference=first.reference)


def test_a_strange_payer_needs_a_note() -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name="某某商贸有限公司")
    with unchanged(receipt), pytest.raises(Refused):
        receipts.claim(receipt, contract=contract, by=ar_of(contract))
    receipts.claim(receipt, contract=contract, by=ar_of(contract), note="委托付款")
    assert (receipt.state, receipt.owner) == ("claimed", ar_of(contract))


def test_brackets_and_width_of_a_name_do_not_matter() -> None:
    contract = make_effective_contract()
    from customers.models import Customer

    Customer.objects.filter(pk=contract.payer_id).update(title="华讯（北京）有限公司")
    contract.refresh_from_db()
    receipt = make_receipt(payer_name="华讯(北京)有限公司")
    receipts.claim(receipt, contract=contract, by=ar_of(contract))
    assert receipt.state == "claimed"


def test_claimed_once_given_back_claimed_again(sales2: User) -> None:
    contract = make_effective_contract()
    receipt = make_claimed_receipt(contract)
    with unchanged(receipt), pytest.raises(Refused):
        receipts.claim(receipt, contract=contract, by=sales2)
    with unchanged(receipt), pytest.raises(Refused):
        receipts.unclaim(receipt, by=ar_of(contract))
    receipts.unclaim(receipt, by=ar_of(contract), note="认错")
    assert (receipt.state, receipt.contract, receipt.owner) == ("unclaimed", None, None)


def test_who_confirms(stranger: User) -> None:
    contract = make_effective_contract()
    receipt = make_claimed_receipt(contract)
    for person in (stranger, ar_of(contract)):
        with unchanged(receipt), pytest.raises(NotAllowed):
            receipts.confirm(receipt, by=person)
    with pytest.raises(NotAllowed):
        receipts.claim(make_receipt(payer_name=contract.payer.title), contract=contract, by=stranger)


def test_who_claimed_it_does_not_confirm_it(cashier: User, finance: User) -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name=contract.payer.title)
    receipts.claim(receipt, contract=contract, by=cashier)
    with unchanged(receipt), pytest.raises(NotAllowed):
        receipts.confirm(receipt, by=cashier)
    receipts.confirm(receipt, by=finance)
    assert receipt.state == "confirmed"


def test_allocations_stay_within_receipt_and_line() -> None:
    contract = make_effective_contract()
    receipt, by = make_confirmed_receipt(contract, gross_amount=D(400000)), finance_user()
    line = line_of(contract, "effect")
    with unchanged(receipt, line), pytest.raises(Refused):
        receipts.allocate(receipt, receivable=line, gross_amount=D("301800.01"), by=by)
    receipts.allocate(receipt, receivable=line, gross_amount=D(301800), by=by)
    other = line_of(contract, "arrival")
    with unchanged(receipt, other), pytest.raises(Refused):
        receipts.allocate(receipt, receivable=other, gross_amount=D("98200.01"), by=by)
    receipts.allocate(receipt, receivable=other, gross_amount=D(98200), by=by)
    assert receipt.gross_free == 0
    assert not list(check_invariants())


def test_one_transfer_for_two_contracts() -> None:
    first, second = make_effective_contract(), make_effective_contract()
    receipt, by = make_confirmed_receipt(first, gross_amount=D(500000)), finance_user()
    receipts.allocate(receipt, receivable=line_of(first, "effect"), gross_amount=D(301800), by=by)
    receipts.allocate(receipt, receivable=line_of(second, "effect"), gross_amount=D(198200), by=by)
    assert position(second).received == D(198200)


def test_a_difference_settles_without_money() -> None:
    contract = make_effective_contract()
    receipt, by = make_confirmed_receipt(contract, event="effect", gross_amount=D("301750.00")), finance_user()
    line = line_of(contract, "effect")
    receipts.allocate(receipt, receivable=line, gross_amount=D(50), difference=term("difference", "fee"), by=by)
    line.refresh_from_db()
    assert (line.gross_received, line.gross_deducted, line.is_settled) == (D("301750.00"), D(50), True)
    assert receipt.gross_allocated == D("301750.00")
    assert not list(check_invariants())


def test_unallocate_keeps_the_history() -> None:
    contract = make_effective_contract()
    receipt, by = make_confirmed_receipt(contract, event="effect"), finance_user()
    one = receipt.allocations.get()
    receipts.unallocate(receipt, allocation=one, by=by, note="错")
    assert receipt.gross_free == D(301800)
    assert line_of(contract, "effect").gross_received == 0
    assert Allocation.objects.filter(receipt=receipt, removed_by=by).count() == 1
    with pytest.raises(Refused):
        receipts.unallocate(receipt, allocation=one, by=by)


def test_an_invoice_may_be_named_where_it_covers_the_line() -> None:
    contract = make_effective_contract()
    invoice = make_issued_invoice(contract)
    receipt, by = make_confirmed_receipt(contract), finance_user()
    other = line_of(contract, "arrival")
    with pytest.raises(Refused):
        receipts.allocate(receipt, receivable=other, gross_amount=D(1), invoice=invoice, by=by)
    line = line_of(contract, "effect")
    receipts.allocate(receipt, receivable=line, gross_amount=D(301800), invoice=invoice, by=by)
    assert invoice.gross_received == D(301800)


def test_reverse_lets_the_allocations_fall() -> None:
    contract = make_effective_contract()
    receipt, by = make_confirmed_receipt(contract, event="effect"), finance_user()
    with unchanged(receipt), pytest.raises(Refused):
        receipts.reverse(receipt, by=by)
    receipts.reverse(receipt, by=by, note="银行冲正")
    assert (receipt.state, receipt.gross_allocated) == ("reversed", 0)
    assert position(contract).received == 0
    assert receipt.allocations.count() == 1
    assert not list(check_invariants())


def test_a_bill_is_held_and_may_be_refused_after_half_a_year() -> None:
    contract = make_effective_contract()
    bill, by = make_bill(contract), finance_user()
    assert bill.state == "held"
    assert line_of(contract, "effect").is_settled
    receipts.refuse(bill, by=by, note="承兑人拒付")
    assert bill.state == "refused"
    assert line_of(contract, "effect").gross_open == D(301800)
    assert not list(check_invariants())


@pytest.mark.parametrize(
    ("verb", "state"), [("honour", "honoured"), ("discount", "discounted"), ("endorse", "endorsed")]
)
def test_what_becomes_of_a_bill(verb: str, state: str) -> None:
    contract = make_effective_contract()
    bill, by = make_bill(contract, bill_due_on=today()), finance_user()
    with unchanged(bill), pytest.raises(Refused):
        receipts.reverse(bill, by=by, note="x")
    getattr(receipts, verb)(bill, by=by, note="背书给供应商")
    assert bill.state == state
    assert last_log(bill).action == f"receipt.{verb}"
    assert line_of(contract, "effect").is_settled


def test_a_bill_is_honoured_from_its_day_on() -> None:
    bill, by = make_bill(make_effective_contract()), finance_user()
    with unchanged(bill), pytest.raises(Refused):
        receipts.honour(bill, by=by)
    with time_machine.travel(dt.datetime.combine(bill.bill_due_on, dt.time(9), dt.UTC), tick=False):
        receipts.honour(bill, by=by)
    assert bill.state == "honoured"


def test_a_bill_needs_acceptor_and_day() -> None:
    with pytest.raises(Refused):
        make_receipt(method=term("receipt_method", "bank_bill"))


def test_confirmed_figures_never_change() -> None:
    receipt = make_confirmed_receipt(make_effective_contract(), event="effect")
    for changes in ({"gross_amount": D(1)}, {"value_on": today() - dt.timedelta(days=1)}, {"reference": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Receipt.objects.filter(pk=receipt.pk).update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        receipt.allocations.update(gross_amount=1)


def test_what_an_account_manager_sees(sales2: User) -> None:
    contract = make_effective_contract()
    unclaimed, claimed = make_receipt(), make_claimed_receipt(contract)
    seen = Receipt.objects.visible_to(sales2)
    assert unclaimed in seen and claimed not in seen
    assert claimed in Receipt.objects.visible_to(ar_of(contract))
