"""The figures kept for a decision: whoever may not see cost sees neither margin nor cost, on any page."""

import pytest

from accounts.models import User
from approvals.pages import readable
from approvals.selectors import pending_request
from process.services import seat
from projects import services as projects
from projects.models import Project
from purchasing.models import PurchaseOrder
from tests.factories.contracts import make_submitted_contract
from tests.factories.projects import decide, make_submitted_project
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
MARGIN = "28.82"


def test_a_reviewer_without_the_right_to_cost_decides_without_the_margin() -> None:
    contract = make_submitted_contract()
    legal = User.objects.get(roles__code="legal")
    pages = {}
    for person in (legal, seat(contract.case_id, "pfc")):
        client = signed_in(person)
        address = contract.get_absolute_url()
        asked = [address, f"{address}approve/", f"{address}timeline/", f"{address}send_back/"]
        pages[person.pk] = "".join(client.get(url).content.decode() for url in asked)
        assert "1,006,000.00" in pages[person.pk]
    assert MARGIN not in pages[legal.pk]
    assert any(MARGIN in page for page in pages.values())


def test_the_decision_sheet_hides_margin_and_cost_from_the_account_manager() -> None:
    project = make_submitted_project()
    facts = pending_request(project).facts
    ar, pfc = project.owner, seat(project.case_id, "pfc")
    assert {label for label, _value in readable(facts, ar, type(project))} == {
        "Expected amount",
        "Win probability",
        "Expected signature",
    }
    assert len(readable(facts, pfc, type(project))) == len(facts) == 5
    margin = dict(facts)["Estimated margin"]
    for state in ("in_review", "approved"):
        assert project.state == state
        own = signed_in(ar).get(project.sheet_url()).content.decode()
        theirs = signed_in(pfc).get(project.sheet_url()).content.decode()
        assert margin in theirs and "640,600.00" in theirs
        assert margin not in own and "640,600.00" not in own
        assert margin not in signed_in(ar).get(f"{project.get_absolute_url()}timeline/").content.decode()
        decide(project, projects.approve)


def test_cost_by_any_of_its_names(stranger) -> None:
    facts = [["spent and committed so far", "1"], ["cost, net", "2"], ["Presales budget", "3"], ["supplier", "x"]]
    assert readable(facts, stranger, Project) == [("supplier", "x")]


def test_the_amounts_of_a_purchase_order_are_cost(stranger) -> None:
    facts = [["amount incl. VAT", "1"], ["supplier", "x"]]
    assert readable(facts, stranger, PurchaseOrder) == [("supplier", "x")]
    assert len(readable(facts, stranger, Project)) == 2
