"""What stands in the way of final accounts, and what does not."""

from decimal import Decimal

import pytest

from billing.services import receipt as receipts
from closing import selectors
from closing import services as closings
from core.calendar import today
from tests.factories.billing import make_receipt
from tests.factories.delivery import make_deal, make_order
from tests.factories.leads import term
from tests.helpers import last_log, signed_in

pytestmark = pytest.mark.django_db


def bill_of(deal):
    """A bill of exchange claimed for the deal's contract and held."""
    bill = make_receipt(
        by=deal.finance,
        payer_name=deal.contract.payer.title,
        gross_amount=Decimal("1000.00"),
        method=term("receipt_method", "bank_bill"),
        acceptor="某银行",
        bill_due_on=today(),
    )
    receipts.claim(bill, contract=deal.contract, by=deal.ar)
    return receipts.confirm(bill, by=deal.finance)


def test_a_refused_bill_is_no_money_that_waits_to_be_allocated():
    deal = make_deal()
    closing = closings.open(by=deal.pfc, project=deal.project)
    bill = bill_of(deal)
    gaps = " ".join(str(reason) for reason in selectors.gaps_before_provisional(closing))
    assert bill.code in gaps
    receipts.refuse(bill, by=deal.finance, note="承兑人拒付")
    gaps = " ".join(str(reason) for reason in selectors.gaps_before_provisional(closing))
    assert bill.code not in gaps


def test_a_project_broken_off_says_which_deliveries_it_leaves_open():
    deal, order = make_order(make_deal(terms=(("final", 100, False),)))
    closing = closings.open(by=deal.pfc, project=deal.project)
    closings.terminate_contract(closing, by=deal.pfc, contract=deal.contract, note="客户破产")
    assert order.code not in str(selectors.gaps_before_provisional(closing))
    page = signed_in(deal.pfc).get(closing.get_absolute_url()).content.decode()
    assert 'id="left-open"' in page and order.code in page and order.get_absolute_url() in page
    closings.settle(closing, by=deal.pfc, note="清算")
    note = last_log(closing).note
    assert note.startswith("清算") and order.code in note


def test_final_accounts_of_a_delivered_project_name_nothing_left_open():
    deal, order = make_order()
    closing = closings.open(by=deal.pfc, project=deal.project)
    page = signed_in(deal.pfc).get(closing.get_absolute_url()).content.decode()
    assert 'id="left-open"' not in page
    assert order.code in " ".join(str(reason) for reason in selectors.gaps_before_provisional(closing))
