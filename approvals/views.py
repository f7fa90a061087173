"""Pages of authority and of special approvals; every other approval is decided on the page of its own record."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request
from approvals import authority, load, selectors, what_if
from approvals.filters import AuthorityLetterFilter
from approvals.forms import (
    AuthorityLetterForm,
    IssueForm,
    LetterLineForm,
    MeetConditionForm,
    SpecialApprovalForm,
    WhatIfForm,
)
from approvals.models import AuthorityLetter, AuthorityRule, Decision, SpecialApproval
from approvals.services import letter as letter_services
from approvals.services import special
from core.paging import Keyset
from core.parameters import takes
from process import lanes, visibility
from process.models import StageRecord
from process.outlet import Outlet, outlet_of
from process.shapes import Act, Cell, Column, Fact, Lines, MenuPage, Row, Section, Table


def _rule_row(rule: AuthorityRule, words: dict[str, str]) -> Row:
    reviewers = _now(", ").join(words.get(role, role) for role in rule.reviewers)
    return Row(
        [
            Cell(rule.label),
            Cell(rule.layer),
            Cell(_now("; ").join(authority.limits(rule)) or "–", cls="wrap"),
            Cell(reviewers or "–", cls="wrap"),
            Cell(words.get(rule.decider, rule.decider), sub=words.get(rule.fallback, rule.fallback)),
            Cell(_now("needed") if rule.needs_letter else "–"),
            Cell(rule.hours, cls="num"),
        ]
    )


def rules_table() -> Table:
    """授权矩阵: every rule in force, in the order in which they are held against a document of a layer."""
    words = {selectors.HEAD: _now("department head"), **lanes.labels()}
    columns = [
        Column("rule", _("Authority rule")),
        Column("layer", _("Layer")),
        Column("limits", _("Reaches")),
        Column("reviewers", _("Opinions of")),
        Column("decider", _("Decision by, else")),
        Column("letter", _("Letter of authority")),
        Column("hours", _("working hours"), "end"),
    ]
    return Table(_("Authority rules"), columns, [_rule_row(rule, words) for rule in selectors.rules()])


def _tried_table(answer: what_if.Answer) -> Table:
    columns = [Column("rule", _("Authority rule")), Column("layer", _("Layer")), Column("why", _("Outcome"))]
    rows = []
    for tried in answer.judgement.tried:
        gaps = answer.gaps(tried)
        outcome = Cell(_now("; ").join(gaps), cls="wrap") if gaps else Cell(_now("reaches"), badge="green")
        rows.append(Row([Cell(tried.rule.label), Cell(tried.rule.layer), outcome]))
    return Table(_("Rules looked at"), columns, rows, empty_text=_("There is no rule for such documents."))


def load_table() -> Table:
    """审批负荷: who answers how much, how soon, and who never says no. Counted for the company, no deal is named."""
    found = load.of_the_company()
    words = {selectors.HEAD: _now("department head"), **lanes.labels({one.role for one in found} - {selectors.HEAD})}
    columns = [
        Column("document", _("document")),
        Column("role", _("Asked")),
        Column("answered", _("Answered in 90 days"), "end"),
        Column("waiting", _("Waiting"), "end"),
        Column("late", _("Late"), "end"),
        Column("median", _("Median time"), "end"),
        Column("in_time", _("In time"), "end"),
        Column("rounds", _("Rounds"), "end"),
        Column("no", _("Refused or with conditions"), "end"),
    ]
    return Table(
        _("Approval load"),
        columns,
        [_load_row(one, words) for one in found],
        note=_("Rounds are requests per document. Who never refuses anything in ten answers may not need to be asked."),
        empty_text=_("Nothing was decided in the last 90 days."),
    )


def _document_label(kind: str) -> str:
    """A kind of document in words."""
    outlet = outlet_of(kind)
    return capfirst(str(outlet.model._meta.verbose_name)) if outlet else kind


def _load_row(one: load.Load, words: dict[str, str]) -> Row:
    no = one.refused + one.conditional
    hours = _now("%(hours)s h") % {"hours": one.median_hours} if one.median_hours is not None else "–"
    return Row(
        [
            Cell(_document_label(one.document)),
            Cell(words.get(one.role, one.role), sub=str(Decision.Kind(one.kind).label)),
            Cell(one.answered, cls="num"),
            Cell(one.waiting, cls="num"),
            Cell(one.late, cls="num neg" if one.late else "num"),
            Cell(hours, cls="num"),
            Cell(f"{one.in_time_percent} %" if one.in_time_percent is not None else "–", cls="num"),
            Cell(one.rounds if one.rounds is not None else "–", cls="num"),
            Cell(no, cls="num") if not one.never_refuses else Cell(_now("never"), badge="yellow"),
        ]
    )


@takes("document", "department", *(one.measure for one in authority.DIMENSIONS))
def authority_page(request: Request) -> HttpResponse:
    """授权: the rules in force, and which of them would decide on a document with the figures given."""
    form = WhatIfForm(request.GET or None)
    answer = None
    if request.GET and form.is_valid():
        asked = form.cleaned_data
        department = asked["department"].pk if asked["department"] else None
        answer = what_if.of_figures(asked["document"], department, form.measures())
    context = {
        "title": _("Authority"),
        "form": form,
        "answer": answer,
        "tried": _tried_table(answer) if answer else None,
        "rules": rules_table(),
        "load": load_table(),
    }
    return render(request, "approvals/authority.html", context)


class SpecialApprovalOutlet(Outlet):
    """Special approvals: what lacks and passes all the same, by whose decision, until when."""

    model = SpecialApproval
    services = special
    form = SpecialApprovalForm
    acts = {
        "meet_condition": Act(
            _("Condition of the decision is met"),
            MeetConditionForm,
            who=("@may_meet_condition",),
            states=("granted", "lapsed"),
        ),
    }
    icon = "license"
    menu_pages = (MenuPage(_("Authority"), "approvals:authority", "gavel"),)
    columns = ("code", "title", "passes", "owner", "expires_on", "state")
    panel_columns = ("code", "passes", "expires_on", "state")
    facts = ((_("Special approval"), ("passes", "things", "reason", "expires_on", "submitted_by")),)
    order = Keyset(("-id",))
    sorts = {"code": ("code", "id"), "end": ("expires_on", "id")}
    create_label = _("Ask for a special approval")
    empty_text = _("What a verb lacks may pass by a special approval only; it is asked for where the verb is refused.")

    def require_open(self, given: Mapping[str, Any], actor: Actor) -> None:
        """It is asked for by whoever owns the record or could fire the verb; nobody else learns what is lacking."""
        document, verb = given.get("document"), str(given.get("verb"))
        if not isinstance(document, StageRecord) and actor.user is not None:
            subject = SpecialApprovalForm(given, user=actor.user).subject
            document = subject[0] if subject else None
        if isinstance(document, StageRecord):
            special.require_asker(document, verb, actor)

    def sections(self, record: Any, user: User) -> list[Section]:
        found = super().sections(record, user)
        document = record.document()
        seen = visibility.sees(document, user)
        url = document.get_absolute_url() if seen else ""
        found[0].facts.insert(0, Fact(_("record"), str(document) if seen else "–", url=url))
        return found


def _stored_lines(letter: Any) -> list[dict[str, Any]]:
    names = ("document", *(one.limit for one in authority.DIMENSIONS))
    return [{name: getattr(line, name) for name in names} for line in letter.lines.all()]


class AuthorityLetterOutlet(Outlet):
    """Letters of authority: who may decide on what, how far and until when."""

    model = AuthorityLetter
    services = letter_services
    form = AuthorityLetterForm
    verb_forms = {"issue": IssueForm}
    lines = {"lines": Lines(LetterLineForm, _("Authorised documents"), read=_stored_lines, add_label=_("Add document"))}
    filterset = AuthorityLetterFilter
    icon = "certificate"
    columns = ("code", "grantee", "reach", "valid_from", "valid_to", "issued_by", "state")
    related = ("owner", "grantee", "within", "issued_by")
    facts = (
        (_("Authority"), ("grantee", "reach", "valid_from", "valid_to", "outside_deputies", "reason")),
        (_("Issue and receipt"), ("issued_by", "issued_at", "accepted_at", "owner")),
    )
    order = Keyset(("-id",))
    sorts = {"code": ("code", "id"), "end": ("valid_to", "id")}
    create_label = _("New letter of authority")
    empty_text = _(
        "Where an authority rule asks for letters, nobody decides without one. Write the first, then issue it."
    )

    def tables(self, record: Any, user: User) -> list[Table]:
        """What the letter covers."""
        columns = [Column("document", _("document")), Column("limits", _("Reaches"))]
        rows = [
            Row(
                [
                    Cell(_document_label(line.document)),
                    Cell(_now("; ").join(authority.limits(line)) or _now("no limit"), cls="wrap"),
                ]
            )
            for line in record.lines.all()
        ]
        empty = _("Nothing yet: edit the letter and name the documents it covers.")
        return [Table(_("Authorised documents"), columns, rows, id="lines", empty_text=empty)]
