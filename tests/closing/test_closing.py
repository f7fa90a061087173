"""Final accounts: provisional, final, opened again and locked; also of a project that was lost."""

import datetime as dt
from decimal import Decimal

import pytest

from closing import services as closings
from contracts import services as contracts
from core.calendar import today
from core.errors import NotAllowed, Refused
from finance.models import LedgerEntry
from finance.services import deposit as deposits
from finance.services import ledger
from process.services import counter
from tests.factories.closing import end_warranty, make_closing, make_delivered, make_final, make_lost
from tests.factories.delivery import make_deal, waiting
from tests.factories.finance import category
from tests.factories.leads import term
from tests.helpers import actions, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db

D = Decimal


def test_the_demo_deal_from_provisional_to_final():
    """Contract = invoiced = received + retention; then contract = invoiced = received, and the book is frozen."""
    deal, closing = make_closing()
    with unchanged(closing), pytest.raises(NotAllowed):
        closings.settle(closing, by=deal.ar)
    closings.settle(closing, by=deal.pfc)
    assert closing.state == "provisional"
    assert (closing.gross_contract, closing.gross_received, closing.gross_retention) == (
        D("1006000.00"),
        D("905400.00"),
        D("100600.00"),
    )
    assert closing.gross_contract == closing.gross_received + closing.gross_retention
    assert (closing.net_recognised, closing.net_cost) == (D("900000.00"), D("640600.00"))

    with unchanged(closing, deal.project), pytest.raises(Refused) as refused:
        closings.finalize(closing, by=deal.pfc)
    assert len(refused.value.reasons) == 3  # retention, contract, lessons
    assert not closing.book.sheets.filter(kind="settlement").exists()

    end_warranty(deal)
    closings.edit(closing, by=deal.pfc, lessons="估算要含运费")
    closings.finalize(closing, by=deal.pfc)
    deal.project.refresh_from_db()
    closing.book.refresh_from_db()
    assert (closing.state, deal.project.state, deal.project.stage) == ("final", "closed", "closed")
    assert closing.gross_contract == closing.gross_invoiced == closing.gross_received == D("1006000.00")
    assert (closing.gross_retention, closing.net_margin, closing.margin_percent) == (0, D("259400.00"), D("28.82"))
    spent = sum(LedgerEntry.objects.filter(book=closing.book, nature="cost").values_list("net_amount", flat=True))
    assert closing.settlement.net_cost == spent == D("640600.00")
    assert closing.settlement.net_revenue == D("900000.00")
    assert closing.book.is_frozen
    with pytest.raises(Refused):
        ledger.post(
            closing.book, nature="cost", category=category("labour"), net_amount=D(1), source="late", by=deal.finance
        )
    assert actions(closing)[-1] == "closing.finalize"


def test_reopened_by_an_approver_and_locked_again_by_itself(monkeypatch):
    deal, closing = make_final()
    for person in (deal.pfc, deal.ar):
        with unchanged(closing), pytest.raises(NotAllowed):
            closings.reopen(closing, by=person, note="漏记运费")
    with unchanged(closing), pytest.raises(Refused):
        closings.reopen(closing, by=deal.director)
    closings.reopen(closing, by=deal.director, note="漏记运费", locks_again_on=today() + dt.timedelta(days=3))
    closing.book.refresh_from_db()
    assert (closing.state, closing.book.is_frozen) == ("provisional", False)
    freight = category("material.freight")
    ledger.post(closing.book, nature="cost", category=freight, net_amount=D(400), source="late", by=deal.finance)
    assert closings.lock_again() == 0
    monkeypatch.setattr("closing.services.today", lambda: today() + dt.timedelta(days=3))
    assert closings.lock_again() == 1
    closing.refresh_from_db()
    closing.book.refresh_from_db()
    assert (closing.state, closing.book.is_frozen, closing.settlement.net_cost) == ("final", True, D("641000.00"))
    assert closing.book.sheets.filter(kind="settlement").count() == 2


