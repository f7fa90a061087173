"""ATI: what it asks for, who decides, and what follows."""

import pytest

from core.errors import NotAllowed, Refused
from process.models import Handover
from projects import services
from projects.models import Project, ResourceNeed
from tests.factories.projects import (
    decide,
    make_approved_project,
    make_project,
    make_ready_project,
    make_submitted_project,
    name_team,
    take_offer,
)
from tests.helpers import actions, unchanged

pytestmark = pytest.mark.django_db


def test_submit_names_every_gap_at_once(sales):
    project = make_project(
        sales, objectives="", scope="", presales_net_budget=None, expected_sign_on=None, ends_on=None
    )

    with unchanged(project), pytest.raises(Refused) as refusal:
        services.submit(project, by=sales)

    assert len(refusal.value.reasons) == 8
    assert sum(1 for reason in refusal.value.reasons if reason.link) == 8


def test_only_the_account_manager_submits(sales2):
    project = make_ready_project()

    with unchanged(project), pytest.raises(NotAllowed):
        services.submit(project, by=sales2)


def test_a_need_not_confirmed_stands_in_the_way(sales):
    project = make_ready_project(sales)
    need = ResourceNeed.objects.get(project=project)
    ResourceNeed.objects.filter(pk=need.pk).update(confirmed_at=None)

    with unchanged(project), pytest.raises(Refused) as refusal:
        services.submit(project, by=sales)

    assert "架构师" in str(refusal.value)


def test_approval_offers_the_project_to_guidance_and_releases_the_presales_budget(sales):
    project = make_submitted_project(sales)

    decide(project, services.approve)

    assert project.state == "approved"
    handover = Handover.objects.get(case=project.case, target="guidance")
    assert handover.state == "offered"
    assert handover.package["objectives"] == project.objectives
    project.book.refresh_from_db()
    assert project.book.net_advance_limit == project.presales_net_budget
    assert "project.review" in actions(project)


def test_taken_over_the_project_stands_in_guidance(sales):
    project = make_approved_project(sales)

    take_offer(project, "guidance")

    project.refresh_from_db()
    assert project.stage == "guidance"
    assert [entry.stage for entry in project.stage_entries.all()] == ["initiation", "guidance"]


@pytest.mark.parametrize(
    ("verb", "who", "state"),
    [("send_back", "director", "draft"), ("reject", "director", "rejected"), ("withdraw", "owner", "draft")],
)
def test_the_other_ends_of_a_decision(sales, verb, who, state):
    project = make_submitted_project(sales)
    if verb == "reject":
        pfc = project.seat_holder_ids()["pfc"]
        services.approve(project, by=_user(pfc))
    person = sales if who == "owner" else _user(project.seat_holder_ids()["director"])
    if verb == "send_back":
        person = _user(project.seat_holder_ids()["pfc"])

    getattr(services, verb)(project, by=person, note="补充风险")

    assert project.state == state


def _user(pk):
    from accounts.models import User

    return User.objects.get(pk=pk)


@pytest.mark.parametrize("verb", ["approve", "reject", "send_back", "withdraw"])
def test_nobody_else_decides(verb, stranger):
    project = make_submitted_project()

    with unchanged(project), pytest.raises(NotAllowed):
        getattr(services, verb)(project, by=stranger, note="x")


def test_returned_with_gaps_it_is_offered_again(sales):
    from process.services import counter

    project = make_approved_project(sales)
    handover = Handover.objects.get(case=project.case, target="guidance")
    counter.return_(handover, by=_user(handover.receivers()[0]), note="缺联系人", gaps=["客户联系人缺失"])

    services.offer_next(project, by=sales, note="已补充")

    assert Handover.objects.filter(case=project.case, target="guidance", state="offered").count() == 1
    with unchanged(project), pytest.raises(Refused):
        services.offer_next(project, by=sales)


def test_a_small_deal_doubles_ar_and_sr_and_is_taken_over_from_oneself(sales):
    project = make_ready_project(sales, level="D")
    services.name_triangle(project, by=sales, sr=sales)
    services.submit(project, by=sales)

    decide(project, services.approve)
    take_offer(project, "guidance")

    project.refresh_from_db()
    assert project.stage == "guidance"


def test_at_level_a_they_are_two_people(sales):
    project = make_project(sales, level="A")

    with unchanged(project), pytest.raises(Refused):
        services.name_triangle(project, by=sales, sr=sales)


def test_naming_the_triangle_hands_the_seat_on(sales, solution):
    project = name_team(make_project(sales))

    services.name_triangle(project, by=sales, sr=solution)

    assert project.seat_holder_ids()["sr"] == solution.pk
    assert "project.name_triangle" in actions(project)


def test_a_stranger_names_nobody(stranger, solution):
    project = make_project()

    with unchanged(project), pytest.raises(NotAllowed):
        services.name_triangle(project, by=stranger, sr=solution)


def test_only_the_departments_head_confirms_resources(sales, solution):
    from decimal import Decimal

    project = make_project(sales)
    services.add_resource_need(project, by=sales, department=solution.department, role="架构师", days=Decimal(3))
    need = ResourceNeed.objects.get(project=project)

    with unchanged(project), pytest.raises(NotAllowed):
        services.confirm_resource(project, by=sales, need=need)
    assert ResourceNeed.objects.get(pk=need.pk).confirmed_at is None


def test_the_head_of_an_asked_department_sees_the_project(sales):
    project = make_ready_project(sales)
    head = ResourceNeed.objects.get(project=project).confirmed_by

    assert project in Project.objects.visible_to(head)


def test_the_account_goes_to_another_manager_with_its_seat(sales, sales2, director):
    project = make_project(sales)

    services.reassign(project, by=director, owner=sales2, note="离职")

    assert (project.owner_id, project.department_id) == (sales2.pk, sales2.department_id)
    assert project.seat_holder_ids()["ar"] == sales2.pk
    with unchanged(project), pytest.raises(NotAllowed):
        services.reassign(project, by=sales, owner=sales)
