"""Generic forms, verbs, panels and timelines over HTTP: each refusal has its status, nothing typed is lost."""

import threading

import pytest
from django.db import connections
from django.test import Client

from leads import services
from leads.models import Lead
from process.models import LogEntry
from process.services import take_seat
from tests.factories.leads import make_assigned_lead, make_lead, make_working_lead, term
from tests.helpers import actions, signed_in, unchanged

pytestmark = pytest.mark.django_db
TYPED = {"company_name": "四次提交公司", "temperature": "hot", "currency": "CNY", "idempotency_key": "k-1"}


def edited(lead: Lead, **changes: object) -> dict[str, object]:
    """What the form of a lead posts when only `changes` were typed."""
    fields = ("title", "company_name", "need", "temperature", "currency")
    return {**{name: getattr(lead, name) for name in fields}, "version": lead.row_version, **changes}


# Forms ------------------------------------------------------------------------------------------------
def test_an_incomplete_form_shows_itself_again(sales) -> None:
    answer = signed_in(sales).post("/leads/new/", {**TYPED, "company_name": "", "need": "typed and kept"})
    assert answer.status_code == 422
    assert "typed and kept" in answer.content.decode()
    assert Lead.objects.count() == 0


def test_a_form_sent_twice_makes_one_row_and_answers_alike(sales) -> None:
    client = signed_in(sales)
    first, second = (client.post("/leads/new/", TYPED) for _time in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Lead.objects.count() == 1
    other = client.post("/leads/new/", {**TYPED, "need": "another content under the same key"})
    assert other.status_code == 422
    assert Lead.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 300, "schlüssel\x00", "\x01"])
def test_a_key_that_is_none_is_refused(sales, key) -> None:
    assert signed_in(sales).post("/leads/new/", {**TYPED, "idempotency_key": key}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_four_identical_submits_at_once_make_one_row(sales) -> None:
    answers: list[tuple[int, str]] = []
    gate = threading.Barrier(4)

    def submit(typed: dict[str, str]) -> None:
        try:
            client = signed_in(sales)
            gate.wait()
            answer = client.post("/leads/new/", typed)
            answers.append((answer.status_code, answer["Location"]))
        finally:
            connections.close_all()

    for number in range(5):
        # Another company each round, or it would be refused as a duplicate.
        typed = {**TYPED, "company_name": f"四次提交公司 {number}", "idempotency_key": f"k-{number}"}
        threads = [threading.Thread(target=submit, args=(typed,)) for _time in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answers) == 20
    assert {status for status, _address in answers} == {302}
    assert Lead.objects.count() == 5 == len({address for _status, address in answers})


def test_a_stale_form_shows_both_versions_and_may_then_be_saved(sales) -> None:
    lead = make_working_lead(sales)
    client, address = signed_in(sales), f"{lead.get_absolute_url()}edit/"
    stale = edited(lead, need="mine")
    services.edit(lead, by=sales, need="theirs")
    with unchanged(lead):
        answer = client.post(address, stale)
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "mine" in page and "theirs" in page
    assert client.post(address, {**stale, "version": lead.row_version}).status_code == 302
    lead.refresh_from_db()
    assert lead.need == "mine"


@pytest.mark.parametrize("version", ["0", "abc", "-1", "9" * 5000, "١٢٣"])
def test_an_unreadable_version_is_a_stale_one(sales, version) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead):
        answer = signed_in(sales).post(f"{lead.get_absolute_url()}edit/", edited(lead, version=version, need="new"))
    assert answer.status_code == 412


def test_editing_by_the_wrong_person_or_in_the_wrong_state(sales, director) -> None:
    lead = make_working_lead(sales)
    address = f"{lead.get_absolute_url()}edit/"
    with unchanged(lead):
        assert signed_in(director).post(address, edited(lead, need="x")).status_code == 403
    services.invalidate(lead, by=sales, note="nothing in it", invalid_reason=term("lead.invalid", "no_need"))
    with unchanged(lead):
        answer = signed_in(sales).post(address, edited(lead, need="x"))
    assert answer.status_code == 409
    assert lead.state_label in answer.content.decode()


@pytest.mark.parametrize("value", ["abc", "1e30", "9" * 40, "%00", "-1"])
def test_odd_first_values_in_the_address_break_nothing(sales, value) -> None:
    client = signed_in(sales)
    assert client.get(f"/leads/new/?customer={value}&expected_on={value}&gross_amount={value}").status_code == 200
    assert client.get(f"/projects/new/?case={value}").status_code == 200


@pytest.mark.parametrize("pk", ["0", "999999999999999999999999999999", "1e3"])
def test_odd_numbers_in_the_address_are_not_found(sales, pk) -> None:
    for act in ("", "edit/", "start/", "timeline/", "files/"):
        assert signed_in(sales).get(f"/leads/{pk}/{act}").status_code == 404


