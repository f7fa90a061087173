"""The iron triangle and the people a project asks departments for."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import Department, User
from accounts.services import notify
from core.errors import NotAllowed, Refused
from process.services import doors, take_seat
from projects.models import Project, ResourceNeed

# States in which people may still change.
LIVING = ("draft", "in_review", "approved", "suspended")


@transaction.atomic
def name_triangle(
    project: Project,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    sr: User | None = None,
    fr: User | None = None,
    director: User | None = None,
    pfc: User | None = None,
) -> Project:
    """Name who sits on the seats beside the account manager; a seat once taken is handed on, never emptied.

    Raises Refused where AR and SR are one person at level A or B.
    """
    actor = Actor.of(by)
    named = {role: user for role, user in (("sr", sr), ("fr", fr), ("director", director), ("pfc", pfc)) if user}
    doors.act(
        project,
        "name_triangle",
        by=actor,
        who=("ar", "owner", "director"),
        states=LIVING,
        note=note,
        version=version,
        changes={role: str(user) for role, user in named.items()},
    )
    reasons = []
    if not named:
        reasons.append(_("Nobody is named."))
    if sr is not None and sr.pk == project.seat_holder_ids().get("ar") and project.level in ("A", "B"):
        reasons.append(_("At levels A and B, AR and SR are two people."))
    if reasons:
        raise Refused(reasons)
    for role, user in named.items():
        take_seat(project.case_id, role, user, by=actor, note=note)
    return project


@transaction.atomic
def reassign(project: Project, *, by: Actor | User, owner: User, note: str = "", version: int | None = None) -> Project:
    """Give the project to another account manager, who takes the seat in the same moment.

    Raises NotAllowed for anybody but a director or the head of the owner's department.
    """
    actor = Actor.of(by)
    before = str(project.owner or "")
    doors.act(
        project,
        "reassign",
        by=actor,
        who=("director", "@heads_owner"),
        states=project.edit_states,
        note=note,
        version=version,
        changes={"from": before, "to": str(owner)},
    )
    doors.edit(
        project,
        by=Actor.system(f"project.reassign ({actor})"),
        changes={"owner": owner, "department": owner.department},
        note=note,
        action="owner",
    )
    take_seat(project.case_id, "ar", owner, by=actor, note=note)
    return project


@transaction.atomic
def add_resource_need(
    project: Project,
    *,
    by: Actor | User,
    department: Department,
    role: str,
    days: Decimal,
    note: str = "",
    version: int | None = None,
) -> Project:
    """Ask a department for people; its head is told and confirms."""
    changes = {"department": department.label, "role": role, "days": days}
    doors.act(
        project,
        "add_resource_need",
        by=by,
        who=("ar", "sr", "fr", "owner"),
        states=("draft", "approved"),
        note=note,
        version=version,
        changes=changes,
    )
    need = ResourceNeed(project=project, department=department, role=role, days=days)
    need.full_clean(exclude=["project", "department"])
    need.save()
    head = department.nearest_head()
    if head is not None:
        notify(
            [head],
            gettext_noop("%(project)s asks for %(role)s, %(days)s days: please confirm"),
            key=f"resource:{need.pk}",
            params={"project": str(project), "role": role, "days": str(days)},
            link=project.get_absolute_url(),
        )
    return project


@transaction.atomic
def confirm_resource(
    project: Project, *, by: Actor | User, need: ResourceNeed, note: str = "", version: int | None = None
) -> Project:
    """The department's head promises the people. Raises NotAllowed for anybody else."""
    actor = Actor.of(by)
    changes = {"department": need.department.label, "role": need.role, "days": need.days}
    doors.act(
        project,
        "confirm_resource",
        by=actor,
        who=("@is_asked_department_head",),
        states=("draft", "approved"),
        note=note,
        version=version,
        changes=changes,
    )
    row = ResourceNeed.objects.select_for_update(of=("self",)).get(pk=need.pk, project=project)
    if actor.user is None or row.department_id not in actor.user.department_ids:
        raise NotAllowed(_("Only the head of %(department)s confirms this.") % {"department": row.department})
    if row.confirmed_at is not None:
        raise Refused(_("This is confirmed already."))
    row.confirmed_by, row.confirmed_at = actor.user, timezone.now()
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    return project
