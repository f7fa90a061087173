"""Guidance plans, opened by taking an approved project over."""

import datetime as dt
from typing import Any

from core.calendar import today
from guidance import services
from guidance.models import GuidancePlan
from process.models import Handover
from process.services import counter, seat
from projects.models import Project
from tests.factories.leads import term


def make_plan(project: Project | None = None, **fields: Any) -> GuidancePlan:
    """A planned guidance plan of an approved project."""
    if project is None:
        from tests.factories.projects import make_approved_project

        project = make_approved_project()
    waiting = Handover.objects.filter(case=project.case, target="guidance", state="offered").first()
    sr = seat(project.case_id, "sr")
    if waiting is not None:
        counter.take(waiting, by=sr)
    plan = GuidancePlan.objects.get(project=project)
    return services.edit(plan, by=sr, **fields) if fields else plan


def make_running_plan(project: Project | None = None, **fields: Any) -> GuidancePlan:
    """A plan in progress."""
    plan = make_plan(project, **fields)
    return services.start(plan, by=seat(plan.case_id, "sr"))


def make_ready_plan(project: Project | None = None, **fields: Any) -> GuidancePlan:
    """A plan with everything that is asked for to conclude it."""
    plan = make_running_plan(project, need_confirmed=True, budget_plausible=True, **fields)
    sr = seat(plan.case_id, "sr")
    services.judge(plan, by=sr, solvable=True)
    services.add_requirement(plan, by=sr, statement="三百个点位实时接入", priority="must", answer="standard")
    services.add_stakeholder(plan, by=sr, role=term("stakeholder", "decider"), name="李总", job="总经理", stance=1)
    services.add_activity(
        plan, by=sr, kind=term("activity", "visit"), on=today() - dt.timedelta(days=2), goal="了解需求"
    )
    activity = plan.activities.get()
    services.finish_activity(
        plan,
        by=sr,
        activity=activity,
        result="需求确认",
        next_step="发纪要",
        next_step_on=today() + dt.timedelta(days=3),
    )
    return plan


def make_concluded_plan(project: Project | None = None, **fields: Any) -> GuidancePlan:
    """A concluded plan: the solution stage takes it over in the same act where the same person sits there."""
    plan = make_ready_plan(project, **fields)
    return services.conclude(plan, by=seat(plan.case_id, "sr"))
