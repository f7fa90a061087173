"""Operations that belong to no outlet: seeded rows in their addresses, and bodies that make sense."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Delegation, Notice, User
from approvals.models import ApprovalRequest
from contracts.models import Contract
from core.calendar import today
from finance.models import CostBook
from process import catalogue
from process.models import Attachment, Seat
from projects.models import Project

DOCUMENTS = ("contracts.contract", "solutions.quote", "projects.project")
KINDS = ("customers.customer", "projects.project", "accounts.user", "contracts.paymentterm", "leads.lead")


@dataclass
class Aim:
    """What is put into an example: parts of the address, the body, and who sends it (else the director)."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    user: User | None = None


def _any(dice: random.Random, found: Any) -> Any:
    rows = list(found.order_by("-pk")[:20])
    return dice.choice(rows)


def _book(dice: random.Random) -> Aim:
    return Aim({"id": _any(dice, CostBook.objects.all()).pk})


def _project(dice: random.Random) -> Aim:
    return Aim({"id": _any(dice, Project.objects.all()).pk})


def _position(dice: random.Random) -> Aim:
    return Aim({"case_id": _any(dice, Project.objects.filter(contracts__isnull=False).distinct()).case_id})


def _forecast(dice: random.Random) -> Aim:
    project = _any(dice, Project.objects.filter(stage="delivery", book__totals__isnull=False).distinct())
    seat = Seat.objects.current().filter(case_id=project.case_id, role="fr").select_related("user").first()
    code = project.book.totals.values_list("category__code", flat=True)[0]
    lines = [{"category": code, "net_to_complete": "10.00"}]
    return Aim({"id": project.book_id}, body={"lines": lines}, user=seat and seat.user)


def _approvals(dice: random.Random) -> Aim:
    found = _any(dice, ApprovalRequest.objects.all())
    return Aim(query={"kind": found.document_kind, "id": found.document_id})


def _delegation(dice: random.Random) -> Aim:
    user = User.objects.get(username="ar")
    deputy = User.objects.filter(department=user.department, is_active=True).exclude(pk=user.pk).first()
    days = {"first_day": today().isoformat(), "last_day": (today() + dt.timedelta(days=3)).isoformat()}
    return Aim(body={"deputy": deputy and deputy.pk, **days}, user=user)


def _running_delegation(dice: random.Random) -> Aim:
    user = User.objects.get(username="ar")
    deputy = User.objects.filter(department=user.department, is_active=True).exclude(pk=user.pk)[0]
    first = today() + dt.timedelta(days=30 + 5 * Delegation.objects.count())
    days = (first, first + dt.timedelta(days=3))
    return Aim({"id": Delegation.objects.create(principal=user, deputy=deputy, during=days).pk}, user=user)


def _file(dice: random.Random) -> Aim:
    return Aim({"id": _any(dice, Attachment.objects.all()).pk})


def _notices(dice: random.Random) -> Aim:
    notice = _any(dice, Notice.objects.all())
    return Aim(body={"ids": [notice.pk]}, user=notice.user)


def _statement(dice: random.Random) -> Aim:
    return Aim({"id": _any(dice, Contract.objects.all()).customer_id})


def _step(dice: random.Random) -> Aim:
    return Aim({"kind": "projects.project", "id": _any(dice, Project.objects.all()).pk})


AIMS: dict[str, Callable[[random.Random], Aim]] = {
    "approval_list": _approvals,
    "authority_what_if": lambda dice: Aim(query={"document": dice.choice(DOCUMENTS), "gross_amount": "1000"}),
    "book_entries": _book,
    "book_forecast": _forecast,
    "book_read": _book,
    "customer_statement": _statement,
    "delegation_end": _running_delegation,
    "delegation_new": _delegation,
    "file_read": _file,
    "learned": _position,
    "notice_read": _notices,
    "pick": lambda dice: Aim({"kind": dice.choice(KINDS)}),
    "position": _position,
    "process_step": lambda dice: Aim({"code": dice.choice(catalogue.current().steps).code}),
    "project_decision_sheet": _project,
    "project_evidence_pack": _project,
    "project_progress": _project,
    "step_list": _step,
}


def aim_at(name: str, dice: random.Random) -> Aim | None:
    """What makes an example of this operation promising; None where it needs nothing."""
    return AIMS[name](dice) if name in AIMS else None
