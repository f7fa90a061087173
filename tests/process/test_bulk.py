"""One verb on many records: counted, confirmed, done one by one; what cannot be done says why and changes nothing."""

from importlib import import_module

import pytest

from core.idempotency import new_key
from leads.models import Lead
from process.models import LogEntry
from tests.factories.leads import make_assigned_lead, make_lead, make_working_lead
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db


def sent(leads, **more) -> dict:
    return {"ids": [lead.pk for lead in leads], "idempotency_key": new_key(), **more}


def test_each_is_done_by_its_own_service(sales, lead_manager) -> None:
    leads = [make_lead(lead_manager) for _number in range(3)]
    client = signed_in(lead_manager)
    asked = client.get("/leads/bulk/assign/", {"ids": ",".join(str(lead.pk) for lead in leads)})
    assert asked.status_code == 200 and len(asked.context["able"]) == 3
    assert "3" in asked.context["question"]
    answer = client.post("/leads/bulk/assign/", sent(leads, owner=sales.pk, note="区域归属"))
    assert answer.status_code == 200 and len(answer.context["done"]) == 3
    assert set(Lead.objects.values_list("state", "owner")) == {("assigned", sales.pk)}
    assert LogEntry.objects.filter(action="lead.assign").count() == 3


def test_what_cannot_be_done_says_why_and_stays(sales, sales2) -> None:
    mine, done, foreign = make_assigned_lead(sales), make_working_lead(sales), make_assigned_lead(sales2)
    client = signed_in(sales)
    with unchanged(mine, done, foreign):
        asked = client.get("/leads/bulk/start/", {"ids": f"{mine.pk},{done.pk},{foreign.pk}"})
    assert [record.pk for record in asked.context["able"]] == [mine.pk]
    assert [outcome.record.pk for outcome in asked.context["refused"]] == [done.pk]
    assert asked.context["missing"] == 1, "what one does not see is not named"
    before = [Lead.objects.values().get(pk=lead.pk) for lead in (done, foreign)]
    answer = client.post("/leads/bulk/start/", sent([mine, done, foreign]))
    assert [Lead.objects.values().get(pk=lead.pk) for lead in (done, foreign)] == before
    assert [outcome.record.pk for outcome in answer.context["done"]] == [mine.pk]
    [refused] = answer.context["refused"]
    assert refused.record.pk == done.pk and refused.reasons
    mine.refresh_from_db()
    assert mine.state == "working"


def test_the_wrong_person_changes_nothing(sales, solution, director) -> None:
    lead = make_assigned_lead(sales)
    with unchanged(lead):
        answer = signed_in(director).post("/leads/bulk/start/", sent([lead]))
        assert [outcome.record.pk for outcome in answer.context["refused"]] == [lead.pk]
        answer = signed_in(solution).post("/leads/bulk/start/", sent([lead]))
        assert answer.status_code == 422 and answer.context["blocked"]


def test_sent_twice_is_done_once(sales) -> None:
    leads = [make_assigned_lead(sales), make_assigned_lead(sales)]
    client, form = signed_in(sales), sent(leads)
    first = client.post("/leads/bulk/start/", form)
    again = client.post("/leads/bulk/start/", form)
    assert len(first.context["done"]) == len(again.context["done"]) == 2
    assert LogEntry.objects.filter(action="lead.start").count() == 2


def test_all_that_the_list_shows_up_to_a_limit(sales, lead_manager, monkeypatch) -> None:
    leads = [make_assigned_lead(sales) for _number in range(3)]
    make_working_lead(sales)
    client = signed_in(sales)
    asked = client.get("/leads/bulk/start/", {"all": "1", "state": "assigned"})
    assert {record.pk for record in asked.context["able"]} == {lead.pk for lead in leads}
    assert client.get("/leads/bulk/start/", {"all": "1", "colour": "red"}).status_code == 409
    monkeypatch.setattr(import_module("process.views.bulk"), "MOST", 2)
    with unchanged(*leads):
        asked = client.get("/leads/bulk/start/", {"all": "1", "state": "assigned"})
        assert asked.context["blocked"] and not asked.context["able"]
        assert client.post("/leads/bulk/start/", sent(leads)).status_code == 422


def test_a_mistake_in_the_form_does_nothing(sales, lead_manager) -> None:
    lead = make_lead(lead_manager)
    with unchanged(lead):
        answer = signed_in(lead_manager).post("/leads/bulk/assign/", sent([lead], owner="999999"))
        assert answer.status_code == 422 and "owner" in answer.context["form"].errors


def test_what_must_be_weighed_is_not_done_in_bulk(director) -> None:
    client = signed_in(director)
    for address in ("quotes/bulk/approve/", "quotes/bulk/submit/", "contracts/bulk/approve/", "leads/bulk/nothing/"):
        assert client.get(f"/{address}").status_code == 404


def test_what_is_asked_is_asked_once_for_all(sales) -> None:
    leads = [make_working_lead(sales), make_working_lead(sales)]
    answer = signed_in(sales).post("/leads/bulk/nurture/", sent(leads, wake_on="2035-01-01"))
    assert len(answer.context["done"]) == 2
    assert set(Lead.objects.values_list("state", flat=True)) == {"nurturing"}
