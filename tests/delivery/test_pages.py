"""Delivery's pages: lists, records, forms and verbs, by the right and the wrong person."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.calendar import today
from delivery.models import Acceptance
from delivery.services import change as changes
from delivery.services import deliverable as deliverables
from delivery.services import early
from delivery.services import order as orders
from tests.factories.delivery import make_acceptance, make_project, make_running_order, paper
from tests.factories.finance import category, rate
from tests.factories.leads import term
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_every_page_of_a_running_delivery(stranger):
    deal, order = make_running_order()
    orders.add_milestone(order, by=deal.fr, name="到货", planned_on=today())
    orders.report(order, by=deal.fr, health="on_track", text="好")
    item = deliverables.open(by=deal.fr, order=order, title="平台")
    acceptance = make_acceptance(deal, order)
    change = changes.open(
        by=deal.ar,
        contract=deal.contract,
        reason=term("change_reason", "site"),
        scope="x",
        lines=[{"name": "线缆", "tax_rate": rate("13"), "gross_amount": 1130}],
        costs=[{"category": category("material.hardware"), "net_amount": 500}],
    )
    permit = early.open(by=deal.ar, project=deal.project, reason="x", scope="x", net_cap_amount=1000, ends_on=today())
    client, outsider = signed_in(deal.fr), signed_in(stranger)
    for record, plural in (
        (order, "delivery-orders"),
        (item, "deliverables"),
        (acceptance, "acceptances"),
        (change, "change-orders"),
        (permit, "early-starts"),
    ):
        listing = client.get(f"/{plural}/")
        assert listing.status_code == 200 and record.code in listing.content.decode()
        page = client.get(record.get_absolute_url())
        assert page.status_code == 200 and record.code in page.content.decode()
        assert client.get(f"/{plural}/new/?case={order.case_id}").status_code == 200
        assert client.get(f"{record.get_absolute_url()}edit/").status_code == 200
        assert client.get(f"/{plural}/panel/{order.case_id}/").status_code == 200
        assert client.get(f"{record.get_absolute_url()}timeline/").status_code == 200
        assert outsider.get(record.get_absolute_url()).status_code == 404
        assert record.code not in outsider.get(f"/{plural}/").content.decode()
    assert client.get("/delivery-orders/board/").status_code == 200
    verbs = ("report", "add_milestone", "finish_milestone", "add_shipment", "sign_for_goods", "add_risk", "close_risk")
    for act in verbs:
        assert client.get(f"{order.get_absolute_url()}{act}/").status_code == 200, act


def test_verbs_over_http():
    deal, order = make_running_order()
    acceptance = make_acceptance(deal, order)
    url = acceptance.get_absolute_url()
    right, wrong = signed_in(deal.fr), signed_in(deal.legal)
    assert wrong.post(f"{url}submit/").status_code == 403
    assert right.post(f"{url}sign/", {"signed_on": today(), "signer": "李四"}).status_code == 422
    assert right.post(f"{url}submit/").status_code == 302
    values = {"signed_on": today().isoformat(), "signer": "李四", "result": term("acceptance_result", "passed").pk}
    refused = right.post(f"{url}sign/", values)
    assert refused.status_code == 409
    done = right.post(f"{url}sign/", {**values, "certificate": paper()})
    assert done.status_code == 302
    acceptance.refresh_from_db()
    assert acceptance.state == "signed"
    goods = {"text": "服务器", "on": today().isoformat()}
    assert right.post(f"{order.get_absolute_url()}add_shipment/", goods).status_code == 302
    assert order.shipments.count() == 1


def test_a_new_acceptance_by_form_takes_the_expected_shares():
    deal, order = make_running_order()
    client = signed_in(deal.fr)
    values = {
        "order": order.pk,
        "kind": term("acceptance", "arrival").pk,
        "scope": "全部",
        "releases-TOTAL_FORMS": 0,
        "releases-INITIAL_FORMS": 0,
    }
    assert client.post("/acceptances/new/", values).status_code == 302
    assert Acceptance.objects.get(order=order).releases.get().share_percent == 100


def test_a_list_asks_as_many_questions_with_more_rows():
    deal = make_project(stage="delivery")
    client = signed_in(deal.fr)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get("/delivery-orders/").status_code == 200
        return len(found)

    for _number in range(2):
        orders.open(by=deal.fr, project=deal.project)
    count()
    few = count()
    for _number in range(10):
        orders.open(by=deal.fr, project=deal.project)
    assert count() == few
