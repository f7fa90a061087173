"""The cover of the pack: the deal on a few pages, for people, in the reader's language. It names no day of its own."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalRequest, Decision, SpecialApproval
from core import pdf
from core.money import format_money
from process import show, stages
from process.models import Case, Handover, Seat
from process.models.case import SEATS
from projects.models import Project
from projects.pack.contents import Told

DECISION_HEADS = (_("Number"), _("Decided on"), _("State"), _("By"), _("At"))
SPECIAL_HEADS = (_("Number"), _("Reason"), _("State"), _("In force until"))
HANDOVER_HEADS = (_("Number"), _("From – to"), _("State"), _("At"))


@dataclass
class Summary:
    """What the cover tells of the pack; kept while the records pass by."""

    project: Project
    case: Case
    counts: Counter[str] = field(default_factory=Counter)
    handovers: list[dict[str, Any]] = field(default_factory=list)
    special: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def add_record(self, told: Told) -> None:
        """Count a record; handovers and special approvals have tables of their own."""
        self.counts[told.kind] += 1
        if told.kind == Handover.record_kind():
            self.handovers.append(told.content)
        if told.kind == SpecialApproval.record_kind():
            self.special.append(told.content)


def draw(summary: Summary, counts: dict[str, int]) -> bytes:
    """The cover as PDF, the same to the byte for the same summary."""
    project = summary.project
    story = [
        pdf.line(_now("Evidence pack"), 10, muted=True),
        pdf.line(f"{project.code} {project.title}", 17, after=8),
        pdf.table(None, _facts(project), (0.3, 0.7)),
        *pdf.titled(_now("Iron triangle and team"), None, _team(project), (0.3, 0.7)),
        *pdf.titled(_now("Decisions"), DECISION_HEADS, _decisions(summary), (0.17, 0.35, 0.14, 0.2, 0.14)),
        *pdf.titled(_plural(SpecialApproval), SPECIAL_HEADS, _special(summary), (0.2, 0.45, 0.15, 0.2)),
        *pdf.titled(_plural(Handover), HANDOVER_HEADS, _handovers(summary), (0.2, 0.4, 0.16, 0.24)),
        *pdf.titled(_now("Records in this pack"), None, _records(summary), (0.7, 0.3)),
        *pdf.titled(_now("Chain of the log"), None, _chain(summary.case, counts), (0.3, 0.7)),
    ]
    return pdf.build(story, title=f"{_now('Evidence pack')} {project.code}")


def _facts(project: Project) -> list[list[str]]:
    language = translation.get_language() or ""
    return [
        [_now("Customer"), str(project.customer_name or "–")],
        [_now("Stage"), f"{stages.label(project.stage)} · {project.state_label}"],
        [_now("Expected amount"), format_money(project.gross_amount, project.currency, language) or "–"],
        [_now("Owner"), str(project.owner or "–")],
        [_now("Department"), str(project.department or "–")],
    ]


def _team(project: Project) -> list[list[str]]:
    held = Seat.objects.current().filter(case_id=project.case_id).select_related("user").order_by("pk")
    return [[str(SEATS[one.role]), str(one.user)] for one in held]


def _decisions(summary: Summary) -> list[list[str]]:
    rows = []
    for one in summary.decisions:
        name = str(apps.get_model(one["document"]["kind"])._meta.verbose_name)
        subject = f"{name[:1].upper()}{name[1:]}: {one['title']}"
        rows.append(
            [one["code"], subject, ApprovalRequest.states.label(one["state"]), _decider(one), _moment(one["ended_at"])]
        )
    return rows


def _decider(one: dict[str, Any]) -> str:
    """Who decided, and for whom."""
    decided = [row for row in one["opinions"] if row["kind"] == Decision.Kind.DECISION and row["decided_by"]]
    if not decided:
        return "–"
    who, principal = decided[-1]["decided_by"]["text"], decided[-1]["on_behalf_of"]
    return _now("%(deputy)s for %(principal)s") % {"deputy": who, "principal": principal["text"]} if principal else who


def _special(summary: Summary) -> list[list[str]]:
    label = SpecialApproval.states.label
    return [[one["code"], one["reason"], label(one["state"]), one["expires_on"]] for one in summary.special]


def _handovers(summary: Summary) -> list[list[str]]:
    return [
        [
            one["code"],
            f"{stages.label(one['source_stage'])} – {stages.label(one['target'])}",
            Handover.states.label(one["state"]),
            _moment(one["ended_at"]),
        ]
        for one in summary.handovers
    ]


def _records(summary: Summary) -> list[list[str]]:
    rows = []
    for kind, number in sorted(summary.counts.items()):
        model: Any = apps.get_model(kind)
        rows.append([_plural(model), str(number)])
    return rows


def _plural(model: Any) -> str:
    name = str(model._meta.verbose_name_plural)
    return name[:1].upper() + name[1:]


def _chain(case: Case, counts: dict[str, int]) -> list[list[str]]:
    return [
        [_now("Entries"), str(counts["entries"])],
        [_now("Told whole"), str(counts["whole"])],
        [_now("Head"), case.log_head or "–"],
    ]


def _moment(text: str | None) -> str:
    return show.text_of(parse_datetime(text)) if text else "–"
