"""Delivery orders: taken over by hand, started on a budget, accepted, handed on, closed."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Notice
from core.calendar import today
from core.errors import NotAllowed, Refused
from delivery.models import DeliveryOrder
from delivery.services import deliverable as deliverables
from delivery.services import order as orders
from process.models import Handover
from process.services import counter, seat
from tests.factories.delivery import (
    approve_budget,
    make_acceptance,
    make_deal,
    make_order,
    make_running_order,
    sign,
    waiting,
)
from tests.factories.leads import term
from tests.helpers import actions, unchanged

pytestmark = pytest.mark.django_db


def test_the_delivery_manager_takes_the_contract_over_by_hand():
    deal = make_deal()
    offer = waiting(deal, "delivery")
    with unchanged(offer), pytest.raises(NotAllowed):
        counter.take(offer, by=deal.ar)
    counter.take(offer, by=deal.fr)
    order = DeliveryOrder.objects.get(contract=deal.contract)
    assert (order.state, order.owner, order.book) == ("planned", deal.fr, deal.project.book)
    deal.project.refresh_from_db()
    assert deal.project.stage == "delivery"
    budget = order.book.sheets.get(kind="budget")
    assert (budget.state, budget.net_cost, budget.net_revenue) == ("draft", Decimal("640600.00"), Decimal("900000.00"))

    with unchanged(order), pytest.raises(Refused):
        orders.start(order, by=deal.fr)
    approve_budget(deal)
    with unchanged(order), pytest.raises(NotAllowed):
        orders.start(order, by=deal.ar)
    orders.start(order, by=deal.fr)
    assert (order.state, actions(order)) == (
        "in_progress",
        ["delivery_order.open", "delivery_order.start"],
    )


def test_returned_with_gaps_nothing_is_opened():
    deal = make_deal()
    counter.return_(waiting(deal, "delivery"), by=deal.fr, note="缺承诺", gaps=[term("handover.gap", "promises")])
    assert not DeliveryOrder.objects.filter(project=deal.project).exists()
    deal.project.refresh_from_db()
    assert deal.project.stage == "contract"


def test_from_acceptance_to_closing():
    deal, order = make_running_order()
    item = deliverables.open(by=deal.fr, order=order, title="平台")
    with unchanged(order), pytest.raises(Refused, match="平台"):
        orders.request_acceptance(order, by=deal.fr)
    deliverables.submit(item, by=deal.fr)
    orders.request_acceptance(order, by=deal.fr)
    orders.resume(order, by=deal.fr)
    orders.suspend(order, by=deal.fr, note="客户停工")
    orders.resume(order, by=deal.fr)
    orders.request_acceptance(order, by=deal.fr)
    with unchanged(order), pytest.raises(Refused) as refused:
        orders.accept(order, by=deal.fr)
    assert len(refused.value.reasons) == 2

    deliverables.accept_with_remarks(
        item, by=deal.fr, remarks="补标签", remarks_due_on=today() + dt.timedelta(days=7), signer="李四"
    )
    sign(deal, make_acceptance(deal, order, "final"))
    orders.accept(order, by=deal.fr, service_manager=deal.service)
    assert (order.state, order.accepted_on, order.warranty_from) == ("accepted", today(), today())
    assert order.warranty_until == orders.months_after(today(), 12)
    assert seat(order.case_id, "service") == deal.service
    assert waiting(deal, "operations").package["items"] == [{"name": "平台", "quantity": "1.000"}]

    with unchanged(order), pytest.raises(Refused, match="平台"):
        orders.close(order, by=deal.fr)
    deliverables.clear(item, by=deal.fr)
    orders.close(order, by=deal.fr)
    assert order.state == "closed"
    offer = Handover.objects.get(case=order.case, target="closing")
    assert offer.state == "offered" and offer.receivers() == [deal.pfc.pk]


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (dt.date(2026, 3, 1), 12, dt.date(2027, 2, 28)),
        (dt.date(2026, 1, 31), 1, dt.date(2026, 2, 27)),
        (dt.date(2026, 8, 15), 24, dt.date(2028, 8, 14)),
        (dt.date(2026, 12, 31), 2, dt.date(2027, 2, 27)),
    ],
)
def test_a_warranty_of_months_ends_the_day_before(day, months, last):
    assert orders.months_after(day, months) == last


def test_what_hangs_on_an_order():
    deal, order = make_running_order()
    soon = today() + dt.timedelta(days=5)
    orders.add_milestone(order, by=deal.fr, name="到货", planned_on=today() - dt.timedelta(days=1), weight=Decimal(60))
    with unchanged(order), pytest.raises(Refused, match="110"):
        orders.add_milestone(order, by=deal.fr, name="终验", planned_on=soon, weight=Decimal(50))
    assert orders.sweep() == 1
    assert orders.sweep() == 0
    assert Notice.objects.filter(user=deal.fr, key__contains=":milestone:").count() == 1
    orders.finish_milestone(order, by=deal.fr, milestone=order.milestones.get())
    with unchanged(order), pytest.raises(Refused):
        orders.finish_milestone(order, by=deal.fr, milestone=order.milestones.get())
    with unchanged(order), pytest.raises(Refused):
        orders.add_work_record(order, by=deal.fr, kind="test", text="联调", on=soon)
    orders.add_work_record(order, by=deal.fr, kind="test", text="联调")
    orders.report(order, by=deal.fr, health="at_risk", text="到货晚")
    orders.add_risk(order, by=deal.ar, kind=term("risk", "schedule"), text="工期紧", probability=4, impact=5)
    assert order.risks.get().weight == 20
    orders.close_risk(order, by=deal.fr, risk=order.risks.get())
    assert order.risks.get().closed_on == today()
    with unchanged(order), pytest.raises(NotAllowed):
        orders.report(order, by=deal.legal, health="on_track", text="好")


def test_goods_are_not_shipped_while_only_planned():
    deal, order = make_order()
    with unchanged(order), pytest.raises(Refused):
        orders.add_shipment(order, by=deal.fr, text="服务器")
