"""Guidance from the taken handover to the baseline that solution takes over."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Notice
from core.calendar import today
from core.errors import NotAllowed, Refused
from guidance import selectors, services
from guidance.models import Activity, GuidancePlan
from process.models import Handover
from process.services import counter, seat, take_seat
from tests.factories.guidance import make_concluded_plan, make_plan, make_ready_plan, make_running_plan
from tests.factories.leads import term
from tests.factories.projects import make_approved_project
from tests.helpers import actions, last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def sr_of(plan: GuidancePlan):
    return seat(plan.case_id, "sr")


def test_taking_over_opens_the_plan_and_moves_the_project() -> None:
    project = make_approved_project()
    plan = make_plan(project)
    project.refresh_from_db()
    assert (plan.state, plan.project, plan.case_id) == ("planned", project, project.case_id)
    assert plan.owner == sr_of(plan)
    assert plan.goals == project.objectives
    assert project.stage == "guidance"
    with pytest.raises(Refused):
        services.open(by=sr_of(plan), project=project)


def test_start(stranger) -> None:
    plan = make_plan()
    with unchanged(plan), pytest.raises(NotAllowed):
        services.start(plan, by=stranger)
    services.start(plan, by=sr_of(plan))
    assert plan.state == "in_progress"
    with unchanged(plan), pytest.raises(Refused):
        services.start(plan, by=sr_of(plan))


def test_conclude_says_everything_that_is_missing(stranger) -> None:
    plan = make_running_plan()
    sr = sr_of(plan)
    kind = term("activity", "visit")
    services.add_activity(plan, by=sr, kind=kind, on=today() - 9 * DAY, goal="拜访")
    services.finish_activity(
        plan, by=sr, activity=plan.activities.get(), result="谈了", next_step="发资料", next_step_on=today() - DAY
    )
    with unchanged(plan), pytest.raises(NotAllowed):
        services.conclude(plan, by=stranger)
    with unchanged(plan), pytest.raises(Refused) as refusal:
        services.conclude(plan, by=sr)
    assert len(refusal.value.reasons) == 6
    assert "发资料" in refusal.value.reasons[-1]
    services.finish_step(plan, by=sr, activity=plan.activities.get())
    with unchanged(plan), pytest.raises(Refused) as refusal:
        services.conclude(plan, by=sr)
    assert len(refusal.value.reasons) == 5


def test_conclude_freezes_the_baseline_and_offers_it() -> None:
    plan = make_concluded_plan()
    assert plan.state == "concluded"
    assert plan.baseline_at is not None
    handover = Handover.objects.get(source_kind="guidance.guidanceplan", source_id=plan.pk)
    assert handover.target == "solution"
    assert handover.package["requirements"][0]["text"] == "三百个点位实时接入"
    assert [one.number for one in selectors.baseline(plan.project_id)] == [1]
    with unchanged(plan), pytest.raises(Refused):
        services.add_requirement(plan, by=sr_of(plan), statement="再来一个")
    with unchanged(plan), pytest.raises(Refused):
        services.conclude(plan, by=sr_of(plan))


def waiting_plan() -> GuidancePlan:
    """A plan concluded by the AR: the offer waits for the SR."""
    plan = make_ready_plan()
    return services.conclude(plan, by=seat(plan.case_id, "ar"))


def test_reopen_withdraws_what_waits_at_the_counter(stranger) -> None:
    plan = waiting_plan()
    handover = plan.offers().get()
    assert handover.state == "offered"
    with unchanged(plan), pytest.raises(NotAllowed):
        services.reopen(plan, by=stranger)
    with unchanged(plan), pytest.raises(Refused):
        services.cancel(plan, by=sr_of(plan), note="x")
    services.reopen(plan, by=sr_of(plan), note="漏了接口")
    handover.refresh_from_db()
    assert (plan.state, plan.baseline_at, handover.state) == ("in_progress", None, "withdrawn")
    services.add_requirement(plan, by=sr_of(plan), statement="接口", answer="config")
    services.conclude(plan, by=seat(plan.case_id, "ar"))
    assert plan.offers().count() == 2


def test_a_returned_package_reopens_the_plan() -> None:
    plan = waiting_plan()
    counter.return_(plan.offers().get(), by=sr_of(plan), note="不清楚", gaps=[term("handover.gap", "contacts")])
    plan.refresh_from_db()
    assert plan.state == "in_progress"
    assert last_log(plan).action == "guidance_plan.reopen"


def test_what_was_taken_is_not_reopened() -> None:
    plan = make_concluded_plan()
    assert plan.offers().get().state == "taken"
    for verb in (services.reopen, services.cancel):
        with unchanged(plan), pytest.raises(Refused):
            verb(plan, by=sr_of(plan), note="x")


def test_cancel_wants_a_reason_and_frees_the_project(stranger) -> None:
    plan = make_plan()
    with unchanged(plan), pytest.raises(NotAllowed):
        services.cancel(plan, by=stranger, note="x")
    with unchanged(plan), pytest.raises(Refused):
        services.cancel(plan, by=sr_of(plan))
    services.cancel(plan, by=sr_of(plan), note="直签")
    assert plan.state == "cancelled"
    again = services.open(by=sr_of(plan), project=plan.project)
    assert selectors.plan_of(plan.project_id) == again


def test_only_the_solution_manager_says_it_can_be_solved() -> None:
    plan = make_running_plan()
    with unchanged(plan), pytest.raises(NotAllowed):
        services.judge(plan, by=seat(plan.case_id, "ar"), solvable=True)
    services.judge(plan, by=sr_of(plan), solvable=True)
    assert plan.solvable


def test_activities_have_results_and_next_steps(stranger) -> None:
    plan = make_running_plan()
    sr, kind = sr_of(plan), term("activity", "demo")
    with unchanged(plan), pytest.raises(NotAllowed):
        services.add_activity(plan, by=stranger, kind=kind, on=today(), goal="演示")
    with unchanged(plan), pytest.raises(Refused):
        services.add_activity(plan, by=sr, kind=kind, on=today(), goal="")
    services.add_activity(plan, by=sr, kind=kind, on=today(), goal="演示")
    activity = plan.activities.get()
    assert activity.holder == sr
    with unchanged(plan), pytest.raises(Refused) as refusal:
        services.finish_activity(
            plan, by=sr, activity=activity, result="", done_on=today() + DAY, next_step="无日期", next_step_on=None
        )
    assert len(refusal.value.reasons) == 3
    with unchanged(plan), pytest.raises(Refused):
        services.finish_step(plan, by=sr, activity=activity)
    other = make_running_plan()
    with unchanged(plan), pytest.raises(Refused):
        services.finish_activity(other, by=sr_of(other), activity=activity, result="x")
    services.finish_activity(plan, by=sr, activity=activity, result="满意")
    activity.refresh_from_db()
    assert activity.done_on == today()
    assert actions(plan)[-2:] == ["guidance_plan.add_activity", "guidance_plan.finish_activity"]


def test_stakeholders_and_requirements_change_with_a_trace() -> None:
    plan = make_running_plan()
    sr = sr_of(plan)
    services.add_stakeholder(plan, by=sr, role=term("stakeholder", "user"), name="孙工", stance=-1)
    with unchanged(plan), pytest.raises(Refused):
        services.add_stakeholder(plan, by=sr, role=term("stakeholder", "user"), name="孙工", stance=3)
    person = plan.stakeholders.get()
    services.change_stakeholder(plan, by=sr, stakeholder=person, stance=1, last_contact_on=today())
    person.refresh_from_db()
    assert (person.stance, person.last_contact_on) == (1, today())
    assert last_log(plan).changes["stance"][1] == "1"
    services.add_requirement(plan, by=sr, statement="第一条")
    services.add_requirement(plan, by=sr, statement="第二条", priority="could")
    second = plan.requirements.get(number=2)
    services.change_requirement(plan, by=sr, requirement=second, priority="must", answer="no")
    second.refresh_from_db()
    assert (second.statement, second.priority, second.answer) == ("第二条", "must", "no")
    with unchanged(plan), pytest.raises(Refused):
        services.change_requirement(plan, by=sr, requirement=second, priority="perhaps")


def test_late_next_steps_are_reminded_and_escalated() -> None:
    plan = make_ready_plan()
    holder = plan.activities.get().holder
    sweep = services.remind_next_steps
    assert sweep() == 0
    Activity.objects.filter(plan=plan).update(next_step_on=today() - 4 * DAY)
    assert sweep() == 1
    told = Notice.objects.filter(key__startswith="guidance-step:")
    assert {one.user for one in told} == {holder, plan.owner}
    sweep()
    assert told.count() == len({holder, plan.owner})


def test_the_pages_of_a_plan(stranger) -> None:
    plan = make_running_plan()
    sr, address = sr_of(plan), plan.get_absolute_url()
    client = signed_in(sr)
    for page in ("/guidance-plans/", "/guidance-plans/board/", "/guidance-plans/new/", address, f"{address}edit/"):
        assert client.get(page).status_code == 200, page
    assert client.get("/guidance-plans/?overdue=next_step").status_code == 200
    assert client.get(f"/guidance-plans/panel/{plan.case_id}/").status_code == 200
    acts = ("add_activity", "finish_activity", "add_stakeholder", "change_stakeholder", "change_requirement", "judge")
    for act in acts:
        assert client.get(f"{address}{act}/").status_code == 200, act
    typed = {"statement": "页面需求", "priority": "must", "answer": "standard", "effort_days": "1.5"}
    assert client.post(f"{address}add_requirement/", typed).status_code == 302
    person = {"name": "周总", "role": term("stakeholder", "decider").pk, "stance": "2"}
    assert client.post(f"{address}add_stakeholder/", person).status_code == 302
    visit = {"kind": term("activity", "visit").pk, "on": today().isoformat(), "goal": "见面"}
    assert client.post(f"{address}add_activity/", visit).status_code == 302
    done = {"activity": plan.activities.get().pk, "result": "好", "next_step": "报价", "next_step_on": "2035-01-01"}
    assert client.post(f"{address}finish_activity/", done).status_code == 302
    assert client.post(f"{address}judge/", {"solvable": "yes"}).status_code == 302
    page = client.get(address).content.decode()
    assert all(text in page for text in ("页面需求", "周总", "见面", "报价"))
    assert client.post(f"{address}conclude/").status_code == 409
    plan.refresh_from_db()
    changed = {"title": plan.title, "goals": "x", "need_confirmed": "on", "budget_plausible": "on"}
    assert client.post(f"{address}edit/", {**changed, "version": plan.row_version}).status_code == 302
    assert client.post(f"{address}conclude/").status_code == 302
    assert signed_in(stranger).get(address).status_code == 404
    take_seat(plan.case_id, "member", stranger, by=sr)
    assert signed_in(stranger).post(f"{address}reopen/").status_code == 403


def test_queries_do_not_grow_with_rows() -> None:
    plan = make_plan()
    sr = sr_of(plan)
    client = signed_in(sr)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/guidance-plans/").status_code == 200
        return len(queries)

    _more(plan, 1)
    cost()
    few = cost()
    _more(plan, 10)
    assert cost() == few


def _more(plan: GuidancePlan, count: int) -> None:
    for _number in range(count):
        old = selectors.plan_of(plan.project_id)
        services.cancel(old, by=sr_of(plan), note="again")
        services.open(by=sr_of(plan), project=plan.project)
