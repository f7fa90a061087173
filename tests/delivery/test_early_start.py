"""Early start: a capped, dated permit; regularised by the contract, or it lapses."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Notice
from approvals import services as approvals
from core.calendar import today
from core.errors import NotAllowed, Refused
from delivery.models import DeliveryOrder
from delivery.services import early
from delivery.services import order as orders
from finance.services import ledger
from process.services import counter
from tests.factories.delivery import make_deal, make_project, waiting
from tests.factories.finance import category
from tests.helpers import unchanged

pytestmark = pytest.mark.django_db


def ask(deal, **fields):
    values = {
        "reason": "客户要求先进场",
        "scope": "服务器 10 台",
        "net_cap_amount": Decimal("300000.00"),
        "ends_on": today() + dt.timedelta(days=30),
        **fields,
    }
    return early.open(by=deal.ar, project=deal.project, **values)


def in_force(deal, **fields):
    permit = ask(deal, **fields)
    approvals.submit(permit, by=deal.ar)
    early.approve(permit, by=deal.pfc)
    return early.approve(permit, by=deal.director)


def test_in_force_it_opens_an_order_that_may_start_up_to_the_cap():
    deal = make_project()
    permit = in_force(deal)
    order = DeliveryOrder.objects.get(project=deal.project)
    assert (permit.state, permit.order, order.state, order.contract) == ("active", order, "planned", None)
    orders.start(order, by=deal.fr)
    book = deal.project.book
    book.refresh_from_db()
    hardware = category("material.hardware")
    ledger.post(book, nature="commitment", category=hardware, net_amount=Decimal(250000), source="test:1", by=deal.fr)
    assert permit.exposure() == Decimal("250000.00")
    with pytest.raises(Refused):
        ledger.post(
            book, nature="commitment", category=hardware, net_amount=Decimal(60000), source="test:2", by=deal.fr
        )
    assert early.sweep() == 0
    assert Notice.objects.filter(key=f"early_start:{permit.pk}:cap", user=deal.director).count() == 0
    assert Notice.objects.filter(key=f"early_start:{permit.pk}:cap").count() == 3


def test_it_lapses_on_its_day_and_nothing_more_may_be_committed(monkeypatch):
    deal = make_project()
    permit = in_force(deal)
    with unchanged(permit), pytest.raises(NotAllowed):
        early.lapse(permit, by=deal.fr)
    later = today() + dt.timedelta(days=31)
    monkeypatch.setattr("delivery.services.early.today", lambda: later)
    assert early.sweep() == 1
    permit.refresh_from_db()
    deal.project.book.refresh_from_db()
    assert (permit.state, deal.project.book.net_advance_limit) == ("lapsed", 0)
    assert early.sweep() == 0


def test_every_reason_against_it_is_named():
    deal = make_project()
    in_force(deal)
    second = ask(deal, ends_on=today() - dt.timedelta(days=1))
    with unchanged(second), pytest.raises(Refused) as refused:
        approvals.submit(second, by=deal.ar)
    assert len(refused.value.reasons) == 2


def test_only_the_team_asks_and_nobody_regularises_without_a_contract():
    deal = make_project()
    with pytest.raises(NotAllowed):
        early.open(
            by=deal.legal, project=deal.project, reason="x", scope="x", net_cap_amount=Decimal(1), ends_on=today()
        )
    permit = in_force(deal)
    with unchanged(permit), pytest.raises(Refused):
        early.regularise(permit, by=deal.fr)


def test_the_contract_takes_the_running_order_over_and_regularises_the_permit():
    deal = make_project()
    permit = in_force(deal)
    orders.start(permit.order, by=deal.fr)
    make_deal(deal)
    counter.take(waiting(deal, "delivery"), by=deal.fr)
    order = DeliveryOrder.objects.get(project=deal.project)
    permit.refresh_from_db()
    deal.project.book.refresh_from_db()
    assert (order.contract, order.state, permit.state) == (deal.contract, "in_progress", "regularised")
    assert deal.project.book.net_advance_limit == 0
