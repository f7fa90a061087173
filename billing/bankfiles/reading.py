"""One uploaded file from the first to the last line, with what is known about it on the way."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.bankfiles import guard, sheets
from billing.bankfiles.camt import Camt
from billing.bankfiles.layouts import Header, Layout
from billing.bankfiles.lines import BankLine, Problem, text_of
from core.errors import Refused

# Where the header row is looked for, and how many lines and faults are read at most.
HEAD_ROWS = 60
MOST_LINES = 200_000
MOST_PROBLEMS = 20
_NUMBER = re.compile(r"\d{8,40}")


class BankFile:
    """A bank's export. `lines()` reads it; afterwards `problems`, `layout`, balances and account are known."""

    def __init__(self, file: Any, name: str, *, currency: str = "CNY", layouts: Iterable[Layout] = ()) -> None:
        self.file, self.currency = file, currency
        self.layouts = list(layouts)
        self.kind = guard.kind_of(name, file)
        self.problems: list[str] = []
        self.layout: Layout | None = None
        self.opening: Decimal | None = None
        self.closing: Decimal | None = None
        # The day of the closing balance, where the file names it.
        self.closed_on: dt.date | None = None
        # True where the file itself states both balances, so that its lines must lead from one to the other.
        self.balances_given = False
        # Account numbers that stand above the lines.
        self.own_numbers: list[str] = []

    def lines(self) -> Iterator[BankLine]:
        """Every movement in the order of the file; wrong ones are named in `problems` and left out.

        Raises Refused where the file is not read at all: hostile, damaged, no header, too long, too many faults.
        """
        count = 0
        for line in self._camt() if self.kind == "camt" else self._table():
            count += 1
            if count > MOST_LINES:
                text = _("The file has more than %(most)s lines: export a shorter period.")
                raise Refused(text % {"most": MOST_LINES})
            yield line
        if not count and not self.problems:
            raise Refused(_("The file holds no movements."))

    def refuse_problems(self) -> None:
        """Refused with every fault that was found, each with its line."""
        if self.problems:
            raise Refused(self.problems)

    def _fault(self, number: int, problem: object) -> None:
        self.problems.append(_("Line %(line)s: %(problem)s") % {"line": number, "problem": problem})
        if len(self.problems) >= MOST_PROBLEMS:
            raise Refused([*self.problems, _("There are more faults: please put these right first.")])

    def _camt(self) -> Iterator[BankLine]:
        camt = Camt(self.file, self.currency)
        for number, found in camt.entries():
            if isinstance(found, Problem):
                self._fault(number, found)
            else:
                yield from found
        self.opening, self.closing, self.own_numbers = camt.opening, camt.closing, camt.own_numbers
        self.closed_on = camt.closed_on
        self.balances_given = camt.opening is not None and camt.closing is not None

    def _table(self) -> Iterator[BankLine]:
        found = sheets.rows(self.kind, self.file)
        header = self._header(found)
        self.layout = header.layout
        chain = _Chain()
        for number, cells in found:
            try:
                line = header.line(number, cells, self.currency)
            except Problem as problem:
                self._fault(number, problem)
                continue
            if line is not None:
                chain.add(line)
                yield line
        self.opening, self.closing = chain.ends()

    def _header(self, rows: sheets.Rows) -> Header:
        above = ""
        for number, cells in rows:
            headers = [found for found in (layout.find(cells) for layout in self.layouts) if found is not None]
            if headers:
                self.own_numbers = _NUMBER.findall(above)
                return max(headers, key=lambda header: header.known)
            above += " ".join(_safe(cell) for cell in cells)[:2000] + " "
            if number >= HEAD_ROWS:
                break
        raise Refused(
            _("No row has the columns of a known template: a date, and income and expense or an amount are needed.")
        )


def _safe(cell: Any) -> str:
    try:
        return text_of(cell)
    except Problem:
        return ""


class _Chain:
    """Running balances: whether they rise or fall through the file, and where they begin and end."""

    def __init__(self) -> None:
        self.first: BankLine | None = None
        self.last: BankLine | None = None
        self.up = self.down = True

    def add(self, line: BankLine) -> None:
        before, self.last = self.last, line
        self.first = self.first or line
        if line.balance is None:
            self.up = self.down = False
        elif before is not None and before.balance is not None:
            self.up &= before.balance + _signed(line) == line.balance
            self.down &= line.balance + _signed(before) == before.balance

    def ends(self) -> tuple[Decimal | None, Decimal | None]:
        """(opening, closing) where every balance follows from the one before; (None, None) otherwise."""
        if self.first is None or self.last is None or self.first.balance is None or self.last.balance is None:
            return None, None
        if self.up:
            return self.first.balance - _signed(self.first), self.last.balance
        if self.down:
            return self.last.balance - _signed(self.last), self.first.balance
        return None, None


def _signed(line: BankLine) -> Decimal:
    return line.gross_amount if line.is_credit else -line.gross_amount