# Verbs ------------------------------------------------------------------------------------------------
def test_a_verb_by_the_right_person(sales) -> None:
    lead = make_assigned_lead(sales)
    client, address = signed_in(sales), f"{lead.get_absolute_url()}start/"
    assert client.get(address).status_code == 200
    answer = client.post(address, {"note": "called", "version": lead.row_version})
    assert (answer.status_code, answer["Location"]) == (302, lead.get_absolute_url())
    lead.refresh_from_db()
    assert (lead.state, actions(lead)[-1]) == ("working", "lead.start")


def test_in_a_dialog_it_leads_on_without_a_page(sales) -> None:
    lead = make_assigned_lead(sales)
    answer = signed_in(sales).post(f"{lead.get_absolute_url()}start/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, lead.get_absolute_url())


def test_a_verb_by_the_wrong_person(sales, sales2, director) -> None:
    """403 for one who sees the lead, 404 for one who does not; also when the form is incomplete."""
    lead = make_working_lead(sales)
    with unchanged(lead):
        for act in ("qualify", "invalidate", "nurture"):
            address = f"{lead.get_absolute_url()}{act}/"
            assert signed_in(director).get(address).status_code == 403
            assert signed_in(director).post(address).status_code == 403
            assert signed_in(sales2).get(address).status_code == 404
            assert signed_in(sales2).post(address).status_code == 404


def test_a_verb_in_the_wrong_state_is_refused_with_its_reason(sales) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead):
        answer = signed_in(sales).post(f"{lead.get_absolute_url()}start/")
    assert answer.status_code == 409
    assert lead.state_label in answer.content.decode()


def test_a_stale_verb_is_refused(sales) -> None:
    lead = make_assigned_lead(sales)
    seen = lead.row_version
    services.edit(lead, by=sales, need="another need")
    with unchanged(lead):
        answer = signed_in(sales).post(f"{lead.get_absolute_url()}start/", {"version": seen})
    assert answer.status_code == 412


@pytest.mark.parametrize("verb", ["convert", "requalify", "fly", "visible_to", "open", "__init__"])
def test_what_is_no_verb_of_a_page_is_not_found(sales, verb) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead):
        assert signed_in(sales).post(f"{lead.get_absolute_url()}{verb}/").status_code == 404


def test_a_reason_is_asked_for(sales, lead_manager) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead):
        answer = signed_in(sales).post(f"{lead.get_absolute_url()}invalidate/", {"note": "   "})
    assert answer.status_code in (409, 422)


def test_a_verb_sent_twice_is_done_once(sales) -> None:
    """The second click comes when the lead is no longer in that state: it gets the first one's answer."""
    lead = make_assigned_lead(sales)
    client, address = signed_in(sales), f"{lead.get_absolute_url()}start/"
    typed = {"idempotency_key": "twice", "version": lead.row_version}
    assert [client.post(address, typed).status_code for _time in range(2)] == [302, 302]
    assert actions(lead).count("lead.start") == 1


def test_no_state_changes_by_get_or_without_a_token(sales) -> None:
    lead = make_assigned_lead(sales)
    client = Client(enforce_csrf_checks=True)
    client.force_login(sales)
    with unchanged(lead):
        assert client.get(f"{lead.get_absolute_url()}start/").status_code == 200
        assert client.post(f"{lead.get_absolute_url()}start/").status_code == 403


def test_nobody_gets_in_without_signing_in(client, sales) -> None:
    lead = make_working_lead(sales)
    for address in ("/", "/leads/", lead.get_absolute_url(), "/search/?q=a", "/dashboard/", "/pick/leads.lead/"):
        answer = client.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/login/?next=")


# Fragments --------------------------------------------------------------------------------------------
def test_the_panel_shows_what_may_be_seen_of_one_case(sales, sales2, solution) -> None:
    lead, other = make_working_lead(sales), make_working_lead(sales)
    address = f"/leads/panel/{lead.case_id}/"
    page = signed_in(sales).get(address).content.decode()
    assert lead.code in page and other.code not in page
    assert "<html" not in page
    assert lead.code not in signed_in(sales2).get(address).content.decode()
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert lead.code in signed_in(solution).get(address).content.decode()


def test_the_timeline_tells_the_story_newest_first(sales) -> None:
    lead = make_working_lead(sales)
    services.edit(lead, by=sales, need="ten sites instead of five")
    page = signed_in(sales).get(f"{lead.get_absolute_url()}timeline/").content.decode()
    assert "ten sites instead of five" in page
    assert page.index("ten sites") < page.rindex(sales.name)
    assert LogEntry.objects.filter(object_id=lead.pk, kind="leads.lead").count() >= 3


def test_a_long_story_is_shortened_until_asked_for(sales) -> None:
    lead = make_lead(by=sales)
    for number in range(35):
        services.edit(lead, by=sales, need=f"version {number}")
    client, address = signed_in(sales), f"{lead.get_absolute_url()}timeline/"
    short = client.get(address).content.decode()
    assert "?all=1" in short
    assert short.count("<time") == 30
    whole = client.get(f"{address}?all=1").content.decode()
    assert whole.count("<time") == 36
