"""The as-is inventory as a spreadsheet: one row per pair, heads in both languages, and read again as it was written."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from billing.bankfiles import guard, sheets
from core.calendar import today
from core.errors import Refused
from core.text import clean_text
from maturity.models import Practice
from maturity.selectors import Pair
from process import export

# (key, Chinese, English) in the order of the sheet; those in NAMES only help people to read it.
COLUMNS = (
    ("department", "部门代码", "Department code"),
    ("department_name", "部门", "Department"),
    ("step", "步骤代码", "Step code"),
    ("step_name", "步骤", "Step"),
    ("applies", "是否适用", "Applies"),
    ("medium", "现用载体", "Done in"),
    ("fit", "适配度（0–4）", "Fit (0-4)"),
    ("pain", "痛点", "Pain point"),
    ("gap", "与流程的差距", "Gap to the process"),
    ("owner", "责任人账号", "Owner's account"),
    ("due_on", "计划上线日", "In LTC by"),
    ("reason", "不适用原因", "Why not applicable"),
)
NAMES = ("department_name", "step_name")
NEEDED = ("department", "step", "medium", "fit")
MOST_ROWS = 5000
MOST_PROBLEMS = 20
LONGEST = {"pain": 2000, "gap": 2000, "reason": 4000}
_YES, _NO = ("是", "yes", "y", "1", "true", "适用"), ("否", "no", "n", "0", "false", "不适用")
_LANGUAGES = ("zh-hans", "en")


def head(zh: str, en: str) -> str:
    """A head in both languages."""
    return f"{zh} {en}"


def file_name() -> str:
    """What the file is called today."""
    return f"as-is-{today():%Y%m%d}.xlsx"


def write(pairs: Iterable[Pair]) -> IO[bytes]:
    """The inventory as .xlsx, with a row to fill in for every pair that nobody has looked at yet."""
    rows = [_written(pair) for pair in pairs]
    batches: Iterator[Any] = iter([zip(*rows, strict=True)] if rows else [])
    return export.sheet(_("as-is inventory"), [head(zh, en) for _key, zh, en in COLUMNS], batches)


def _written(pair: Pair) -> list[Any]:
    named: list[Any] = [pair.department.code, pair.department.label, pair.step.code, pair.step.label]
    found = pair.practice
    if found is None:
        return [*named, *[""] * (len(COLUMNS) - len(named))]
    owner = found.owner.username if found.owner else ""
    applies = _("yes") if pair.is_applicable else _("no")
    said: list[Any] = [applies, found.get_medium_display(), found.fit, found.pain, found.gap, owner, found.due_on]
    return [*named, *said, found.reason]


class Problem(Exception):
    """What is wrong with one cell: the column's key and the sentence."""

    def __init__(self, key: str, text: str) -> None:
        self.key = key
        super().__init__(text)


@dataclass(frozen=True)
class Line:
    """One row of the file: its number and what stands in it by column; what is not there is empty."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Only names a pair: nothing is said about it."""
        return not any(value != "" for key, value in self.values.items() if key not in (*NAMES, "department", "step"))

    def text(self, key: str) -> str:
        """The cell as text without what does not belong into one; Problem where it is too long."""
        value = self.values.get(key, "")
        text = clean_text(str(int(value)) if isinstance(value, float) and value == int(value) else str(value)).strip()
        if len(text) > LONGEST.get(key, 200):
            raise Problem(key, _("this text is too long"))
        return text

    def applies(self) -> bool:
        """Whether the step is business of the department; yes where nothing is said."""
        said = self.text("applies").lower()
        if said in _NO:
            return False
        if said and said not in _YES:
            raise Problem("applies", _("yes or no is expected"))
        return True

    def medium(self) -> str:
        """What it is done in, by its word in either language, or by its code."""
        said = self.text("medium").lower()
        if not said:
            raise Problem("medium", _("say in what the step is done"))
        if said not in _media():
            raise Problem("medium", _("unknown: %(word)s") % {"word": said[:60]})
        return _media()[said]

    def fit(self) -> int:
        """0 to 4; words may stand behind the figure."""
        said = self.text("fit").partition(" ")[0]
        if said not in [str(one) for one in Practice.Fit.values]:
            raise Problem("fit", _("a whole number from 0 to 4 is expected"))
        return int(said)

    def due_on(self) -> dt.date | None:
        """A day, as a spreadsheet keeps it or as YYYY-MM-DD; None of nothing."""
        value = self.values.get("due_on", "")
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        said = self.text("due_on")
        try:
            found = parse_date(said.replace("/", "-")) if said else None
        except ValueError:
            found = None
        if said and found is None:
            raise Problem("due_on", _("a day as YYYY-MM-DD is expected"))
        return found


def _media() -> dict[str, str]:
    words = {code: code for code in Practice.Medium.values}
    for language in _LANGUAGES:
        with translation.override(language):
            words |= {str(label).lower(): code for code, label in Practice.Medium.choices}
    return words


class Sheet:
    """An uploaded inventory. `lines()` gives its rows; `wrong()` keeps what is wrong with them, by row and column."""

    def __init__(self, file: Any, name: str) -> None:
        if not name.lower().endswith(".xlsx"):
            raise Refused(_("The inventory is read as .xlsx only: take the file that the page gives out."))
        guard.kind_of(name, file)
        self._rows = sheets.rows("xlsx", file)
        self._places: dict[str, int] = {}
        self.problems: list[str] = []

    def lines(self) -> Iterator[Line]:
        """The rows that are not empty. Raises Refused for a file without the heads, too long or not to be read."""
        for number, cells in self._rows:
            if not self._places:
                self._places = self._find(cells)
                continue
            if number > MOST_ROWS + 1:
                raise Refused(_("The file has more than %(most)s rows.") % {"most": MOST_ROWS})
            values = {
                key: "" if place >= len(cells) or cells[place] is None else cells[place]
                for key, place in self._places.items()
            }
            if any(str(value).strip() for value in values.values()):
                yield Line(number, values)
        if not self._places:
            raise Refused(_("The file is empty."))

    def _find(self, cells: list[Any]) -> dict[str, int]:
        """{key: place} of the heads, in both languages or in one of them."""
        known = {text.lower().replace(" ", ""): key for key, zh, en in COLUMNS for text in (zh, en, head(zh, en))}
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            key = known.get(str(cell or "").lower().replace(" ", ""))
            if key is not None:
                places.setdefault(key, place)
        missing = [head(zh, en) for key, zh, en in COLUMNS if key in NEEDED and key not in places]
        if missing:
            raise Refused(_("Row 1 lacks the columns: %(columns)s.") % {"columns": ", ".join(missing)})
        return places

    def wrong(self, line: Line, key: str, text: str) -> None:
        """Keep a problem. Raises Refused with all of them when there are too many."""
        title = next(head(zh, en) for one, zh, en in COLUMNS if one == key)
        place = f"{get_column_letter(self._places[key] + 1)} " if key in self._places else ""
        said = {"row": line.number, "column": f"{place}{title}", "problem": text}
        self.problems.append(_("Row %(row)s, column %(column)s: %(problem)s") % said)
        if len(self.problems) >= MOST_PROBLEMS:
            raise Refused([*self.problems, _("There are more faults: please put these right first.")])

    def refuse_problems(self) -> None:
        """Refused with every problem that was kept."""
        if self.problems:
            raise Refused(self.problems)
