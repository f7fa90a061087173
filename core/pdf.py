"""Documents for people as PDF: headings and tables in one look; the same bytes for the same content."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

# Every reader of PDF brings it along; it has both scripts, and nothing has to be embedded.
FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
INK, MUTED, LINE = HexColor("#1f2937"), HexColor("#6b7280"), HexColor("#d1d5db")
_MARGIN = 20 * mm
# What a page keeps free inside its margins.
_INSET = 6


def build(story: list[Any], *, title: str, size: tuple[float, float] = A4) -> bytes:
    """The document with numbered pages; `size` is width and height in points."""
    content = BytesIO()
    document = SimpleDocTemplate(
        content,
        pagesize=size,
        leftMargin=_MARGIN - _INSET,
        rightMargin=_MARGIN - _INSET,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=title,
        author="LTC",
        invariant=1,
    )
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return content.getvalue()


def line(text: str, size: float = 9, *, muted: bool = False, after: float = 0) -> Paragraph:
    """A paragraph of plain text; `size` and `after`, the space below it, in points."""
    return Paragraph(escape(text), _style(size, MUTED if muted else INK, after))


def titled(title: str, heads: Any, rows: Sequence[Sequence[str]], shares: tuple[float, ...]) -> list[Any]:
    """A heading with its table; nothing where there is nothing."""
    return [Spacer(1, 5 * mm), line(title, 12, after=4), table(heads, rows, shares)] if rows else []


def table(
    heads: Iterable[Any] | None,
    rows: Sequence[Sequence[str]],
    shares: tuple[float, ...],
    *,
    size: tuple[float, float] = A4,
) -> LongTable:
    """Rows of plain text, a line break in it being one; `shares` of the width that a page of `size` has."""
    width = size[0] - 2 * _MARGIN
    cells = [[_cell(text) for text in row] for row in rows]
    if heads:
        cells.insert(0, [line(str(head), muted=True) for head in heads])
    made = LongTable(cells, colWidths=[width * share for share in shares], repeatRows=1 if heads else 0)
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


def _cell(text: str) -> Any:
    lines = text.split("\n")
    return line(text) if len(lines) == 1 else [line(one, after=2) for one in lines]


def _style(size: float, colour: Any, after: float) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=colour,
        spaceAfter=after,
        wordWrap="CJK",
    )


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.setFillColor(MUTED)
    canvas.drawRightString(document.pagesize[0] - _MARGIN, 10 * mm, str(document.page))
