"""What is done with the final accounts: settle provisionally, finalise, reopen; also for a project that was lost."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from closing import selectors
from closing.models import Closing, ClosingLine
from contracts import services as contracts
from contracts.models import Contract
from core.calendar import today
from core.dictionary import Term
from core.errors import DomainError, Refused
from core.money import ZERO
from finance import selectors as finance
from finance.models import CostCategory
from finance.services import book as books
from finance.services import sheet as sheets
from process.models import Seat
from process.services import act, doors
from projects import services as projects
from projects.models import Project

JOB = "final accounts"
ACCOUNTANTS = ("pfc", "@is_accountant")
# Reopened final accounts lock themselves again after so many days, unless another day is given.
OPEN_DAYS = 14


@transaction.atomic
def open(*, by: Actor | User, project: Project, title: str = "", note: str = "", **fields: Any) -> Closing:
    """Draft the final accounts of a project. A lost, cancelled or rejected one is settled as terminated.

    Raises Refused where the project has them already or keeps no cost book.
    """
    existing = Closing.objects.filter(project=project).first()
    if existing is not None:
        raise Refused(_("%(closing)s is there already.") % {"closing": existing})
    if project.book is None:
        raise Refused(_("The project has no cost book."))
    kind = Closing.Type.TERMINATED if project.state in project.states.ends else Closing.Type.NORMAL
    fields.setdefault("kind", kind)
    closing = Closing(project=project, book=project.book, title=title or project.title, **fields)
    return doors.open(closing, by=by, note=note, case=project.case)


@transaction.atomic
def settle_lost(project: Project, *, by: Actor | User, note: str = "") -> Closing:
    """A project that was lost closes too: draft its final accounts, or answer with those that are there.

    Raises Refused while the project is alive.
    """
    if project.state not in ("lost", "cancelled", "rejected"):
        raise Refused(_("%(project)s is %(state)s.") % {"project": project, "state": project.state_label})
    existing = Closing.objects.filter(project=project).first()
    return existing or open(by=by, project=project, note=note)


@transaction.atomic
def edit(closing: Closing, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Closing:
    """Write the lessons learnt."""
    changes.pop("project", None)
    return doors.edit(closing, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def explain(
    closing: Closing,
    *,
    by: Actor | User,
    category: CostCategory,
    cause: Term,
    explanation: str = "",
    note: str = "",
    version: int | None = None,
) -> Closing:
    """Name the cause of a difference between the budget and what was spent."""
    who = (*ACCOUNTANTS, "fr", "owner")
    changes = {"category": str(category), "cause": str(cause)}
    act(closing, "explain", by=by, who=who, note=note, version=version, changes=changes)
    ClosingLine.objects.update_or_create(
        closing=closing, category=category, defaults={"cause": cause, "explanation": explanation}
    )
    return closing


@transaction.atomic
def terminate_contract(
    closing: Closing, *, by: Actor | User, contract: Contract, note: str = "", version: int | None = None
) -> Closing:
    """End a contract in effect before its time, because the project is broken off; with a reason."""
    if not note.strip():
        raise Refused(_("Please give a reason."))
    states = ("draft",)
    changes = {"contract": str(contract)}
    act(
        closing,
        "terminate_contract",
        by=by,
        who=ACCOUNTANTS,
        states=states,
        note=note,
        version=version,
        changes=changes,
    )
    if contract.project_id != closing.project_id:
        raise Refused(_("The contract belongs to another project."))
    contracts.terminate(contract, by=by, note=note)
    if closing.kind != Closing.Type.TERMINATED:
        Closing.objects.filter(pk=closing.pk).update(kind=Closing.Type.TERMINATED)
        closing.refresh_from_db()
    return closing


@transaction.atomic
def settle(closing: Closing, *, by: Actor | User, note: str = "", version: int | None = None) -> Closing:
    """Provisional accounts: accepted, invoiced and received but for the retention; the figures are written down.

    Raises Refused naming everything that is missing, each with its link.
    """
    changes = {**selectors.figures(closing), "provisional_on": today()}
    doors.fire(closing, "settle", by=by, note=_naming_left_open(closing, note), version=version, changes=changes)
    _write_lines(closing)
    return closing


@transaction.atomic
def finalize(closing: Closing, *, by: Actor | User, note: str = "", version: int | None = None) -> Closing:
    """Final accounts: the ledger becomes the settlement sheet to the cent, the book is frozen, the project closed.

    Raises Refused naming everything that is missing, and then nothing is frozen.
    """
    actor = Actor.of(by)
    doors.lock(closing, version)
    sheet = sheets.settle(closing.book, by=actor, note=closing.code)
    changes = {**selectors.figures(closing), "settlement": sheet, "final_on": today(), "locks_again_on": None}
    # Refused or not allowed: the settlement sheet falls with this transaction.
    doors.fire(closing, "finalize", by=actor, note=_naming_left_open(closing, note), version=version, changes=changes)
    _write_lines(closing)
    books.freeze(closing.book, by=actor, note=closing.code)
    _end_project(closing, actor)
    return closing


def _naming_left_open(closing: Closing, note: str) -> str:
    """A project broken off may leave work lying (a delivery has no end but its close): the log says which."""
    if closing.kind != Closing.Type.TERMINATED:
        return note
    left = ", ".join(row.code for row in selectors.still_open(closing)[: selectors.MOST])
    return "\n".join(part for part in (note, _("Left open: %(records)s") % {"records": left} if left else "") if part)


def _end_project(closing: Closing, actor: Actor) -> None:
    project = closing.project
    projects.enter_stage(project, "closed", by=actor)
    if project.state == "approved":
        projects.close(project, by=actor, note=closing.code)


def _write_lines(closing: Closing) -> None:
    """All four costings by category, beside the causes already named."""
    figures = finance.four_costings(closing.book)
    categories = {one.code: one for one in CostCategory.objects.filter(code__in=[row.code for row in figures.rows])}
    for row in figures.rows:
        if row.level != 0:
            continue
        amounts = {
            "net_estimate": row.amounts["estimate"],
            "net_budget": row.amounts["budget"],
            "net_actual": row.amounts["actual"],
            "net_settlement": row.amounts["settlement"] or ZERO,
        }
        ClosingLine.objects.update_or_create(closing=closing, category=categories[row.code], defaults=amounts)


@transaction.atomic
def reopen(
    closing: Closing,
    *,
    by: Actor | User,
    locks_again_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Closing:
    """An approver opens final accounts again for a few days, with a reason; they lock themselves."""
    day = locks_again_on or today() + dt.timedelta(days=OPEN_DAYS)
    if day <= today():
        raise Refused(_("The day of locking again lies in the past."))
    changes = {"locks_again_on": day, "final_on": None}
    doors.fire(closing, "reopen", by=by, note=note, version=version, changes=changes)
    books.unfreeze(closing.book, by=by, note=note)
    return closing


@transaction.atomic
def lock_again() -> int:
    """Every night: reopened accounts whose day has come are final again; where something is missing the book is
    frozen all the same and project finance is told. How many were locked.
    """
    locked = 0
    due = Closing.objects.select_for_update(skip_locked=True, of=("self",)).filter(state="provisional")
    for closing in due.filter(locks_again_on__lte=today()):
        try:
            with transaction.atomic():
                finalize(closing, by=Actor.system(JOB), note=_("Locked again by itself."))
        except DomainError:
            if not closing.book.is_frozen:
                books.freeze(closing.book, by=Actor.system(JOB), note=closing.code)
                _tell_open(closing)
        locked += 1
    return locked


def _tell_open(closing: Closing) -> None:
    people = set(Seat.objects.current().filter(case_id=closing.case_id, role="pfc").values_list("user_id", flat=True))
    if closing.owner_id:
        people.add(closing.owner_id)
    notify(
        people,
        gettext_noop("%(closing)s is locked again, but cannot be final yet"),
        key=f"closing:{closing.pk}:{closing.locks_again_on}",
        params={"closing": str(closing)},
        link=closing.get_absolute_url(),
        level="warning",
    )
