"""Writes on a guidance plan: its verbs, and what is added to it on the way."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from core.text import clean_text
from customers.models import Contact
from guidance.models import TEAM, Activity, GuidancePlan, Requirement, Stakeholder
from process.models import Case, Handover
from process.services import act, fire, offer
from process.services import edit as edit_record
from process.services import open as open_record
from projects.models import Project

RUNNING = ("planned", "in_progress")


@transaction.atomic
def open(
    *, by: Actor | User, project: Project, note: str = "", case: Case | None = None, **fields: Any
) -> GuidancePlan:
    """Plan the guidance of a project; one plan per project is in force. Raises Refused where there is one."""
    if GuidancePlan.objects.filter(project=project).exclude(state="cancelled").exists():
        raise Refused(_("This project has a guidance plan already."))
    fields.setdefault("title", project.title)
    plan = GuidancePlan(project=project, **fields)
    return open_record(plan, by=by, note=note, case=case or project.case)


@transaction.atomic
def edit(
    plan: GuidancePlan, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> GuidancePlan:
    """Change goals and what the customer has confirmed."""
    return edit_record(plan, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def start(plan: GuidancePlan, *, by: Actor | User, note: str = "", version: int | None = None) -> GuidancePlan:
    """The first meetings begin."""
    return fire(plan, "start", by=by, note=note, version=version)


@transaction.atomic
def conclude(plan: GuidancePlan, *, by: Actor | User, note: str = "", version: int | None = None) -> GuidancePlan:
    """Freeze the requirements as the baseline and offer the work to the solution manager.

    Raises Refused with everything that is missing: confirmed need, decider, musts, overdue next steps.
    """
    actor = Actor.of(by)
    fire(plan, "conclude", by=actor, note=note, version=version, changes={"baseline_at": timezone.now()})
    offer(plan, to="solution", package=_package(plan), by=actor, note=note, receiver="sr")
    plan.refresh_from_db()
    return plan


def _package(plan: GuidancePlan) -> dict[str, Any]:
    """The requirement baseline and the people, as they were agreed."""
    requirements = [
        {
            "number": one.number,
            "text": one.statement,
            "priority": one.priority,
            "answer": one.answer,
            "effort_days": str(one.effort_days or ""),
        }
        for one in plan.requirements.all()
    ]
    people = [f"{one} · {one.role} · {one.stance:+d}" for one in plan.stakeholders.select_related("role")]
    return {
        "plan": plan,
        "project": plan.project,
        "goals": plan.goals,
        "baseline_at": plan.baseline_at,
        "requirements": requirements,
        "stakeholders": people,
    }


@transaction.atomic
def reopen(plan: GuidancePlan, *, by: Actor | User, note: str = "", version: int | None = None) -> GuidancePlan:
    """Back to the customer while nobody has taken the plan over; an offer that waits is withdrawn."""
    actor = Actor.of(by)
    fire(plan, "reopen", by=actor, note=note, version=version)
    for waiting in plan.offers().filter(state="offered"):
        withdrawing = Actor.system(_("reopened guidance plan"))
        fire(waiting, "withdraw", by=withdrawing, note=note, changes={"ended_at": timezone.now()})
    return plan


def returned(plan: GuidancePlan, handover: Handover, *, by: Actor | User) -> None:
    """Registered at the counter: the package was returned or withdrawn, the plan goes on."""
    fire(plan, "reopen", by=Actor.system(_("returned handover")), note="; ".join(handover.gaps))


@transaction.atomic
def cancel(plan: GuidancePlan, *, by: Actor | User, note: str = "", version: int | None = None) -> GuidancePlan:
    """The project needs no such guidance (reason mandatory)."""
    return fire(plan, "cancel", by=by, note=note, version=version)


@transaction.atomic
def judge(
    plan: GuidancePlan, *, by: Actor | User, solvable: bool, note: str = "", version: int | None = None
) -> GuidancePlan:
    """The solution manager says whether it can be solved."""
    act(plan, "judge", by=by, who=("sr",), states=RUNNING, note=note, version=version, changes={"solvable": solvable})
    return edit_record(plan, by=by, changes={"solvable": solvable}, action="assess")


@transaction.atomic
def add_activity(
    plan: GuidancePlan,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    holder: User | None = None,
    **fields: Any,
) -> GuidancePlan:
    """Plan a visit, workshop, demo or call, with its goal."""
    actor = Actor.of(by)
    activity = Activity(plan=plan, holder=holder or actor.user or plan.owner, **_cleaned(fields))
    _add(plan, "add_activity", activity, by=actor, note=note, version=version)
    return plan


@transaction.atomic
def finish_activity(
    plan: GuidancePlan,
    *,
    by: Actor | User,
    activity: Activity,
    result: str,
    done_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
    **following: Any,
) -> GuidancePlan:
    """Say what came out of an activity, and the next step with its day (`next_step`, `next_step_on`)."""
    row = _row(plan, Activity, activity.pk)
    changes = {"activity": str(row), "result": result}
    act(plan, "finish_activity", by=by, who=TEAM, states=RUNNING, note=note, version=version, changes=changes)
    row.done_on = done_on or today()
    row.result = clean_text(result)
    for name, value in _cleaned(following).items():
        setattr(row, name, value)
    reasons = [] if row.result.strip() else [_("Say what came out of it.")]
    if row.done_on > today():
        reasons.append(_("What is done lies in the past."))
    if bool(row.next_step) != bool(row.next_step_on):
        reasons.append(_("A next step needs both a text and a day."))
    if reasons:
        raise Refused(reasons)
    row.step_done_on = None
    row.save()
    return plan


@transaction.atomic
def finish_step(
    plan: GuidancePlan, *, by: Actor | User, activity: Activity, note: str = "", version: int | None = None
) -> GuidancePlan:
    """The next step that was agreed in an activity is done."""
    row = _row(plan, Activity, activity.pk)
    changes = {"next_step": row.next_step}
    act(plan, "finish_step", by=by, who=TEAM, states=RUNNING, note=note, version=version, changes=changes)
    if row.next_step_on is None or row.step_done_on is not None:
        raise Refused(_("There is no open next step."))
    row.step_done_on = today()
    row.save(update_fields=["step_done_on"])
    return plan


@transaction.atomic
def add_stakeholder(
    plan: GuidancePlan,
    *,
    by: Actor | User,
    role: Term,
    name: str = "",
    contact: Contact | None = None,
    note: str = "",
    version: int | None = None,
    **fields: Any,
) -> GuidancePlan:
    """Put a person on the map: a contact of the register, or somebody met for the first time."""
    if contact is not None:
        name = name or contact.name
        fields["job"] = fields.get("job") or contact.job
    stakeholder = Stakeholder(plan=plan, role=role, name=name, contact=contact, **_cleaned(fields))
    _add(plan, "add_stakeholder", stakeholder, by=by, note=note, version=version)
    return plan


@transaction.atomic
def change_stakeholder(
    plan: GuidancePlan,
    *,
    by: Actor | User,
    stakeholder: Stakeholder,
    note: str = "",
    version: int | None = None,
    **changes: Any,
) -> GuidancePlan:
    """A person's stance, role or last contact has changed; the change stands in the log."""
    row = _row(plan, Stakeholder, stakeholder.pk)
    _change(plan, "change_stakeholder", row, changes, by=by, note=note, version=version)
    return plan


