"""Deposits and guarantees: out and back, converted, lost."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notice, User
from core.dictionary import Term
from core.errors import NotAllowed, Refused
from finance.models import CostBook, Deposit, LedgerEntry
from finance.services import deposit
from tests.factories.customers import make_customer
from tests.factories.finance import category
from tests.helpers import actions, unchanged

D = Decimal


def kind(code: str) -> Term:
    return Term.objects.get(dictionary="guarantee", code=code)


@pytest.fixture
def asked(book: CostBook, sales: User) -> Deposit:
    return deposit.open(kind=kind("bid_deposit"), gross_amount=D(200000), customer=make_customer(), book=book, by=sales)


@pytest.fixture
def out(asked: Deposit, finance: User, cashier: User) -> Deposit:
    deposit.approve(asked, by=finance)
    return deposit.pay(asked, by=cashier, net_fee_amount=D(300))


def test_out_and_back(out: Deposit, cashier: User, book: CostBook) -> None:
    assert (out.state, out.paid_on) == ("out", timezone.localdate())
    assert LedgerEntry.objects.get(book=book).net_amount == D(300)
    deposit.return_(out, by=cashier)
    assert actions(out) == ["deposit.open", "deposit.approve", "deposit.pay", "deposit.return"]


def test_a_tender_deposit_becomes_a_performance_deposit(out: Deposit, sales: User) -> None:
    deposit.convert(out, kind=kind("performance_deposit"), by=sales)
    successor = Deposit.objects.get(converted_from=out)
    assert (out.state, successor.state, successor.gross_amount) == ("converted", "out", D(200000))


def test_a_forfeited_deposit_is_cost(out: Deposit, finance: User, book: CostBook) -> None:
    with unchanged(out), pytest.raises(Refused):
        deposit.forfeit(out, by=finance, note="withdrew the bid")
    with unchanged(out), pytest.raises(Refused):
        deposit.forfeit(out, by=finance, category=category("management.tender"))
    deposit.forfeit(out, by=finance, category=category("management.tender"), note="withdrew the bid")
    assert CostBook.objects.get(pk=book.pk).net_cost == D(200300)


def test_nobody_approves_the_own_request(book: CostBook, finance: User, sales: User, asked: Deposit) -> None:
    own = deposit.open(kind=kind("bid_deposit"), gross_amount=D(1), customer=asked.customer, by=finance)
    kept = {"gross_amount": D(1), "customer": asked.customer}
    for_sales = deposit.open(kind=kind("bid_deposit"), owner=sales, by=finance, **kept)
    for record, person in ((own, finance), (asked, sales), (for_sales, finance), (for_sales, sales)):
        with unchanged(record), pytest.raises(NotAllowed):
            deposit.approve(record, by=person)
    with unchanged(asked), pytest.raises(Refused):
        deposit.pay(asked, by=finance)
    with unchanged(asked), pytest.raises(NotAllowed):
        deposit.forfeit(asked, by=sales, note="x", category=category("travel"))


def test_owners_are_reminded_once(out: Deposit, sales: User) -> None:
    today = timezone.localdate()
    Deposit.objects.filter(pk=out.pk).update(
        due_back_on=today - dt.timedelta(days=2), valid_until=today + dt.timedelta(days=14)
    )
    assert deposit.remind() == 2
    assert deposit.remind() == 0
    assert Notice.objects.filter(user=sales, key__startswith="deposit:").count() == 2


def test_who_approves_a_deposit_does_not_pay_it(asked: Deposit, finance: User, cashier: User) -> None:
    deposit.approve(asked, by=finance)
    with unchanged(asked), pytest.raises(Refused, match="保证金审批与支付分离"):
        deposit.pay(asked, by=finance)
    deposit.pay(asked, by=cashier)
    assert asked.state == "out"
