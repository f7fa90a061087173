"""The project's verbs: from 立项 through ATI to lost, cancelled or closed."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals import selectors as approvals
from approvals import services as decisions
from approvals.services import reject, send_back, submit, withdraw
from core.dictionary import Term
from core.errors import Refused
from finance.services import book as books
from process.models import Case, Handover
from process.services import counter, doors, offer, open_case, take_seat
from projects import selectors
from projects.models import Level, Project, StageEntry

__all__ = [
    "approve",
    "cancel",
    "close",
    "edit",
    "lose",
    "offer_next",
    "open",
    "reject",
    "reopen",
    "resume",
    "returned",
    "send_back",
    "submit",
    "suspend",
    "withdraw",
]


@transaction.atomic
def open(*, by: Actor | User, case: Case | None = None, note: str = "", book: Any = None, **fields: Any) -> Project:
    """Open a project draft: its case, its cost book, the account manager's seat, the first stage entry.

    Raises NotAllowed, or Refused with every reason.
    """
    actor = Actor.of(by)
    project = Project(**fields)
    project.level = project.level or Level.of_amount(project.gross_amount)
    project.end_user = project.end_user or project.customer
    project.owner = project.owner or actor.user
    case = case or open_case(project.title)
    project.book = book or books.open_book(case=case, title=project.title, owner=project.owner, by=actor)
    doors.open(project, by=actor, case=case, note=note)
    if project.owner is not None:
        take_seat(case, "ar", project.owner, by=actor)
    StageEntry.objects.create(project=project, stage=project.stage, by=actor.user)
    return project


@transaction.atomic
def edit(project: Project, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Project:
    """Change what is known of a project. Raises Stale, NotAllowed, or Refused with every reason."""
    return doors.edit(project, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def approve(
    project: Project,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> Project:
    """ATI: an opinion or the decision; when the last one is in, the project is offered to its next stage."""
    decisions.approve(project, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if project.state == "approved":
        if project.book is not None and project.presales_net_budget is not None:
            books.release_advance(project.book, project.presales_net_budget, by=by, note="ATI")
        _offer(project, Actor.of(by))
    return project


def _offer(project: Project, actor: Actor, note: str = "") -> Handover:
    to = selectors.next_stage(project)
    if to is None:
        raise Refused(_("The project stands in its last stage."))
    package = {
        "project": project,
        "customer": project.customer,
        "end_user": project.end_user,
        "gross_amount": project.gross_amount,
        "objectives": project.objectives,
        "scope": project.scope,
        "risks": project.risks,
    }
    return offer(project, to=to, package=package, by=actor, receiver="sr", note=note)


@transaction.atomic
def offer_next(project: Project, *, by: Actor | User, note: str = "", version: int | None = None) -> Project:
    """Offer the approved project to its next stage once more, after it came back with gaps.

    Raises Refused where it has gone on already or an offer still waits.
    """
    actor = Actor.of(by)
    doors.act(project, "offer_next", by=actor, who=("ar", "owner"), states=("approved",), note=note, version=version)
    counter.require_no_open(project)
    if project.stage != "initiation":
        raise Refused(_("The project has left initiation already."))
    _offer(project, actor, note)
    return project


def returned(project: Project, handover: Handover, *, by: Actor | User) -> None:
    """The next stage returned the package: the account manager closes the gaps and offers it again."""
    # The counter has told the owner and given the work back; the decision ATI stands.


@transaction.atomic
def suspend(
    project: Project,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    resume_on: dt.date | None = None,
) -> Project:
    """The customer pauses, until a day that is named. Raises Refused without that day."""
    return doors.fire(project, "suspend", by=by, note=note, version=version, changes={"resume_on": resume_on})


@transaction.atomic
def resume(project: Project, *, by: Actor | User, note: str = "", version: int | None = None) -> Project:
    """The customer goes on."""
    return doors.fire(project, "resume", by=by, note=note, version=version)


@transaction.atomic
def lose(
    project: Project,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    lost_reason: Term | None = None,
    competitor: str = "",
) -> Project:
    """The customer bought elsewhere: a running decision falls, a waiting offer is withdrawn.

    Raises Refused naming every open record of a later stage with its link.
    """
    changes = {"lost_reason": lost_reason, "competitor": competitor}
    doors.fire(project, "lose", by=by, note=note, version=version, changes=changes)
    _stop_waiting(project, "project.lose")
    return project


@transaction.atomic
def cancel(
    project: Project,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    cancel_reason: Term | None = None,
) -> Project:
    """Nobody will do the deal. Raises Refused naming every open record of a later stage with its link."""
    doors.fire(project, "cancel", by=by, note=note, version=version, changes={"cancel_reason": cancel_reason})
    _stop_waiting(project, "project.cancel")
    return project


def _stop_waiting(project: Project, job: str) -> None:
    """An ended project asks for no decision and offers no work."""
    actor = Actor.system(job)
    decisions.void(project, by=actor)
    waiting = Handover.objects.filter(source_kind=Project.record_kind(), source_id=project.pk, state="offered")
    for handover in waiting:
        counter.withdraw(handover, by=actor)


@transaction.atomic
def reopen(project: Project, *, by: Actor | User, note: str = "", version: int | None = None) -> Project:
    """A gate approver takes a lost, cancelled or rejected project up again where it was left.

    Approved again, it is offered anew while it has not left initiation.
    """
    changes = {"lost_reason": None, "competitor": "", "cancel_reason": None}
    doors.fire(project, "reopen", by=by, note=note, version=version, changes=changes)
    if project.state == "approved" and project.stage == "initiation" and approvals.approved_request(project):
        _offer(project, Actor.of(by), note)
    return project


@transaction.atomic
def close(project: Project, *, by: Actor | User, note: str = "", version: int | None = None) -> Project:
    """Called by closing alone, when the final accounts are final. Raises Refused before that."""
    return doors.fire(project, "close", by=by, note=note, version=version)
