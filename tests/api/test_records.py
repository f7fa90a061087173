"""Records over the API: read, opened, changed and moved by verb, with the pages' own answers to what is wrong."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from leads import services as leads
from leads.models import Lead
from process.models import LogEntry
from tests.api.caller import Caller, problem
from tests.factories.bankfiles import csv_file, icbc_row
from tests.factories.billing import account
from tests.factories.leads import make_assigned_lead, make_lead, make_working_lead
from tests.factories.projects import make_project, make_ready_project
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db


def test_a_list_is_what_the_person_may_see(sales: User, sales2: User) -> None:
    mine = make_assigned_lead(owner=sales)
    make_assigned_lead(owner=sales2)
    body = Caller(sales).get("leads/").json()
    assert [row["id"] for row in body["results"]] == [mine.pk]
    assert (body["count"], body["count_is_capped"], body["next"]) == (1, False, None)


def test_pages_follow_each_other_by_cursor(sales: User) -> None:
    made = [make_assigned_lead(owner=sales) for _ in range(3)]
    caller = Caller(sales)
    first = caller.get("leads/?limit=2&sort=code").json()
    second = caller.follow(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == [lead.pk for lead in made]
    assert second["next"] is None
    assert caller.follow(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "state=nowhere",
        "sort=salary",
        "limit=0",
        "limit=x",
        "cursor=%00",
        "case=x",
        "owner=x",
        "overdue=x",
    ],
)
def test_what_the_list_does_not_know_is_refused(sales: User, query: str) -> None:
    problem(Caller(sales).get(f"leads/?{query}"), 400)


@pytest.mark.parametrize("name", ["state", "owner", "colour", "source"])
def test_a_filter_says_for_itself_what_is_wrong(sales: User, name: str) -> None:
    found = problem(Caller(sales).get(f"leads/?{name}=nonsense"), 400)["errors"]
    assert [one["field"] for one in found] == [name] and found[0]["message"]
    chinese = problem(Caller(sales, language="zh-hans").get(f"leads/?{name}=nonsense"), 400)["errors"]
    assert chinese[0]["message"] != found[0]["message"]


def test_a_filter_of_the_page_is_a_filter_of_the_api(sales: User) -> None:
    make_assigned_lead(owner=sales)
    working = make_working_lead(owner=sales)
    body = Caller(sales).get(f"leads/?state=working&owner={sales.pk}&case={working.case_id}").json()
    assert [row["id"] for row in body["results"]] == [working.pk]


def test_a_detail_carries_its_version(sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    answer = Caller(sales).get(f"leads/{lead.pk}/")
    body = answer.json()
    assert answer["ETag"] == f'"{lead.row_version}"'
    assert (body["version"], body["state"], body["owner"]["id"]) == (lead.row_version, "assigned", sales.pk)
    assert body["gross_amount"] == "1200000.00"


def test_what_is_not_visible_is_not_there(sales2: User, sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    caller = Caller(sales2)
    for path in ("", "page/", "timeline/", "actions/", "files/"):
        problem(caller.get(f"leads/{lead.pk}/{path}"), 404)
    with unchanged(lead):
        problem(caller.patch(f"leads/{lead.pk}/", {"need": "x"}, If_Match='"1"'), 404)
        problem(caller.post(f"leads/{lead.pk}/start/"), 404)


def test_cost_is_told_to_those_who_may_see_it(sales: User, director: User) -> None:
    project = make_ready_project(sales)
    assert "presales_net_budget" in Caller(director).get(f"projects/{project.pk}/").json()
    assert "presales_net_budget" not in Caller(sales).get(f"projects/{project.pk}/").json()


def test_other_records_are_named_to_those_who_see_them(sales: User, sales2: User, director: User) -> None:
    """Without a right to the lead, neither its key nor its name stands in the project."""
    lead, project = make_assigned_lead(owner=sales2), make_project(sales)
    type(project).objects.filter(pk=project.pk).update(lead=lead)
    assert Caller(director).get(f"projects/{project.pk}/").json()["lead"] == {"id": lead.pk, "text": str(lead)}
    assert Caller(sales).get(f"projects/{project.pk}/").json()["lead"] is None


def test_a_record_is_opened_as_on_its_page(sales: User) -> None:
    answer = Caller(sales).post("leads/", {"company_name": "新远科技", "need": "a portal", "gross_amount": "120.5"})
    assert answer.status_code == 201, answer.content
    lead = Lead.objects.get()
    assert answer["Location"].endswith(f"/api/v1/leads/{lead.pk}/")
    assert (lead.state, lead.currency, str(lead.gross_amount)) == ("new", "CNY", "120.50")
    assert last_log(lead).user == sales


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"company_name": 5}, "company_name"),
        ({"company_name": ["x"]}, "company_name"),
        ({"company_name": "a\x00b"}, "company_name"),
        ({"company_name": "x", "gross_amount": "NaN"}, "gross_amount"),
        ({"company_name": "x", "gross_amount": "1e30"}, "gross_amount"),
        ({"company_name": "x", "gross_amount": -1}, ""),
        ({"company_name": "x", "expected_on": "2026-02-30"}, "expected_on"),
        ({"company_name": "x", "source": 10**30}, "source"),
        ({"company_name": "x", "source": 999999}, "source"),
        ({"company_name": "x", "temperature": {}}, "temperature"),
        ({"company_name": "x", "state": "converted"}, "state"),
        ({"company_name": "x", "colour": "red"}, "colour"),
        ({}, "company_name"),
        ([], ""),
        (None, "company_name"),
    ],
)
def test_a_wrong_body_names_its_field_and_writes_nothing(sales: User, body: object, field: str) -> None:
    answer = Caller(sales).post("leads/", body)
    if field == "":
        assert answer.status_code in (400, 409)
    else:
        assert field in [one["field"] for one in problem(answer, 400)["errors"]]
    assert not Lead.objects.exists()


@pytest.mark.parametrize("text", ["{", "[" * 100000, '{"a": NaN}', "\ud800".encode("utf-8", "surrogatepass"), b"\xff"])
def test_what_is_no_json_is_refused(sales: User, text: str | bytes) -> None:
    problem(Caller(sales).post("leads/", text), 400)


def test_a_huge_body_is_refused(sales: User) -> None:
    problem(Caller(sales).post("leads/", b'"' + b"x" * 6_000_000 + b'"'), 413)


def test_a_change_names_the_version_it_has_seen(sales: User) -> None:
    lead = make_working_lead(owner=sales)
    caller, path, tag = Caller(sales), f"leads/{lead.pk}/", f'"{lead.row_version}"'
    with unchanged(lead):
        problem(caller.patch(path, {"need": "more"}), 428)
        problem(caller.patch(path, {"need": "more"}, If_Match="nonsense"), 400)
        problem(caller.patch(path, {"need": "more"}, If_Match=f"W/{tag}"), 412)
        stale = problem(caller.patch(path, {"need": "more"}, If_Match='"99"'), 412)
    assert [(one["yours"], one["stored"]) for one in stale["conflict"]] == [("more", lead.need)]
    answer = caller.patch(path, {"need": "more"}, If_Match=f'"7", {tag}')
    assert (answer.status_code, answer["ETag"]) == (200, f'"{lead.row_version + 1}"')
    lead.refresh_from_db()
    assert (lead.need, lead.gross_amount) == ("more", 1200000)
    assert set(last_log(lead).changes) == {"need"}, "what was not sent stays"


def test_a_change_by_somebody_else_is_not_allowed(sales: User, director: User) -> None:
    lead = make_working_lead(owner=sales)
    with unchanged(lead):
        problem(Caller(director).patch(f"leads/{lead.pk}/", {"colour": "x"}), 403)
        problem(Caller(director).patch(f"leads/{lead.pk}/", {"need": "x"}, If_Match="*"), 403)


def test_a_verb_moves_the_state(sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    answer = Caller(sales).post(f"leads/{lead.pk}/start/", If_Match=f'"{lead.row_version}"')
    assert (answer.status_code, answer.json()["state"]) == (200, "working")
    assert answer["ETag"] == f'"{answer.json()["version"]}"'


def test_a_verb_honours_if_match(sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    with unchanged(lead):
        assert problem(Caller(sales).post(f"leads/{lead.pk}/start/", If_Match='"99"'), 412)["type"] == "urn:ltc:stale"


def test_a_verb_of_the_wrong_person_is_not_allowed(sales: User, lead_manager: User) -> None:
    lead = make_assigned_lead(owner=sales)
    with unchanged(lead):
        assert problem(Caller(lead_manager).post(f"leads/{lead.pk}/start/"), 403)["type"] == "urn:ltc:not-allowed"
        problem(Caller(lead_manager).post(f"leads/{lead.pk}/nurture/", {"colour": "x"}), 403)


def test_a_verb_in_the_wrong_state_is_refused(sales: User) -> None:
    lead = make_working_lead(owner=sales)
    with unchanged(lead):
        assert problem(Caller(sales).post(f"leads/{lead.pk}/start/"), 409)["type"] == "urn:ltc:refused"


def test_every_reason_is_given_with_its_link_in_the_callers_language(sales: User) -> None:
    project = make_project(sales)
    with unchanged(project):
        english = problem(Caller(sales).post(f"projects/{project.pk}/submit/"), 409)
        chinese = problem(Caller(sales, language="zh-CN,zh;q=0.9").post(f"projects/{project.pk}/submit/"), 409)
        own = Caller(sales, language="").post(f"projects/{project.pk}/submit/")
    assert len(english["reasons"]) == len(chinese["reasons"]) > 1
    assert any(reason["link"] for reason in english["reasons"])
    assert english["title"] != chinese["title"]
    assert problem(own, 409) == chinese, "without the header, the person's own choice"
    assert own["Content-Language"] == "zh-hans"


def test_what_a_verb_asks_for_is_asked_for(sales: User) -> None:
    lead = make_working_lead(owner=sales)
    caller = Caller(sales)
    with unchanged(lead):
        fields = {one["field"] for one in problem(caller.post(f"leads/{lead.pk}/invalidate/"), 400)["errors"]}
    assert fields == {"invalid_reason", "note"}
    offered = {one["verb"]: one for one in caller.get(f"leads/{lead.pk}/actions/").json()}
    asked = {one["name"]: one for one in offered["invalidate"]["asks"]}
    reason = asked["invalid_reason"]["options"][0]["value"]
    answer = caller.post(f"leads/{lead.pk}/invalidate/", {"invalid_reason": int(reason), "note": "no need"})
    assert (answer.status_code, answer.json()["state"]) == (200, "invalid")


def test_a_choice_among_many_may_be_left_out(sales: User) -> None:
    ends, goes_on = make_working_lead(owner=sales), make_working_lead(owner=sales)
    answer = Caller(sales).post(f"leads/{ends.pk}/merge/", {"survivor": goes_on.pk})
    assert (answer.status_code, answer.json()["state"]) == (200, "merged"), answer.content


def test_a_record_that_begins_with_a_file_is_sent_as_a_form(cashier: User) -> None:
    sent = {"account": account().pk, "file": csv_file([icbc_row("R1", "2026-11-20", "1200.00", "某某公司")])}
    answer = Caller(cashier).upload("bank-statements/", sent)
    assert answer.status_code == 201, answer.content
    problem(Caller(cashier).post("bank-statements/", {"account": account().pk}), 415)


def test_an_act_adds_to_the_record(sales: User) -> None:
    lead = make_working_lead(owner=sales)
    caller = Caller(sales)
    asks = next(one for one in caller.get(f"leads/{lead.pk}/actions/").json() if one["verb"] == "add_follow_up")["asks"]
    kind = int(asks[0]["options"][0]["value"])
    assert caller.post(f"leads/{lead.pk}/add_follow_up/", {"kind": kind, "text": "called"}).status_code == 200
    tables = caller.get(f"leads/{lead.pk}/page/").json()["tables"]
    assert "called" in str(tables)


def test_whoever_lets_go_of_a_record_sees_it_no_longer(sales: User, sales2: User) -> None:
    lead = make_working_lead(owner=sales)
    answer = Caller(sales).post(f"leads/{lead.pk}/reassign/", {"owner": sales2.pk})
    assert (answer.status_code, answer.content) == (204, b"")
    problem(Caller(sales).get(f"leads/{lead.pk}/"), 404)


def test_an_unknown_verb_is_not_there(sales: User) -> None:
    lead = make_working_lead(owner=sales)
    problem(Caller(sales).post(f"leads/{lead.pk}/delete/"), 404)
    problem(Caller(sales).post(f"leads/{lead.pk}/state/"), 404)


def test_the_same_key_does_it_once(sales: User) -> None:
    caller, body = Caller(sales), {"company_name": "一次科技", "need": "once"}
    first = caller.post("leads/", body, Idempotency_Key="k-1")
    again = caller.post("leads/", body, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and again["ETag"] == first["ETag"]
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    assert Lead.objects.count() == 1
    problem(caller.post("leads/", {**body, "need": "twice"}, Idempotency_Key="k-1"), 422)
    assert Lead.objects.count() == 1


def test_a_refused_request_leaves_its_key_unused(sales: User, lead_manager: User) -> None:
    lead = make_lead(by=lead_manager, owner=sales)
    caller = Caller(sales)
    problem(caller.post(f"leads/{lead.pk}/start/", Idempotency_Key="k-2"), 409)
    leads.assign(lead, by=lead_manager, owner=sales)
    assert caller.post(f"leads/{lead.pk}/start/", Idempotency_Key="k-2").status_code == 200


def test_a_key_that_is_none_is_refused(sales: User) -> None:
    problem(Caller(sales).post("leads/", {"company_name": "x"}, Idempotency_Key="k" * 300), 400)


def test_files_are_added_listed_and_read(sales: User, sales2: User) -> None:
    lead = make_working_lead(owner=sales)
    caller = Caller(sales)
    answer = caller.upload(f"leads/{lead.pk}/files/", {"file": SimpleUploadedFile("plan.txt", b"the plan")})
    assert answer.status_code == 201, answer.content
    listed = caller.get(f"leads/{lead.pk}/files/").json()
    assert [(one["name"], one["size"], one["added_by"]["id"]) for one in listed] == [("plan.txt", 8, sales.pk)]
    content = caller.get(f"files/{listed[0]['id']}/")
    assert b"".join(content.streaming_content) == b"the plan"
    problem(Caller(sales2).get(f"files/{listed[0]['id']}/"), 404)
    problem(caller.post(f"leads/{lead.pk}/files/", {"file": "x"}), 415)
    problem(caller.upload(f"leads/{lead.pk}/files/", {"file": "x"}), 400)
    empty = caller.upload(f"leads/{lead.pk}/files/", {"file": SimpleUploadedFile("none.txt", b"")})
    problem(empty, 400)


def test_the_timeline_is_the_log(sales: User) -> None:
    lead = make_working_lead(owner=sales)
    body = Caller(sales).get(f"leads/{lead.pk}/timeline/?limit=1").json()
    assert body["results"][0]["action"] == "lead.start"
    assert body["count"] == LogEntry.objects.filter(kind="leads.lead", object_id=lead.pk).count()
    assert body["next"]


def test_lines_are_written_and_read_in_one_shape(sales: User, pfc: User) -> None:
    project = make_ready_project(sales)
    sheet = project.book.sheets.get()
    lines = Caller(pfc).get(f"cost-sheets/{sheet.pk}/").json()["lines"]
    assert lines and set(lines[0]) >= {"category", "gross_amount", "text"}


def test_a_collected_lead_is_found_by_its_words(sales: User) -> None:
    lead = make_lead(by=sales, title="智慧医院平台", owner=sales)
    assert [row["id"] for row in Caller(sales).get("leads/?q=智慧医院").json()["results"]] == [lead.pk]


def test_a_program_is_told_what_a_new_record_asks_for(sales: User) -> None:
    body = Caller(sales).get("leads/asks/").json()
    fields = {one["name"]: one for one in body["asks"]}
    inquiry = next(one for one in fields["source"]["options"] if one["code"] == "inquiry")
    assert Caller(sales).post("leads/", {"company_name": "x", "source": int(inquiry["value"])}).status_code == 201
    assert fields["customer"]["pick"] == "/api/v1/pick/customers.customer/" and not fields["customer"]["options"]
    problem(Caller(sales).get("periods/asks/"), 403)


def test_a_program_is_told_what_can_be_changed(sales: User, sales2: User) -> None:
    lead = make_assigned_lead(owner=sales, need="beds")
    fields = {one["name"]: one for one in Caller(sales).get(f"leads/{lead.pk}/asks/").json()["asks"]}
    assert fields["need"]["initial"] == "beds"
    problem(Caller(sales2).get(f"leads/{lead.pk}/asks/"), 404)
