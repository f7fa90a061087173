"""What pages show beyond one record: the caller, the inbox, figures, costings, collection, approvals."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Delegation, Notice, User
from accounts.services import notify
from approvals.models import Decision
from core.calendar import today
from tests.api.caller import Caller, problem
from tests.factories.billing import make_invoice
from tests.factories.leads import make_assigned_lead
from tests.factories.projects import make_approved_estimate, make_project, make_ready_project, make_submitted_project
from tests.people import make_user

pytestmark = pytest.mark.django_db
OPEN_TO_ALL = (
    "me/",
    "notices/",
    "me/delegations/",
    "inbox/",
    "search/?q=x",
    "dashboard/",
    "collection/",
    "collection/plan/",
    "ageing/",
)


@pytest.mark.parametrize("path", OPEN_TO_ALL)
def test_everybody_has_these_pages_and_nobody_else_does(stranger: User, path: str) -> None:
    assert Caller(stranger).get(path).status_code == 200
    problem(Caller().get(path), 401)
    problem(Caller(stranger).get(f"{path}{'&' if '?' in path else '?'}colour=red"), 400)


def test_the_caller_is_told_who_it_is(sales: User) -> None:
    body = Caller(sales).get("me/").json()
    assert (body["id"], body["username"], body["language"]) == (sales.pk, sales.username, "zh-hans")
    assert [role["code"] for role in body["roles"]] == ["ar"]


def test_the_language_is_kept(sales: User) -> None:
    caller = Caller(sales, language="")
    assert caller.post("me/language/", {"language": "en"}).json()["language"] == "en"
    assert caller.get("leads/?x=1").json()["title"] == "This request cannot be understood."
    problem(caller.post("me/language/", {"language": "fr"}), 400)


def test_a_deputy_is_named(sales: User) -> None:
    deputy = make_user("deputy", department="sales_north")
    first, last = (today() + dt.timedelta(days=days) for days in (3, 7))
    body = {"deputy": deputy.pk, "first_day": first.isoformat(), "last_day": last.isoformat()}
    answer = Caller(sales).post("me/delegations/", body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["last_day"] == last.isoformat()
    assert [one["deputy"]["id"] for one in Caller(sales).get("me/delegations/").json()["results"]] == [deputy.pk]
    problem(Caller(sales).post("me/delegations/", body), 409)
    problem(Caller(sales).post("me/delegations/", {**body, "deputy": 999999}), 400)
    assert Delegation.objects.count() == 1


def test_notices_are_listed_and_marked_as_read(sales: User, sales2: User) -> None:
    notify([sales, sales2], "Something happened", key="n")
    own, foreign = Notice.objects.get(user=sales), Notice.objects.get(user=sales2)
    caller = Caller(sales)
    assert [one["id"] for one in caller.get("notices/").json()["results"]] == [own.pk]
    problem(caller.post("notices/read/", {"ids": [own.pk, foreign.pk]}), 400)
    assert caller.post("notices/read/", {"ids": [own.pk]}).json() == {"read": 1}
    foreign.refresh_from_db()
    assert foreign.read_at is None


def test_the_inbox_says_what_waits(sales: User, pfc: User) -> None:
    project = make_submitted_project(sales)
    asked = User.objects.get(pk=Decision.objects.filter(request__document_id=project.pk).first().assignees[0])
    groups = {one["code"]: one["items"] for one in Caller(asked).get("inbox/").json()["groups"]}
    assert [item["url"] for item in groups["decisions"]] == [project.get_absolute_url()]


def test_search_finds_what_the_person_may_see(sales: User, sales2: User) -> None:
    lead = make_assigned_lead(owner=sales, title="磁悬浮实验线")
    assert [hit["id"] for hit in Caller(sales).get("search/?q=磁悬浮").json()] == [lead.pk]
    assert Caller(sales2).get("search/?q=磁悬浮").json() == []


def test_cost_stands_on_the_dashboard_for_those_who_may_see_it(sales: User, director: User) -> None:
    make_ready_project(sales)
    assert "costings" in Caller(director).get("dashboard/").json()
    assert "costings" not in Caller(sales).get("dashboard/").json()


def test_the_four_costings_need_the_right_to_cost(sales: User, sales2: User, director: User) -> None:
    project = make_project(sales)
    make_approved_estimate(project)
    path = f"books/{project.book.pk}/"
    body = Caller(director).get(path).json()
    assert body["rows"] and Decimal(body["total"]["amounts"]["estimate"]) > 0
    assert {one["costing"] for one in body["margins"]} >= {"estimate", "budget", "actual", "settlement"}
    for inner in ("", "entries/"):
        problem(Caller(sales).get(path + inner), 403)
        problem(Caller(sales2).get(path + inner), 404)
    problem(Caller(sales).get("books/"), 403)
    assert project.book.pk in [one["id"] for one in Caller(director).get("books/").json()["results"]]


def test_the_ledger_refuses_what_it_does_not_know(sales: User, director: User) -> None:
    path = f"books/{make_ready_project(sales).book.pk}/entries/"
    assert Caller(director).get(f"{path}?nature=cost").json()["results"] == []
    problem(Caller(director).get(f"{path}?nature=colour"), 400)
    problem(Caller(director).get(f"{path}?category=nothing"), 400)


def test_the_forecast_is_entered_by_who_may(sales: User, director: User, finance: User) -> None:
    project = make_project(sales)
    make_approved_estimate(project)
    path = f"books/{project.book.pk}/forecast/"
    code = Caller(director).get(f"books/{project.book.pk}/").json()["rows"][0]["code"]
    body = {"lines": [{"category": code, "net_to_complete": "1234.50"}]}
    problem(Caller(director).post(path, body), 403)
    problem(Caller(finance).post(path, {"lines": [{"category": "nothing", "net_to_complete": "1"}]}), 400)
    assert Caller(finance).post(path, body).status_code == 200
    assert project.book.totals.get(category__code=code).net_to_complete == Decimal("1234.50")


def test_an_alert_of_another_book_is_not_there(sales: User, finance: User) -> None:
    project = make_ready_project(sales)
    problem(Caller(finance).post(f"books/{project.book.pk}/alerts/1/explain/", {"cause": 1, "explanation": "x"}), 404)


def test_collection_is_what_is_due(finance: User, sales2: User) -> None:
    contract = make_invoice().contract
    body = Caller(finance).get(f"positions/{contract.case_id}/").json()
    assert Decimal(body["contract"]) == contract.gross_amount
    problem(Caller(sales2).get(f"positions/{contract.case_id}/"), 404)
    due = Caller(finance).get("collection/").json()["results"]
    ageing = Caller(finance).get("ageing/").json()
    assert due and sum(Decimal(one["gross_open"]) for one in due) == sum(Decimal(one["total"]) for one in ageing)
    assert Caller(sales2).get("ageing/").json() == [] == Caller(sales2).get("collection/").json()["results"]


def test_the_requests_on_a_record_name_who_was_asked(sales: User, sales2: User) -> None:
    project = make_submitted_project(sales)
    path = f"approvals/?kind=projects.project&id={project.pk}"
    found = Caller(sales).get(path).json()
    assert [one["state"] for one in found] == ["pending"] and found[0]["opinions"]
    problem(Caller(sales2).get(path), 404)
    problem(Caller(sales).get("approvals/?kind=nothing.here&id=1"), 404)
    problem(Caller(sales).get("approvals/?kind=projects.project&id=x"), 400)


def test_a_project_says_where_it_stands(sales: User, sales2: User) -> None:
    project = make_ready_project(sales)
    body = Caller(sales).get(f"projects/{project.pk}/progress/").json()
    assert [one["state"] for one in body["stages"]].count("now") == 1
    assert {seat["role"] for seat in body["seats"]} >= {"ar", "sr", "fr"}
    assert body["steps"]
    sheet = Caller(sales).get(f"projects/{project.pk}/decision-sheet/").json()
    assert sheet["gaps"] == [] and sheet["resources"]
    for inner in ("progress/", "decision-sheet/"):
        problem(Caller(sales2).get(f"projects/{project.pk}/{inner}"), 404)