@transaction.atomic
def add_requirement(
    plan: GuidancePlan,
    *,
    by: Actor | User,
    statement: str,
    priority: str = "must",
    source: str = "",
    answer: str = "",
    note: str = "",
    version: int | None = None,
    effort_days: Decimal | None = None,
) -> GuidancePlan:
    """Write down one thing the customer needs; numbers rise and are never given twice."""
    last = plan.requirements.aggregate(last=Max("number"))["last"] or 0
    requirement = Requirement(
        plan=plan,
        number=last + 1,
        statement=clean_text(statement),
        priority=priority,
        source=clean_text(source),
        answer=answer,
        effort_days=effort_days,
    )
    _add(plan, "add_requirement", requirement, by=by, note=note, version=version)
    return plan


@transaction.atomic
def change_requirement(
    plan: GuidancePlan,
    *,
    by: Actor | User,
    requirement: Requirement,
    note: str = "",
    version: int | None = None,
    **changes: Any,
) -> GuidancePlan:
    """Change a requirement before the baseline: its priority, our answer, the effort."""
    row = _row(plan, Requirement, requirement.pk)
    _change(plan, "change_requirement", row, changes, by=by, note=note, version=version)
    return plan


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: clean_text(value).strip() if isinstance(value, str) else value for name, value in fields.items()}


def _row(plan: GuidancePlan, model: Any, pk: int) -> Any:
    """A row of this plan, locked; Refused for a row of another one."""
    found = model.objects.select_for_update().filter(plan=plan, pk=pk).first()
    if found is None:
        raise Refused(_("This does not belong to the plan."))
    return found


def _checked(row: Any) -> None:
    from django.core.exceptions import ValidationError

    try:
        row.full_clean(exclude=["plan"])
    except ValidationError as error:
        raise Refused(error.messages) from error


def _add(
    plan: GuidancePlan, action: str, row: Any, *, by: Actor | User, note: str = "", version: int | None = None
) -> None:
    act(plan, action, by=by, who=TEAM, states=RUNNING, note=note, version=version, changes={"added": str(row)})
    _checked(row)
    row.save()


def _change(
    plan: GuidancePlan,
    action: str,
    row: Any,
    changes: dict[str, Any],
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
) -> None:
    """Set what was given (an empty value leaves a field as it is) and log the row with its new values."""
    given = {name: value for name, value in _cleaned(changes).items() if value not in (None, "")}
    changed = {name: str(value) for name, value in given.items() if getattr(row, name) != value}
    logged = {type(row)._meta.model_name: str(row), **changed}
    act(plan, action, by=by, who=TEAM, states=RUNNING, note=note, version=version, changes=logged)
    for name, value in given.items():
        setattr(row, name, value)
    _checked(row)
    row.save()


# Days after which an overdue next step is everybody's business: the holder at once, then owner, then head.
ESCALATE_TO_OWNER, ESCALATE_TO_HEAD = 3, 7


@transaction.atomic
def remind_next_steps() -> int:
    """Remind, once a day, of agreed next steps whose day has passed; returns how many."""
    day = today()
    late = Activity.objects.filter(
        next_step_on__lt=day, step_done_on__isnull=True, plan__state__in=RUNNING
    ).select_related("plan__department", "holder")
    locked = list(late.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk")[:500])
    for one in locked:
        overdue = (day - (one.next_step_on or day)).days
        told: set[int | None] = {one.holder_id}
        if overdue >= ESCALATE_TO_OWNER:
            told.add(one.plan.owner_id)
        if overdue >= ESCALATE_TO_HEAD and one.plan.department_id:
            told.add(one.plan.department.head_id)
        notify(
            [person for person in told if person is not None],
            gettext_noop("%(record)s: the next step was due on %(day)s"),
            key=f"guidance-step:{one.pk}:{day}",
            params={"record": one.plan, "day": one.next_step_on},
            link=one.plan.get_absolute_url(),
            level="warning",
        )
    return len(locked)
