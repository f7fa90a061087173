"""Change orders: contract, terms, receivables and budget move in one transaction, or not at all."""

from decimal import Decimal

import pytest

from approvals import services as approvals
from billing.models import ReceivableLine
from core.calendar import today
from core.errors import NotAllowed, Refused
from delivery.services import change as changes
from finance.selectors import current_sheet
from tests.factories.delivery import make_acceptance, make_running_order, paper, sign
from tests.factories.finance import category, rate
from tests.factories.leads import term
from tests.helpers import unchanged

pytestmark = pytest.mark.django_db

D = Decimal


def draft(deal, order, gross="113000.00", cost="80000.00", **fields):
    return changes.open(
        by=deal.ar,
        contract=deal.contract,
        order=order,
        reason=term("change_reason", "customer_more"),
        scope="增加摄像机",
        lines=[{"name": "摄像机", "tax_rate": rate("13"), "gross_amount": D(gross)}],
        costs=[{"category": category("material.hardware"), "text": "摄像机", "net_amount": D(cost)}] if cost else [],
        **fields,
    )


def agreed(deal, change):
    approvals.submit(change, by=deal.ar)
    changes.approve(change, by=deal.pfc)
    changes.approve(change, by=deal.director)
    return changes.agree(change, by=deal.ar, agreed_on=today(), agreed_by="李四", agreement=paper())


def amounts(deal):
    terms = {one.event.code: one.gross_amount for one in deal.contract.terms.select_related("event")}
    rows = ReceivableLine.objects.filter(contract=deal.contract).select_related("term__event")
    lines = {one.term.event.code: one.gross_amount for one in rows}
    deal.contract.refresh_from_db()
    return deal.contract.gross_amount, terms, lines


def test_enacting_moves_everything_together():
    deal, order = make_running_order()
    change = draft(deal, order, new_end_on=today())
    assert (change.gross_amount, change.net_amount, change.net_cost) == (D("113000"), D("100000.00"), D("80000"))
    before = amounts(deal)
    agreed(deal, change)
    assert amounts(deal) == before, "a change that is pending alters no figure"
    with unchanged(change), pytest.raises(NotAllowed):
        changes.enact(change, by=deal.legal)

    changes.enact(change, by=deal.ar)
    assert change.state == "effective"
    value, terms, lines = amounts(deal)
    assert value == D("1119000.00")
    assert terms == lines
    assert terms == {"effect": D("301800"), "arrival": D("335700"), "final": D("369600"), "retention": D("111900")}
    budget = current_sheet(order.book, "budget")
    assert (budget.version, budget.net_cost, budget.net_revenue) == (2, D("720600.00"), D("1000000.00"))
    order.refresh_from_db()
    assert order.planned_end_on == today()


def test_a_price_settlement_after_final_acceptance_moves_revenue_too():
    """审定 takes 22,600 off the hardware: 983,400, final 281,460, retention 98,340."""
    deal, order = make_running_order()
    sign(deal, make_acceptance(deal, order, "arrival"))
    change = agreed(deal, draft(deal, order, gross="-22600.00", cost=""))
    changes.enact(change, by=deal.ar)
    value, terms, lines = amounts(deal)
    assert (value, terms["final"], terms["retention"]) == (D("983400"), D("281460"), D("98340"))
    assert terms == lines
    sign(deal, make_acceptance(deal, order, "final"))
    order.book.refresh_from_db()
    assert order.book.net_recognised == D("880000.00")


def test_what_one_of_them_cannot_follow_changes_nothing():
    deal, order = make_running_order()
    for kind in ("arrival", "final"):
        sign(deal, make_acceptance(deal, order, kind))
    change = agreed(deal, draft(deal, order, gross="-900000.00", cost="-1000"))
    before = amounts(deal), current_sheet(order.book, "budget").pk
    with unchanged(change), pytest.raises(Refused):
        changes.enact(change, by=deal.ar)
    assert (amounts(deal), current_sheet(order.book, "budget").pk) == before


def test_a_budget_cannot_fall_below_zero_and_then_the_contract_stays_too():
    deal, order = make_running_order()
    change = agreed(deal, draft(deal, order, gross="1130.00", cost="-600000"))
    before = amounts(deal)
    with unchanged(change), pytest.raises(Refused):
        changes.enact(change, by=deal.ar)
    assert amounts(deal) == before


def test_an_empty_change_is_not_submitted_and_the_paper_is_asked_for():
    deal, order = make_running_order()
    empty = changes.open(
        by=deal.fr, contract=deal.contract, reason=term("change_reason", "site"), scope="无", order=order
    )
    with unchanged(empty), pytest.raises(Refused):
        approvals.submit(empty, by=deal.fr)
    changes.edit(empty, by=deal.fr, lines=[{"name": "线缆", "tax_rate": rate("13"), "gross_amount": D("1130")}])
    assert empty.gross_amount == D("1130.00")
    approvals.submit(empty, by=deal.fr)
    with unchanged(empty), pytest.raises(Refused):
        changes.edit(empty, by=deal.fr, scope="别的")
    changes.approve(empty, by=deal.pfc)
    changes.approve(empty, by=deal.director)
    with unchanged(empty), pytest.raises(Refused) as refused:
        changes.agree(empty, by=deal.ar, agreed_on=None, agreed_by="")
    assert len(refused.value.reasons) == 3
