"""What a record's page and the dialog of a decision show: opinions so far, and the figures, cost only by right."""

import pytest

from accounts.models import User
from approvals.pages import figures, opinions
from approvals.selectors import requests_of
from projects import services as projects
from tests.factories.projects import make_project, make_submitted_project
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def _asked(project) -> User:
    """The first whose opinion is asked for."""
    return User.objects.get(pk=requests_of(project)[0].decisions.all()[0].assignees[0])


def test_opinions_stand_on_the_page(sales) -> None:
    assert opinions(make_project(sales), sales) == []
    project = make_submitted_project(sales)
    (table,) = opinions(project, sales)
    people = requests_of(project)[0].decisions.all()
    names = [", ".join(str(User.objects.get(pk=pk)) for pk in one.assignees) for one in people]
    assert [row.cells[1].text for row in table.rows] == names, "who is asked stands there until they answer"

    reviewer = _asked(project)
    projects.approve(project, by=reviewer, opinion="conditional", conditions="先锁定供应商价格")

    (table,) = opinions(project, sales)
    first = table.rows[0].cells
    assert (first[1].text, first[2].badge) == (str(reviewer), "yellow")
    assert "先锁定供应商价格" in first[3].sub
    assert "先锁定供应商价格" in signed_in(sales).get(project.get_absolute_url()).content.decode()


def test_who_decides_sees_the_figures_and_cost_only_by_right(sales, stranger) -> None:
    project = make_submitted_project(sales)
    reviewer = _asked(project)
    full, narrow = figures(project, reviewer), figures(project, stranger)
    assert len(full) == 5
    assert {str(fact.label) for fact in full} > {str(fact.label) for fact in narrow}
    assert len(narrow) == 3, "margin and presales budget are left out"
    dialog = signed_in(reviewer).get(f"{project.get_absolute_url()}approve/").content.decode()
    assert str(full[0].value) in dialog
    assert figures(make_project(sales), sales) == []
