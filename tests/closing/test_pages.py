"""Pages of the final accounts."""

import pytest

from closing import services as closings
from tests.factories.closing import make_lost
from tests.factories.delivery import make_deal
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_the_page_names_what_is_missing(stranger):
    deal = make_deal()
    closing = closings.open(by=deal.pfc, project=deal.project)
    client = signed_in(deal.pfc)
    page = client.get(closing.get_absolute_url())
    assert page.status_code == 200
    assert closing.code in client.get("/closings/").content.decode()
    for act in ("explain", "terminate_contract", "edit"):
        assert client.get(f"{closing.get_absolute_url()}{act}/").status_code == 200, act
    assert client.get(f"/closings/panel/{closing.case_id}/").status_code == 200
    assert client.get("/closings/new/").status_code == 200
    assert client.post(f"{closing.get_absolute_url()}settle/").status_code == 409
    assert signed_in(deal.ar).post(f"{closing.get_absolute_url()}settle/").status_code == 403
    assert signed_in(stranger).get(closing.get_absolute_url()).status_code == 404


def test_a_lost_project_is_settled_from_the_form():
    deal = make_lost()
    client = signed_in(deal.pfc)
    assert client.post("/closings/new/", {"project": deal.project.pk, "lessons": "价格"}).status_code == 302
    closing = deal.project.closing
    assert closing.kind == "terminated"
    assert client.post(f"{closing.get_absolute_url()}settle/").status_code == 302
    assert client.post(f"{closing.get_absolute_url()}finalize/").status_code == 302
    closing.refresh_from_db()
    assert closing.state == "final"
    assert client.get(closing.get_absolute_url()).status_code == 200


def test_the_page_of_a_lost_project_leads_finance_to_its_final_accounts():
    deal = make_lost()
    for person in (deal.pfc, deal.finance):
        client = signed_in(person)
        page = client.get(deal.project.get_absolute_url())
        assert page.status_code == 200
        panel = f"/closings/panel/{deal.project.case_id}/"
        assert panel in page.content.decode()
        assert f"/closings/new/?case={deal.project.case_id}" in client.get(panel).content.decode()
        form = client.get(f"/closings/new/?case={deal.project.case_id}").content.decode()
        assert deal.project.code in form
    sent = {"project": deal.project.pk, "lessons": "价格"}
    assert signed_in(deal.ar).post("/closings/new/", sent).status_code == 403
    assert signed_in(deal.finance).post("/closings/new/", sent).status_code == 302
    assert deal.project.closing.kind == "terminated"