def test_everything_that_is_missing_is_named_with_its_link():
    deal = make_deal()
    closing = closings.open(by=deal.pfc, project=deal.project)
    assert closing.kind == "normal"
    ledger.post(
        closing.book,
        nature="commitment",
        category=category("material.hardware"),
        net_amount=D(100),
        source="po",
        by=deal.fr,
        commitment_check=False,
    )
    with unchanged(closing), pytest.raises(Refused) as refused:
        closings.settle(closing, by=deal.pfc)
    # Nothing delivered, three terms not received, one commitment.
    assert len(refused.value.reasons) == 5
    assert all(reason.link for reason in refused.value.reasons)
    with unchanged(closing), pytest.raises(Refused, match=closing.code):
        closings.open(by=deal.pfc, project=deal.project)


def test_a_large_difference_needs_its_cause():
    spent = (("material.hardware", 560000), ("labour.implementation", 140600))
    deal, closing = make_closing(make_delivered(spent=spent))
    closings.settle(closing, by=deal.pfc)
    end_warranty(deal)
    closings.edit(closing, by=deal.pfc, lessons="涨价")
    with unchanged(closing), pytest.raises(Refused) as refused:
        closings.finalize(closing, by=deal.pfc)
    assert len(refused.value.reasons) == 1
    closings.explain(
        closing, by=deal.fr, category=category("material"), cause=term("variance_cause", "price"), explanation="涨价"
    )
    closings.finalize(closing, by=deal.pfc)
    line = closing.lines.get(category__code="material")
    assert (line.net_budget, line.net_actual, line.net_settlement) == (D(500000), D(560000), D(560000))


def test_a_lost_project_closes_too():
    deal = make_lost()
    with pytest.raises(NotAllowed):
        closings.settle_lost(deal.project, by=deal.ar)
    closing = closings.settle_lost(deal.project, by=deal.pfc)
    assert closings.settle_lost(deal.project, by=deal.pfc) == closing
    assert closing.kind == "terminated"
    out = deposits.open(
        kind=term("guarantee", "bid_deposit"),
        gross_amount=D(200000),
        customer=deal.project.customer,
        book=closing.book,
        by=deal.ar,
    )
    deposits.approve(out, by=deal.finance)
    deposits.pay(out, by=make_user("cashier", department="treasury", roles=("cashier",)))
    closings.settle(closing, by=deal.pfc)
    closings.edit(closing, by=deal.pfc, lessons="价格偏高")
    with unchanged(closing), pytest.raises(Refused, match=out.code):
        closings.finalize(closing, by=deal.pfc)
    deposits.return_(out, by=deal.finance)
    closings.finalize(closing, by=deal.pfc)
    deal.project.refresh_from_db()
    closing.book.refresh_from_db()
    assert (closing.state, deal.project.state, deal.project.stage) == ("final", "lost", "closed")
    assert (closing.net_cost, closing.settlement.net_cost, closing.book.is_frozen) == (D(12000), D(12000), True)


def test_a_living_project_is_not_settled_as_lost():
    deal = make_deal()
    with unchanged(deal.project), pytest.raises(Refused):
        closings.settle_lost(deal.project, by=deal.pfc)


def test_a_contract_is_terminated_by_the_settlement_only():
    deal = make_deal()
    closing = closings.open(by=deal.pfc, project=deal.project)
    with unchanged(closing), pytest.raises(Refused):
        closings.terminate_contract(closing, by=deal.pfc, contract=deal.contract)
    with unchanged(closing), pytest.raises(NotAllowed):
        closings.terminate_contract(closing, by=deal.ar, contract=deal.contract, note="客户破产")
    closings.terminate_contract(closing, by=deal.pfc, contract=deal.contract, note="客户破产")
    deal.contract.refresh_from_db()
    assert (deal.contract.state, closing.kind) == ("terminated", "terminated")
    with pytest.raises(Refused):
        contracts.complete(deal.contract, by=deal.ar)


def test_the_counter_goes_to_project_finance():
    deal = make_delivered()
    offer = waiting(deal, "closing")
    with unchanged(offer), pytest.raises(NotAllowed):
        counter.take(offer, by=deal.fr)
