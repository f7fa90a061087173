"""A delivery that operations or the final accounts gave back is offered again; nothing is stuck at the counter."""

import pytest

from core.errors import NotAllowed, Refused
from delivery.services import order as orders
from operations.models import ServiceAgreement
from process.services import counter
from tests.factories.closing import make_delivered
from tests.factories.delivery import make_accepted_order, waiting
from tests.factories.leads import term
from tests.helpers import last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db


def give_back(deal, target, by):
    return counter.return_(waiting(deal, target), by=by, note="缺序列号", gaps=[term("handover.gap", "promises")])


def test_operations_give_it_back_and_take_it_the_second_time():
    deal, order = make_accepted_order()
    with unchanged(order), pytest.raises(Refused):  # it still waits at the counter
        orders.offer_next(order, by=deal.fr)
    give_back(deal, "operations", deal.service)
    order.refresh_from_db()
    with unchanged(order), pytest.raises(NotAllowed):
        orders.offer_next(order, by=deal.legal)
    orders.offer_next(order, by=deal.fr, note="已补序列号")
    assert (order.state, last_log(order).action) == ("accepted", "delivery_order.offer_next")
    offer = waiting(deal, "operations")
    assert offer.package["items"] == [{"name": "平台", "quantity": "1.000"}]
    counter.take(offer, by=deal.service)
    assert ServiceAgreement.objects.filter(order=order).count() == 1
    with unchanged(order), pytest.raises(Refused):
        orders.offer_next(order, by=deal.fr)


def test_the_final_accounts_give_a_closed_delivery_back():
    deal = make_delivered()
    order = deal.project.delivery_orders.get()
    give_back(deal, "closing", deal.pfc)
    orders.offer_next(order, by=deal.fr)
    assert (order.state, waiting(deal, "closing").owner) == ("closed", deal.fr)
    give_back(deal, "closing", deal.pfc)
    later = orders.open(by=deal.fr, project=deal.project, contract=deal.contract, title="二期")
    with unchanged(order), pytest.raises(Refused, match=later.code):
        orders.offer_next(order, by=deal.fr)


def test_the_page_offers_it_only_after_it_came_back():
    deal, order = make_accepted_order()
    page = f"/delivery-orders/{order.pk}/"
    assert f"{page}offer_next/" not in signed_in(deal.fr).get(page).content.decode()
    give_back(deal, "operations", deal.service)
    assert f"{page}offer_next/" in signed_in(deal.fr).get(page).content.decode()
    assert signed_in(deal.fr).post(f"{page}offer_next/").status_code == 302
    assert waiting(deal, "operations").state == "offered"
