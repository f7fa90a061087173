"""A project begins: from a lead at the counter, or by an account manager without one."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.errors import NotAllowed, Stale
from process.services import seat
from projects import selectors, services
from projects.models import Project
from tests.factories.leads import make_qualified_lead
from tests.factories.projects import make_project
from tests.helpers import actions, last_log, unchanged

pytestmark = pytest.mark.django_db


def test_a_qualified_lead_becomes_a_project_with_its_book_and_seat(sales):
    lead = make_qualified_lead(sales)

    project = selectors.project_of(lead.case_id)

    assert project is not None
    assert (project.state, project.stage) == ("draft", "initiation")
    assert project.lead_id == lead.pk
    assert project.book_id == lead.book_id
    assert project.customer_id is not None
    assert seat(project.case_id, "ar") == sales
    lead.refresh_from_db()
    assert lead.state == "converted"
    assert actions(project) == ["project.open"]


def test_without_a_lead_it_gets_case_book_and_first_stage(sales):
    project = make_project(sales)

    assert project.code.startswith("PJ")
    assert project.book.case_id == project.case_id
    assert project.level == "C"
    assert [entry.stage for entry in project.stage_entries.all()] == ["initiation"]
    assert project.end_user_id == project.customer_id


def test_a_stranger_opens_none(stranger):
    before = Project.objects.count()

    with pytest.raises(NotAllowed):
        services.open(by=stranger, title="x")

    assert Project.objects.count() == before


@pytest.mark.parametrize(
    ("amount", "level"),
    [("499999.99", "D"), ("500000", "C"), ("3000000", "B"), ("10000000", "A"), (None, "D")],
)
def test_the_amount_suggests_the_level(sales, amount, level):
    project = make_project(sales, gross_amount=Decimal(amount) if amount else None)

    assert project.level == level


def test_edit_keeps_a_log_and_refuses_a_stale_form(sales, sales2):
    project = make_project(sales)

    services.edit(project, by=sales, version=1, scope="新的范围")

    assert last_log(project).changes["scope"][1] == "新的范围"
    with unchanged(project), pytest.raises(Stale):
        services.edit(project, by=sales, version=1, scope="另一个")
    with unchanged(project), pytest.raises(NotAllowed):
        services.edit(project, by=sales2, scope="不行")


def test_the_database_knows_customer_and_amount_from_the_solution_on(sales):
    project = make_project(sales, customer=None, gross_amount=None)

    project.enter("solution")
    with pytest.raises(IntegrityError), transaction.atomic():
        project.save(update_fields=["stage"])


def test_the_stage_moves_at_no_other_door(sales):
    project = make_project(sales)

    with pytest.raises(AttributeError):
        project.stage = "delivery"
    project.refresh_from_db()
    assert project.stage == "initiation"
