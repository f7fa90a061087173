"""What approvals add to the pages of every reviewed record: the opinions so far, and the figures a decider sees."""

import re
from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from approvals import selectors, what_if
from approvals.models import ApprovalRequest, Decision, Reminder
from approvals.services import escalating
from approvals.services.reminding import WAITING
from process import lanes, show
from process.machine import message_id
from process.models import Reviewed, StageRecord
from process.shapes import Act, Cell, Column, Fact, Row, Table

# Figures that only those with the right to cost may see, by the English words of their labels.
_COST = re.compile(r"\b(cost|margin|budget|spent|committed|amount of the order)", re.IGNORECASE)


def opinions(record: StageRecord, user: User) -> list[Table]:
    """Reviews and decision of the last request, those still asked for among them."""
    if not isinstance(record, Reviewed):
        return []
    decisions = selectors.last_decisions(record)
    if not decisions:
        return []
    request = decisions[0].request
    columns = [
        Column("role", _("Asked")),
        Column("who", _("By")),
        Column("opinion", _("Opinion")),
        Column("comment", _("Comment")),
        Column("at", _("At")),
    ]
    roles = {selectors.HEAD: _("department head"), **lanes.labels({one.role for one in decisions} - {selectors.HEAD})}
    waits = request.state == "pending"
    asked = _names(decisions) if waits else {}
    rows = [_opinion(one, roles, asked) for one in decisions]
    note = f"{request.code} · {request.state_label}"
    table = Table(_("Reviews and decision"), columns, rows, id="opinions", note=note)
    # Of interest while it waits; later the log tells it.
    return [table, *(_reminders(request, roles) if waits else ())]


def _names(decisions: Iterable[Decision]) -> dict[int, str]:
    """The names of those whose answers are still waited for."""
    asked = {pk for one in decisions if one.decided_at is None for pk in one.assignees}
    return {pk: str(user) for pk, user in User.objects.in_bulk(asked).items()} if asked else {}


def _reminders(request: ApprovalRequest, roles: dict[str, str]) -> list[Table]:
    """Who was reminded of the request, by whom and when; nothing where nobody was."""
    rows = [
        Row(
            [
                Cell(one.get_kind_display()),
                Cell(one.to, sub=roles.get(one.decision.role, one.decision.role)),
                Cell(one.by_name or _("System")),
                Cell(one.note or "–", cls="wrap"),
                Cell(show.text_of(one.at)),
            ]
        )
        for one in selectors.reminders_of(request)
    ]
    columns = [
        Column("kind", _("Reminder")),
        Column("to", _("Reminded")),
        Column("by", _("By")),
        Column("note", _("Remark")),
        Column("at", _("At")),
    ]
    return [Table(_("Reminders"), columns, rows, id="reminders")] if rows else []


def _asked_name(name: str, letter: dict[str, Any] | None) -> str:
    """Who is asked, with the letter by which they may decide."""
    return f"{name} ({letter['code']})" if letter else name


def _opinion(one: Decision, roles: dict[str, str], asked: dict[int, str]) -> Row:
    names = [_asked_name(asked[pk], one.letters.get(str(pk))) for pk in one.assignees if pk in asked]
    who = str(one.decided_by or what_if.several(names[: what_if.SHOWN], len(names)) or "–")
    if one.on_behalf_of:
        who = _("%(deputy)s for %(principal)s") % {"deputy": who, "principal": one.on_behalf_of}
    colour = {"agree": "green", "conditional": "yellow"}.get(one.opinion, "red")
    answered = Cell(one.get_opinion_display(), badge=colour) if one.opinion else _waiting(one)
    condition = ""
    if one.conditions:
        met = _("met") if one.met_at else _("not met yet")
        condition = _("Condition (%(met)s): %(text)s") % {"met": met, "text": one.conditions}
    return Row(
        [
            Cell(roles.get(one.role, one.role), sub=one.get_kind_display()),
            Cell(who, sub=_("under letter %(letter)s") % {"letter": one.letter.code} if one.letter else ""),
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
    return [Fact(_(label), value) for label, value in readable(request.facts, user, type(record))]


def _waiting(one: Decision) -> Cell:
    """An answer that is waited for, and whether it is late or due soon."""
    if one.step is None or one.step.due_at is None:
        return Cell(_("waiting"), cls="muted")
    due = _("due %(when)s") % {"when": show.text_of(one.step.due_at)}
    kinds = escalating.due_kinds(one, timezone.now())
    if Reminder.Kind.OVERDUE in kinds:
        return Cell(_("late"), badge="red", sub=due)
    return Cell(_("soon"), badge="yellow", sub=due) if kinds else Cell(_("waiting"), cls="muted", sub=due)


def waited_for(record: StageRecord, user: User) -> list[Fact]:
    """What the dialog of a nudge says: who is waited for, and who can be nudged again only later."""
    found = []
    for one in selectors.asked_now(record):
        later = one.again_at is not None and one.again_at > timezone.now()
        text = _("nudged, again from %(when)s") % {"when": show.text_of(one.again_at)} if later else _("will be told")
        found.append(Fact(str(one.user), text))
    return found


def acts_of(model: type[StageRecord]) -> dict[str, Act]:
    """What every record that is decided upon can be asked while it waits."""
    if not issubclass(model, Reviewed):
        return {}
    return {"nudge": Act(gettext_lazy("Nudge"), who=WAITING, states=(model.review_state,))}


def deciders(record: StageRecord, user: User) -> list[Fact]:
    """What the dialog of a submission says before it is sent: the rule, who gives an opinion, who decides."""
    if not isinstance(record, Reviewed):
        return []
    answer = what_if.of_record(record, user)
    if answer.judgement.rule is None:
        return [Fact(_("Authority rule"), _("none reaches: see the authority page"))]
    found = [Fact(_("Authority rule"), answer.judgement.rule.label)]
    for kind, label in ((Decision.Kind.REVIEW, _("Opinions of")), (Decision.Kind.DECISION, _("Decision by"))):
        said = [one.text for one in answer.asked if one.kind == kind]
        if said:
            found.append(Fact(label, "; ".join(said)))
    return found


def readable(facts: Iterable[Any], user: User, model: type[StageRecord]) -> list[tuple[Any, str]]:
    """The figures (label, value) of a record that this reader may see: cost and margin only with the right to cost."""
    if model.tells_cost_to(user):
        return list(facts)
    # What a figure shows is known by its words: those of cost, and those of the record's own fields of cost.
    words = {message_id(show.field_label(model, name)) for name in model.cost_fields}
    labels = [(message_id(label), label, value) for label, value in facts]
    return [(label, value) for said, label, value in labels if said not in words and not _COST.search(said)]


def way_past(record: StageRecord, verb: str, reasons: Iterable[Any]) -> str:
    """Where one asks for a special approval for what stands in the way of a verb."""
    asked = {"document_kind": record.record_kind(), "document_id": record.pk, "verb": verb}
    return f"{reverse('approvals:special-approval-new')}?{urlencode(asked)}"
