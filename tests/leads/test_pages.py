"""The pages of leads: list, filters, board, detail, forms, verbs over HTTP."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.calendar import today
from leads.models import Lead
from tests.factories.leads import make_assigned_lead, make_lead, make_pooled_lead, make_working_lead, term
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_list_board_and_forms(sales) -> None:
    make_working_lead(sales, next_action="拜访", next_action_on=today().replace(year=2020))
    make_pooled_lead()
    client = signed_in(sales)
    source = term("lead.source", "inquiry").pk
    addresses = [
        "/leads/",
        "/leads/board/",
        "/leads/new/",
        "/leads/?scope=pool",
        "/leads/?scope=mine&overdue=next_act",
        f"/leads/?source={source}&temperature=warm&owner={sales.pk}&department={sales.department_id}",
        "/leads/?overdue=first_response&state=open&sort=-next_act",
        "/leads/?q=园区",
    ]
    for address in addresses:
        assert client.get(address).status_code == 200, address
    assert client.get("/leads/?colour=red").status_code == 400
    assert client.get("/leads/?sort=secret").status_code == 400


def test_the_overdue_filter_keeps_late_leads_only(sales) -> None:
    late = make_working_lead(sales, next_action="拜访", next_action_on=today().replace(year=2020))
    good = make_working_lead(sales)
    page = signed_in(sales).get("/leads/?overdue=next_act").content.decode()
    assert late.code in page and good.code not in page


def test_collecting_a_lead_over_the_form(sales) -> None:
    client = signed_in(sales)
    typed = {"company_name": "表单公司", "temperature": "hot", "currency": "CNY", "need": "试一试"}
    assert client.post("/leads/new/", typed).status_code == 302
    lead = Lead.objects.get(company_name="表单公司")
    assert lead.title == "表单公司"
    again = client.post("/leads/new/", typed)
    assert again.status_code == 409
    assert lead.get_absolute_url() in again.content.decode()
    assert client.post("/leads/new/", {**typed, "accept_duplicate": "on"}).status_code == 302
    assert client.post("/leads/new/", {"temperature": "hot", "currency": "CNY"}).status_code == 422


def test_the_page_of_a_lead_offers_the_next_act(sales, sales2, lead_manager) -> None:
    lead = make_assigned_lead(sales)
    address = lead.get_absolute_url()
    page = signed_in(sales).get(address)
    assert page.status_code == 200
    assert f"{address}start/" in page.content.decode()
    assert signed_in(sales2).get(address).status_code == 404
    assert signed_in(sales2).post(f"{address}start/").status_code == 404
    assert signed_in(lead_manager).post(f"{address}start/").status_code == 403
    assert signed_in(sales).post(f"{address}start/").status_code == 302
    assert signed_in(sales).post(f"{address}start/").status_code == 409
    assert signed_in(sales).post(f"{address}convert/").status_code == 404


def test_verbs_and_acts_over_http(sales, sales2, lead_manager) -> None:
    lead = make_lead(by=sales)
    address = lead.get_absolute_url()
    manager, client = signed_in(lead_manager), signed_in(sales)
    for verb in ("assign", "merge", "pool"):
        assert manager.get(f"{address}{verb}/").status_code == 200, verb
    assert manager.post(f"{address}assign/", {"owner": sales.pk}).status_code == 302
    for verb in ("nurture", "invalidate", "add_follow_up", "reassign", "edit"):
        assert client.get(f"{address}{verb}/").status_code == 200, verb
    contact = {
        "kind": term("activity", "visit").pk,
        "text": "见面",
        "next_action": "报价",
        "next_action_on": "2030-01-01",
    }
    assert client.post(f"{address}add_follow_up/", contact).status_code == 302
    page = client.get(address).content.decode()
    assert "见面" in page and "报价" in page
    assert client.get(f"{address}qualify/").status_code == 200
    assert client.post(f"{address}qualify/", {"need": lead.need}).status_code == 409
    assert client.post(f"{address}qualify/", {"need": "更清楚的需求", "create_customer": "on"}).status_code == 302
    lead.refresh_from_db()
    assert (lead.state, lead.need) == ("converted", "更清楚的需求")
    assert client.get(f"{address}timeline/").status_code == 200
    assert client.get(f"/leads/panel/{lead.case_id}/").status_code == 200


@pytest.mark.parametrize("address", ["/leads/", "/leads/board/"])
def test_queries_do_not_grow_with_rows(sales, address: str) -> None:
    client = signed_in(sales)
    for _number in range(2):
        make_working_lead(sales)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _number in range(10):
        make_working_lead(sales)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(few) == len(many)
