"""流程手册: the process in force on paper, for a wall, a file or an auditor: the map, then every definition sheet."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4, landscape
from reportlab.platypus import KeepTogether, PageBreak, Spacer

from accounts.duties import open_to
from accounts.models import Duty
from accounts.request import Request
from core import pdf
from core.dictionary import word_of
from process import catalogue, lanes, show, stages
from process.models import ProcessVersion, StepDefinition
from process.shapes import Table
from process.views import process_map

PAGE = landscape(A4)
FILE_NAME = "process-handbook.pdf"


@open_to(Duty.SYSTEM)
def handbook(_request: Request) -> HttpResponse:
    """The file, in the reader's language."""
    made = HttpResponse(draw(), content_type="application/pdf")
    made["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    made["X-Content-Type-Options"] = "nosniff"
    return made


def draw() -> bytes:
    """The handbook as PDF: how the process is meant, of no deal; the same bytes for the same version."""
    version = ProcessVersion.objects.order_by("-number").select_related("published_by").first()
    steps = catalogue.current().steps
    title = _("Process handbook")
    story = [
        pdf.line(title, 10, muted=True),
        pdf.line(_("Process %(version)s") % {"version": version} if version else title, 17, after=4),
        *([pdf.line(_published(version), muted=True, after=8)] if version else []),
        _map(steps),
    ]
    for stage in stages.STAGES[:-1]:
        own = [step for step in steps if step.stage == stage.code]
        if own:
            story += [PageBreak(), pdf.line(str(stage.label), 17, after=8)]
        for step in own:
            story.append(_sheet(step, steps, version.artefacts if version else []))
    return pdf.build(story, title=title, size=PAGE)


def _published(version: ProcessVersion) -> str:
    words = (show.text_of(version.published_at), show.text_of(version.published_by), version.note)
    return " · ".join(word for word in words if word and word != "–")


def _map(steps: list[StepDefinition]) -> Any:
    """Departments across stages, as on the page."""
    heads = [_("Department"), *(stage.label for stage in stages.STAGES[:-1])]
    rows = [
        [lane.label, *("\n".join(f"{box.step.code} {box.step.label}" for box in cell) for cell in lane.cells)]
        for lane in lanes.lanes(steps)
    ]
    share = 0.86 / (len(heads) - 1)
    return pdf.table(heads, rows, (0.14, *([share] * (len(heads) - 1))), size=PAGE)


def _sheet(step: StepDefinition, steps: list[StepDefinition], artefacts: list[dict[str, Any]]) -> Any:
    """The definition of a step, on one page wherever it fits there."""
    taken, given = lanes.neighbours(step, steps, artefacts)
    flow = [
        [_("Input"), _artefacts(taken, _("from outside"), "←")],
        [_("Processing logic"), word_of(step.content.get("logic", {})) or "–"],
        [_("Output"), _artefacts(given, _("the end"), "→")],
    ]
    facts = [text for fact in process_map.people(step) for text in (str(fact.label), str(fact.value))]
    facts += [""] * (-len(facts) % 4)
    tables = (
        (process_map.controls(step), (0.15, 0.45, 0.4)),
        (process_map.evidence(step), (0.6, 0.4)),
    )
    return KeepTogether(
        [
            pdf.line(f"{step.code} {step.label}", 12, after=4),
            pdf.table(None, flow, (0.15, 0.85), size=PAGE),
            pdf.table(
                None, [facts[at : at + 4] for at in range(0, len(facts), 4)], (0.15, 0.35, 0.15, 0.35), size=PAGE
            ),
            *(_plain(table, shares) for table, shares in tables if table.rows),
            Spacer(1, 18),
        ]
    )


def _artefacts(found: list[tuple[str, list[StepDefinition], bool]], mark: str, arrow: str) -> str:
    """What goes in or out, each with the steps it comes from or goes to."""
    words = [
        f"{word}{f' ({mark})' if marked else ''}{''.join(f' {arrow} {one.code}' for one in others)}"
        for word, others, marked in found
    ]
    return "\n".join(words) or "–"


def _plain(table: Table, shares: tuple[float, ...]) -> Any:
    """A page's table on paper: what stands small below a word on the page stands in brackets here."""
    rows = [[f"{cell.text} ({cell.sub})" if cell.sub else str(cell.text) for cell in row.cells] for row in table.rows]
    return pdf.table([column.label for column in table.columns], rows, shares, size=PAGE)
