"""Suspended, lost, cancelled, reopened, closed."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Notice, User
from core.calendar import today
from core.errors import NotAllowed, Refused
from process.models import CaseRecord, Handover
from projects import services
from projects.models import Project
from projects.tasks import remind_of_resumption
from tests.factories.projects import (
    make_approved_project,
    make_project,
    make_submitted_project,
    take_offer,
    term,
)
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db


def _director(project: Project) -> User:
    return User.objects.get(pk=project.seat_holder_ids()["director"])


def test_suspend_and_resume(sales):
    project = make_approved_project(sales)
    day = today() + dt.timedelta(days=30)

    services.suspend(project, by=sales, note="预算未批", resume_on=day)
    assert (project.state, project.resume_on) == ("suspended", day)
    services.resume(project, by=sales)

    assert (project.state, project.resume_on) == ("approved", None)


def test_a_pause_needs_a_reason_and_an_end(sales):
    project = make_approved_project(sales)

    with unchanged(project), pytest.raises(Refused) as refusal:
        services.suspend(project, by=sales)

    assert len(refusal.value.reasons) == 2


def test_the_day_of_resumption_is_told_once(sales):
    project = make_approved_project(sales)
    services.suspend(project, by=sales, note="等客户", resume_on=today())

    assert (remind_of_resumption(), remind_of_resumption()) == (1, 0)
    assert Notice.objects.filter(user=sales, key__startswith=f"resume:{project.pk}").count() == 1


def test_a_lost_project_says_why_and_leaves_nothing_waiting(sales):
    project = make_approved_project(sales)

    services.lose(project, by=sales, note="低价", lost_reason=term("lost", "price"), competitor="友商")

    assert (project.state, project.left_state) == ("lost", "approved")
    assert not Handover.objects.filter(case=project.case, target="guidance", state="offered").exists()
    assert last_log(project).note == "低价"


@pytest.mark.parametrize("verb", ["lose", "cancel"])
def test_without_a_reason_it_does_not_end(sales, verb):
    project = make_project(sales)

    with unchanged(project), pytest.raises(Refused) as refusal:
        getattr(services, verb)(project, by=sales)

    assert len(refusal.value.reasons) == 2


@pytest.mark.parametrize(
    ("verb", "fields"),
    [("lose", {"lost_reason": ("lost", "price")}), ("cancel", {"cancel_reason": ("cancelled", "customer")})],
)
def test_open_records_above_are_named_with_their_links(sales, verb, fields):
    project = make_approved_project(sales)
    take_offer(project, "guidance")
    named = {name: term(*value) for name, value in fields.items()}

    with unchanged(project), pytest.raises(Refused) as refusal:
        getattr(services, verb)(project, by=sales, note="x", **named)

    plan = CaseRecord.objects.get(case=project.case, kind="guidance.guidanceplan")
    assert any(plan.code in reason and reason.link for reason in refusal.value.reasons)


def test_lost_during_the_decision_the_question_falls_and_reopening_starts_as_a_draft(sales):
    project = make_submitted_project(sales)
    director = _director(project)

    services.cancel(project, by=sales, note="预算取消", cancel_reason=term("cancelled", "budget"))
    with unchanged(project), pytest.raises(NotAllowed):
        services.reopen(project, by=sales, note="x")
    services.reopen(project, by=director, note="客户重启")

    assert project.state == "draft"
    services.submit(project, by=sales)
    assert project.state == "in_review"


def test_reopened_where_it_was_left_it_is_offered_again(sales):
    project = make_approved_project(sales)
    director = _director(project)
    services.lose(project, by=sales, note="低价", lost_reason=term("lost", "price"))

    services.reopen(project, by=director, note="友商退出")

    assert (project.state, project.lost_reason) == ("approved", None)
    assert Handover.objects.filter(case=project.case, target="guidance", state="offered").exists()


def test_only_final_accounts_close_a_project(sales):
    project = make_approved_project(sales)

    with unchanged(project), pytest.raises(Refused):
        services.close(project, by=sales)
    with unchanged(project), pytest.raises(Refused):
        services.enter_stage(project, "closed", by=sales)

    CaseRecord.objects.create(
        case=project.case,
        kind="closing.closing",
        object_id=1,
        code="CL",
        title="决算",
        state="final",
        stage="closed",
        is_open=False,
        since=timezone.now(),
    )
    services.close(project, by=sales)
    services.enter_stage(project, "closed", by=sales)
    assert (project.state, project.stage) == ("closed", "closed")
