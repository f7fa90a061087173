"""Deductions: what a customer holds back settles only when the account manager agrees."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from billing.models import Deduction, Receipt
from billing.selectors import check_invariants
from billing.services import deduction as deductions
from billing.services import receipt as receipts
from core.errors import NotAllowed, Refused
from tests.factories.billing import line_of, make_confirmed_receipt
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import decide, term
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def short(director: User) -> Receipt:
    """301,800 was owed, 291,800 came in."""
    return make_confirmed_receipt(make_effective_contract(), "effect", gross_amount=D(291800))


def asked(receipt: Receipt, by: User, **fields: Any) -> Deduction:
    values = {"difference": term("difference", "penalty"), "reason": "延期交付 10 天", **fields}
    return deductions.open(receivable=line_of(receipt.contract, "effect"), receipt=receipt, by=by, **values)


def test_finance_settles_only_what_is_small_alone(short: Receipt, finance: User) -> None:
    line = line_of(short.contract, "effect")
    for kind, amount in (("penalty", "0.01"), ("quality", "50"), ("fee", "200.01"), ("rounding", "1.01")):
        with unchanged(short, line), pytest.raises(Refused):
            receipts.allocate(
                short, receivable=line, gross_amount=D(amount), difference=term("difference", kind), by=finance
            )
    receipts.allocate(short, receivable=line, gross_amount=D(200), difference=term("difference", "fee"), by=finance)
    assert line_of(short.contract, "effect").gross_deducted == D(200)


def test_the_account_manager_agrees_and_the_line_is_settled(short: Receipt, finance: User) -> None:
    ar = ar_of(short.contract)
    deduction = asked(short, finance)
    assert deduction.gross_amount == D(10000)
    deductions.submit(deduction, by=finance)
    line = line_of(short.contract, "effect")
    with unchanged(deduction, line), pytest.raises(NotAllowed):
        deductions.approve(deduction, by=finance)
    deductions.approve(deduction, by=ar)
    line = line_of(short.contract, "effect")
    assert (deduction.state, line.gross_received, line.gross_deducted, line.is_settled) == (
        "approved",
        D(291800),
        D(10000),
        True,
    )
    assert short.allocations.get(difference__isnull=False).gross_amount == D(10000)
    assert not list(check_invariants())


def test_what_the_account_manager_asks_for_a_director_decides(short: Receipt) -> None:
    ar = ar_of(short.contract)
    deduction = asked(short, ar)
    deductions.submit(deduction, by=ar)
    with unchanged(deduction), pytest.raises(NotAllowed):
        deductions.approve(deduction, by=ar)
    decide(deduction, lambda record, by: deductions.reject(record, by=by, note="不认可"))
    assert (deduction.state, line_of(short.contract, "effect").gross_deducted) == ("rejected", 0)


def test_never_more_than_is_open(short: Receipt, finance: User) -> None:
    first, second = asked(short, finance), asked(short, finance, gross_amount=D(1))
    deductions.submit(first, by=finance)
    with unchanged(second), pytest.raises(Refused):
        deductions.submit(second, by=finance)
    make_confirmed_receipt(short.contract, "effect", gross_amount=D(10000))
    with unchanged(first), pytest.raises(Refused):
        deductions.approve(first, by=ar_of(short.contract))


def test_strangers_neither_ask_nor_see(short: Receipt, finance: User, sales2: User) -> None:
    with pytest.raises(NotAllowed):
        asked(short, sales2)
    deduction = asked(short, finance)
    assert signed_in(sales2).get(deduction.get_absolute_url()).status_code == 404


def test_by_page_from_the_receipt(short: Receipt, finance: User) -> None:
    browser = signed_in(finance)
    line = line_of(short.contract, "effect")
    assert "/deductions/new/" in browser.get(short.get_absolute_url()).content.decode()
    assert browser.get(f"/deductions/new/?receipt={short.pk}&receivable={line.pk}").status_code == 200
    data = {
        "receivable": line.pk,
        "receipt": short.pk,
        "difference": term("difference", "quality").pk,
        "gross_amount": "100.00",
        "reason": "面板划伤",
        "idempotency_key": "d1",
    }
    assert browser.post("/deductions/new/", data).status_code == 302
    deduction = Deduction.objects.get()
    assert browser.get(deduction.get_absolute_url()).status_code == 200
    assert browser.get("/deductions/").status_code == 200
