"""One verb on many records: the number that is meant is said, and a bad filter touches nothing."""

import pytest

from accounts.models import User
from tests.api.caller import Caller, problem
from tests.factories.leads import make_assigned_lead, make_working_lead
from tests.helpers import unchanged

pytestmark = pytest.mark.django_db


def test_a_dry_run_counts_and_changes_nothing(sales: User) -> None:
    ready, late = make_assigned_lead(owner=sales), make_working_lead(owner=sales)
    with unchanged(ready, late):
        body = Caller(sales).post("leads/bulk/start/", {"filter": {"owner": str(sales.pk)}, "dry_run": True}).json()
    assert (body["count"], body["done"], body["refused"]) == (2, 0, 1)
    refused = next(row for row in body["results"] if row["id"] == late.pk)
    assert (refused["status"], refused["done"]) == (409, False) and refused["reasons"][0]["text"]


def test_every_record_says_what_happened_to_it(sales: User) -> None:
    ready, late = make_assigned_lead(owner=sales), make_working_lead(owner=sales)
    body = {"ids": [ready.pk, late.pk], "expected_count": 2}
    answer = Caller(sales).post("leads/bulk/start/", body).json()
    assert (answer["count"], answer["done"], answer["refused"]) == (2, 1, 1)
    before = late.row_version
    ready.refresh_from_db()
    late.refresh_from_db()
    assert (ready.state, late.row_version) == ("working", before)
    assert {row["id"]: row["status"] for row in answer["results"]} == {ready.pk: 200, late.pk: 409}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"filter": {"colour": "red"}, "expected_count": 1}, 400),
        ({"filter": {"state": "nowhere"}, "expected_count": 1}, 400),
        ({"filter": {}}, 400),
        ({"filter": {}, "expected_count": 2}, 409),
        ({"ids": [999999], "expected_count": 1}, 400),
        ({"ids": ["x"], "expected_count": 1}, 400),
        ({"ids": [1], "filter": {}, "expected_count": 1}, 400),
        ({"expected_count": 1}, 400),
        ({"filter": {}, "expected_count": 1, "colour": "red"}, 400),
        ({"filter": {}, "expected_count": 1, "values": {"colour": "red"}}, 400),
    ],
)
def test_a_doubtful_request_touches_nothing(sales: User, body: dict[str, object], status: int) -> None:
    lead = make_assigned_lead(owner=sales)
    with unchanged(lead):
        problem(Caller(sales).post("leads/bulk/start/", body), status)


def test_a_foreign_record_is_unknown(sales: User, sales2: User) -> None:
    mine, foreign = make_assigned_lead(owner=sales), make_assigned_lead(owner=sales2)
    with unchanged(mine, foreign):
        problem(Caller(sales).post("leads/bulk/start/", {"ids": [mine.pk, foreign.pk], "expected_count": 2}), 400)


def test_whoever_may_not_is_told_so_for_each(sales: User, lead_manager: User) -> None:
    lead = make_assigned_lead(owner=sales)
    with unchanged(lead):
        body = Caller(lead_manager).post("leads/bulk/start/", {"ids": [lead.pk], "expected_count": 1}).json()
    assert [row["status"] for row in body["results"]] == [403]


def test_values_go_to_every_record(sales: User, lead_manager: User) -> None:
    leads = [make_assigned_lead(owner=sales) for _ in range(2)]
    body = {"ids": [lead.pk for lead in leads], "expected_count": 2, "values": {"owner": sales.pk}}
    other = {**body, "values": {"owner": 999999}}
    answer = Caller(lead_manager).post("leads/bulk/reassign/", other).json()
    assert [row["status"] for row in answer["results"]] == [400, 400]


def test_the_same_key_does_it_once(sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    body = {"ids": [lead.pk], "expected_count": 1}
    first = Caller(sales).post("leads/bulk/start/", body, Idempotency_Key="b")
    again = Caller(sales).post("leads/bulk/start/", body, Idempotency_Key="b")
    assert first.json() == again.json() and again.json()["done"] == 1


def test_an_unknown_verb_is_not_there(sales: User) -> None:
    problem(Caller(sales).post("leads/bulk/delete/", {"filter": {}, "dry_run": True}), 404)
