"""What closed projects teach about a new estimate: circles of likeness, percentiles by hand, who may see it."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from closing import learning
from closing import services as closings
from closing.models import Closing
from finance.services import ledger
from projects.models import Project
from tests.api.caller import Caller, problem
from tests.factories.finance import category
from tests.factories.leads import term
from tests.factories.projects import make_approved_estimate, make_estimate, make_project
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db
D = Decimal
# Ten thousand were estimated each time; final accounts as below.
SPENT = (9000, 10000, 11000, 12000, 15000)


@pytest.fixture
def pfc() -> User:
    return make_user("books", department="project_finance", roles=("pfc",))


def closed(pfc: User, spent: Any, *, kind: str = "integration", revenue: Any = 900000) -> Closing:
    """A project with provisional accounts: labour was estimated at 10,000 and cost `spent`."""
    project = make_project(project_type=term("project_type", kind))
    make_approved_estimate(project, (("labour.pm", "", "10000", None, False),))
    cost = {"nature": "cost", "category": category("labour.pm"), "net_amount": D(spent)}
    ledger.post(project.book, **cost, source=f"test:{project.pk}", by=pfc)
    # A delivered deal takes seconds to make; accounts of one broken off are the same.
    closing = closings.open(by=pfc, project=project)
    Closing.objects.filter(pk=closing.pk).update(kind="terminated")
    closings.settle(Closing.objects.get(pk=closing.pk), by=pfc)
    Closing.objects.filter(pk=closing.pk).update(kind="normal", net_recognised=D(revenue))
    return closing


@pytest.fixture
def project(pfc: User) -> Project:
    """A new project whose estimate has 2,000 of labour and 500 of travel."""
    made = make_project(project_type=term("project_type", "integration"))
    lines = (("labour.pm", "", "1500", None, False), ("labour.presales", "", "500", None, False))
    make_estimate(made, (*lines, ("travel.transport", "", "500", None, False)))
    return made


def test_percentiles_by_hand(pfc: User, project: Project) -> None:
    """Sorted 90, 100, 110, 120, 150 %: the middle is 110; P80 lies 0.8 · 4 = 3.2 places up: 120 + 0.2 · 30 = 126."""
    for spent in SPENT:
        closed(pfc, spent)
    lesson = learning.lesson_of(project.book)
    assert lesson is not None
    [labour] = lesson.rows
    assert (labour.code, labour.number) == ("labour", 5)
    assert (labour.ratio_p50, labour.ratio_p80) == (D("110.00"), D("126.00"))
    assert (labour.net_estimate, labour.net_p50, labour.net_p80) == (D(2000), D("2200.00"), D("2520.00"))


def test_the_narrowest_circle_with_enough_projects(pfc: User, project: Project) -> None:
    for spent in SPENT[:4]:
        closed(pfc, spent)
    closed(pfc, 99000, revenue=50)  # same type, but tiny
    lesson = learning.lesson_of(project.book)
    assert lesson is not None
    assert lesson.number == 5
    closed(pfc, 10000)
    narrower = learning.lesson_of(project.book)
    assert narrower is not None
    assert narrower.number == 5
    assert narrower.alike != lesson.alike
    assert narrower.rows[0].ratio_p80 < lesson.rows[0].ratio_p80


def test_other_types_are_asked_last(pfc: User, project: Project) -> None:
    for spent in SPENT[:3]:
        closed(pfc, spent, kind="maintenance")
    lesson = learning.lesson_of(project.book)
    assert lesson is not None
    assert lesson.number == 3


def test_too_few_teach_nothing_and_lost_ones_never(pfc: User, project: Project) -> None:
    for spent in SPENT[:2]:
        closed(pfc, spent)
    lost = closed(pfc, 1)
    Closing.objects.filter(pk=lost.pk).update(kind="terminated")
    assert learning.lesson_of(project.book) is None
    page = signed_in(pfc).get(f"/closings/learned/{project.case_id}/")
    assert page.status_code == 200
    assert Caller(pfc).get(f"learned/{project.case_id}/").json()["rows"] == []


def test_page_and_api_for_those_with_the_right_to_cost(pfc: User, project: Project, stranger: User) -> None:
    for spent in SPENT:
        closed(pfc, spent)
    page = signed_in(pfc).get(f"/closings/learned/{project.case_id}/").content.decode()
    assert "2,520.00" in page
    [row] = Caller(pfc).get(f"learned/{project.case_id}/").json()["rows"]
    assert (row["code"], row["ratio_p80"], row["net_p80"]) == ("labour", "126.00", "2520.00")
    for person in (project.owner, stranger):
        assert person is not None
        assert signed_in(person).get(f"/closings/learned/{project.case_id}/").status_code == 404
        problem(Caller(person).get(f"learned/{project.case_id}/"), 404)


def test_reading_it_asks_the_same_of_any_number(pfc: User, project: Project, django_assert_num_queries: Any) -> None:
    for spent in SPENT:
        closed(pfc, spent)
    with django_assert_num_queries(6):
        learning.lesson_of(project.book)
