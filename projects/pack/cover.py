"""The cover of the pack: the deal on a few pages, for people, in the reader's language. It names no day of its own."""

from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.apps import apps
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from approvals.models import ApprovalRequest, Decision, SpecialApproval
from core.money import format_money
from process import show, stages
from process.models import Case, Handover, Seat
from process.models.case import SEATS
from projects.models import Project
from projects.pack.contents import Told

# Every reader of PDF brings it along; it has both scripts, and nothing has to be embedded.
FONT = "STSong-Light"
INK, MUTED, LINE = HexColor("#1f2937"), HexColor("#6b7280"), HexColor("#d1d5db")
WIDTH = A4[0] - 40 * mm
# What a page keeps free inside its margins.
INSET = 6
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
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    project, content = summary.project, BytesIO()
    document = SimpleDocTemplate(
        content,
        pagesize=A4,
        leftMargin=20 * mm - INSET,
        rightMargin=20 * mm - INSET,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"{_now('Evidence pack')} {project.code}",
        author="LTC",
        invariant=1,
    )
    story = [
        Paragraph(escape(_now("Evidence pack")), _style(10, MUTED)),
        Paragraph(escape(f"{project.code} {project.title}"), _style(17, INK, after=8)),
        _table(None, _facts(project), (0.3, 0.7)),
        *_titled(_now("Iron triangle and team"), None, _team(project), (0.3, 0.7)),
        *_titled(_now("Decisions"), DECISION_HEADS, _decisions(summary), (0.17, 0.35, 0.14, 0.2, 0.14)),
        *_titled(_plural(SpecialApproval), SPECIAL_HEADS, _special(summary), (0.2, 0.45, 0.15, 0.2)),
        *_titled(_plural(Handover), HANDOVER_HEADS, _handovers(summary), (0.2, 0.4, 0.16, 0.24)),
        *_titled(_now("Records in this pack"), None, _records(summary), (0.7, 0.3)),
        *_titled(_now("Chain of the log"), None, _chain(summary.case, counts), (0.3, 0.7)),
    ]
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return content.getvalue()


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


# Drawing -------------------------------------------------------------------------------------------
def _style(size: float, colour: Any, after: float = 0, before: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=colour,
        spaceAfter=after,
        spaceBefore=before,
        wordWrap="CJK",
    )


def _titled(title: str, heads: Any, rows: list[list[str]], shares: tuple[float, ...]) -> list[Any]:
    """A heading with its table; nothing where there is nothing."""
    if not rows:
        return []
    return [Spacer(1, 5 * mm), Paragraph(escape(title), _style(12, INK, after=4)), _table(heads, rows, shares)]


def _table(heads: Any, rows: list[list[str]], shares: tuple[float, ...]) -> Any:
    cells = [[Paragraph(escape(text), _style(9, INK)) for text in row] for row in rows]
    if heads:
        cells.insert(0, [Paragraph(escape(str(head)), _style(9, MUTED)) for head in heads])
    made = LongTable(cells, colWidths=[WIDTH * share for share in shares], repeatRows=1 if heads else 0)
    made.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return made


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.setFillColor(MUTED)
    canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(document.page))
