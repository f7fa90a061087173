"""Home: what waits for me, my numbers; and the search over everything."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from approvals.selectors import requests_of
from desk import selectors
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.leads import make_lead, make_working_lead
from tests.factories.projects import make_project, make_submitted_project, name_team
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def _groups(user) -> dict[str, list[str]]:
    return {group.code: [item.title for item in group.items] for group in selectors.inbox(user)}


def test_a_decision_waits_for_who_is_asked(sales) -> None:
    project = make_submitted_project(sales)
    reviewer = User.objects.get(pk=requests_of(project)[0].decisions.all()[0].assignees[0])
    assert _groups(reviewer)["decisions"] == [str(project)]
    assert "decisions" not in _groups(sales)
    page = signed_in(reviewer).get("/home/").content.decode()
    assert project.get_absolute_url() in page


def test_what_i_hold_says_in_which_state_it_is(sales) -> None:
    lead = make_working_lead(sales)
    (held,) = [item for group in selectors.inbox(sales) if group.code == "held" for item in group.items]
    assert (held.title, str(lead.state_label) in held.sub) == (str(lead), True)


def test_planned_receivables_ask_nothing_of_their_owner() -> None:
    contract = make_effective_contract()
    ar = ar_of(contract)
    planned = [line.code for line in contract.receivables.filter(state="planned")]
    assert planned and not any(code in title for code in planned for title in _groups(ar).get("held", []))


def test_my_numbers_count_my_deals_and_their_money(stranger) -> None:
    contract = make_effective_contract()
    shown = selectors.numbers(ar_of(contract))
    assert shown[0]["value"] == "1"
    due = contract.receivables.get(term__event__code="effect")
    assert any(f"{due.gross_amount:,.2f}" == one["value"] for one in shown)
    assert selectors.numbers(stranger) == []


def test_my_numbers_are_one_statement_and_say_at_least_where_not_all_was_counted(
    sales, monkeypatch, django_assert_num_queries
) -> None:
    for _number in range(2):
        make_working_lead(sales)
        name_team(make_project(sales))

    def texts(user) -> list[str]:
        return [f"{one['value']} {one.get('sub', '')}" for one in selectors.numbers(user)]

    _whom_i_act_for = sales.acting_ids, sales.has_right("see_all")
    with django_assert_num_queries(1):
        leads, deals = texts(sales)
    assert (leads, deals[:2], "≥" in deals) == ("2 ", "2 ", False)
    monkeypatch.setattr(selectors, "COUNTED", 1)
    leads, deals = texts(sales)
    assert (leads, deals[:3], "≥" in deals) == ("1+ ", "1+ ", True)


def test_home_needs_as_many_queries_for_many_as_for_few(sales) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert signed_in(sales).get("/home/").status_code == 200
        return len(seen)

    for _number in range(2):
        make_working_lead(sales)
    few = queries()
    for _number in range(10):
        make_working_lead(sales)
    assert queries() == few


def test_search_finds_what_i_may_see(sales, stranger) -> None:
    lead = make_lead(by=sales, title="智慧病房平台")
    assert lead.code in signed_in(sales).get("/search/?q=智慧病房").content.decode()
    assert lead.code not in signed_in(stranger).get("/search/?q=智慧病房").content.decode()
