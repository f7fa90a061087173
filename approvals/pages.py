"""What approvals add to the pages of every reviewed record: the opinions so far, and the figures a decider sees."""

import re
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Role, User
from approvals import selectors
from approvals.models import ApprovalRequest, Decision
from process import show
from process.machine import message_id
from process.models import Reviewed, StageRecord
from process.models.case import SEATS
from process.shapes import Cell, Column, Fact, Row, Table

# Figures that only those with the right to cost may see, by the English words of their labels.
_COST = re.compile(r"\b(cost|margin|budget|spent|committed)", re.IGNORECASE)


def opinions(record: StageRecord, user: User) -> list[Table]:
    """Reviews and decision of the last request, those still asked for among them."""
    if not isinstance(record, Reviewed):
        return []
    request = selectors.requests_of(record).first()
    if request is None:
        return []
    columns = [
        Column("role", _("Asked")),
        Column("who", _("By")),
        Column("opinion", _("Opinion")),
        Column("comment", _("Comment")),
        Column("at", _("At")),
    ]
    roles = dict(_roles())
    rows = [_opinion(one, roles) for one in request.decisions.all()]
    note = f"{request.code} · {request.state_label}"
    return [Table(_("Reviews and decision"), columns, rows, id="opinions", note=note)]


def _roles() -> list[tuple[str, str]]:
    """Every seat and company role with its word."""
    named = [(role.code, role.label) for role in Role.objects.all()]
    return [(selectors.HEAD, _("department head")), *named, *((code, str(label)) for code, label in SEATS.items())]


def _opinion(one: Decision, roles: dict[str, str]) -> Row:
    who = str(one.decided_by or "–")
    if one.on_behalf_of:
        who = _("%(deputy)s for %(principal)s") % {"deputy": who, "principal": one.on_behalf_of}
    colour = {"agree": "green", "conditional": "yellow"}.get(one.opinion, "red")
    answered = Cell(one.get_opinion_display(), badge=colour) if one.opinion else Cell(_("waiting"), cls="muted")
    condition = ""
    if one.conditions:
        met = _("met") if one.met_at else _("not met yet")
        condition = _("Condition (%(met)s): %(text)s") % {"met": met, "text": one.conditions}
    return Row(
        [
            Cell(roles.get(one.role, one.role), sub=one.get_kind_display()),
            Cell(who),
            answered,
            Cell(one.comment or "–", sub=condition, cls="wrap"),
            Cell(show.text_of(one.decided_at)),
        ]
    )


def figures(record: StageRecord, user: User) -> list[Fact]:
    """The few figures of the running request, as they were when it was submitted."""
    request: ApprovalRequest | None = selectors.pending_request(record)
    if request is None:
        return []
    return [Fact(_(label), value) for label, value in readable(request.facts, user)]


def readable(facts: Iterable[Any], user: User) -> list[tuple[Any, str]]:
    """The figures (label, value) that this reader may see: cost and margin only with the right to cost."""
    costs = user.has_right("see_cost")
    return [(label, value) for label, value in facts if costs or not _COST.search(message_id(label))]
