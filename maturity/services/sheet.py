"""Taking the as-is inventory in from a spreadsheet: all of it or nothing, and only what differs is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Department, User
from core.errors import NotAllowed, Refused
from maturity.models import Practice
from maturity.services import practice as practices
from maturity.sheets import Line, Problem, Sheet
from process import access, catalogue


@dataclass
class Taken:
    """What a file did to the inventory: practices opened, changed, and those it said nothing new about."""

    opened: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True)
class _Wanted:
    """What a row says about a pair."""

    line: Line
    department: Department
    step: str
    found: Practice | None
    applies: bool
    reason: str
    fields: dict[str, Any]

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that differ from what is recorded."""
        return {name: value for name, value in self.fields.items() if getattr(self.found, name) != value}

    @property
    def moves(self) -> bool:
        """Whether it becomes applicable, or no longer is."""
        return self.found is not None and self.applies != (self.found.state == "applicable")

    @property
    def is_same(self) -> bool:
        """Whether the row says what is recorded."""
        if self.found is None or self.moves or self.changes:
            return False
        return self.applies or self.reason == self.found.reason


def may_take(user: User) -> bool:
    """Whether the person keeps the inventory of any department."""
    return access.may(Practice(), "open", Actor.of(user))


@transaction.atomic
def take(*, file: Any, by: Actor | User) -> Taken:
    """Take a spreadsheet in: new pairs are opened, others changed where they differ; nothing is removed.

    A row that names a pair and says nothing about it is left alone. What a row says is what will stand there.

    Raises:
        NotAllowed: for whoever keeps the inventory of no department.
        Refused: with row and column of everything that is wrong, and for a file that is not read at all.
    """
    actor = Actor.of(by)
    if not access.may(Practice(), "open", actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    sheet = Sheet(file, str(file.name))
    wanted = _Reader(sheet, actor).read()
    taken = Taken()
    # In one order, whatever the file's is: two files taken in at once wait for each other.
    for one in sorted(wanted, key=lambda one: one.found.case_id if one.found else 0):
        try:
            _write(one, taken, actor)
        except Refused as error:
            sheet.wrong(one.line, "step", "; ".join(str(reason) for reason in error.reasons))
            sheet.refuse_problems()
    return taken


def _write(wanted: _Wanted, taken: Taken, by: Actor) -> None:
    found = wanted.found
    if found is None:
        found = practices.open(by=by, department=wanted.department, step=wanted.step, **wanted.fields)
        taken.opened += 1
        if not wanted.applies:
            practices.exclude(found, by=by, note=wanted.reason)
        return
    if wanted.is_same:
        taken.same += 1
        return
    taken.changed += 1
    changes = wanted.changes
    if found.state == "excluded":  # what is not applicable is not changed either
        practices.include(found, by=by, note=_("as the spreadsheet says"))
    if changes:
        practices.edit(found, by=by, **changes)
    if not wanted.applies:
        practices.exclude(found, by=by, note=wanted.reason)


def _saying(value: Any) -> Callable[[Line], Any]:
    """Reads the same from every row."""
    return lambda _line: value


class _Reader:
    """What the rows of a sheet want; problems are kept with the sheet."""

    def __init__(self, sheet: Sheet, by: Actor) -> None:
        self.sheet, self.by = sheet, by
        self.steps = catalogue.in_force()
        self.departments = {one.code: one for one in Department.objects.all()}
        self.people: dict[str, User] = {}
        rows = Practice.objects.select_related("owner", "department")
        self.known = {(one.department_id, one.step): one for one in rows}
        self.seen: dict[tuple[int, str], int] = {}

    def read(self) -> list[_Wanted]:
        """Every row that says something. Raises Refused with all that is wrong."""
        lines = list(self.sheet.lines())
        names = {str(line.values.get("owner", "")).strip() for line in lines}
        self.people = {one.username: one for one in User.objects.filter(is_active=True, username__in=names)}
        found = [wanted for line in lines if (wanted := self._wanted(line)) is not None]
        self.sheet.refuse_problems()
        return found

    def _wanted(self, line: Line) -> _Wanted | None:
        department = self._try(line, self._department)
        step = self._try(line, self._step)
        if department is None or step is None or self._is_double(line, department, step) or line.is_blank:
            return None
        practice = self.known.get((department.pk, step))
        applies = self._try(line, lambda line: line.applies())
        if applies is None:
            return None
        reason = self._try(line, lambda line: self._reason(line, applies))
        fields = {
            name: self._try(line, read)
            for name, read in (self._readers() if applies or line.text("medium") else self._blank(practice)).items()
        }
        wanted = _Wanted(line, department, step, practice, applies, reason or "", fields)
        if not self.sheet.problems:
            self._try(line, lambda line: self._require(wanted))
        return wanted

    def _try(self, line: Line, read: Callable[[Line], Any]) -> Any:
        """What is read from a row; None where that is wrong, which is kept."""
        try:
            return read(line)
        except Problem as problem:
            self.sheet.wrong(line, problem.key, str(problem))
            return None

    def _readers(self) -> dict[str, Callable[[Line], Any]]:
        return {
            "medium": lambda line: line.medium(),
            "fit": self._fit,
            "pain": lambda line: line.text("pain"),
            "gap": lambda line: line.text("gap"),
            "owner": self._owner,
            "due_on": lambda line: line.due_on(),
        }

    @staticmethod
    def _blank(practice: Practice | None) -> dict[str, Callable[[Line], Any]]:
        """Of what is not applicable nothing need be said: what is recorded stays."""
        kept = practice or Practice(medium=Practice.Medium.NONE, fit=0)
        names = ("medium", "fit", "pain", "gap", "owner", "due_on")
        return {name: _saying(getattr(kept, name)) for name in names}

    def _department(self, line: Line) -> Department:
        code = line.text("department")
        if code not in self.departments:
            raise Problem("department", _("unknown: %(word)s") % {"word": code[:60] or "–"})
        return self.departments[code]

    def _step(self, line: Line) -> str:
        code = line.text("step").upper()
        if code not in self.steps:
            text = _("The process in force has no step %(step)s.")
            raise Problem("step", text % {"step": code[:60] or "–"})
        return code

    def _is_double(self, line: Line, department: Department, step: str) -> bool:
        before = self.seen.setdefault((department.pk, step), line.number)
        if before != line.number:
            self.sheet.wrong(line, "step", _("row %(row)s says it already") % {"row": before})
        return before != line.number

    def _fit(self, line: Line) -> int:
        fit = line.fit()
        if fit and line.medium() == Practice.Medium.NONE:
            raise Problem("fit", _("What is not done does not fit: choose 0."))
        return fit

    def _owner(self, line: Line) -> User | None:
        name = line.text("owner")
        if name and name not in self.people:
            raise Problem("owner", _("nobody who works here signs in as %(name)s") % {"name": name[:60]})
        return self.people.get(name)

    @staticmethod
    def _reason(line: Line, applies: bool) -> str:
        reason = line.text("reason")
        if not applies and not reason:
            raise Problem("reason", _("Please give a reason."))
        return reason

    def _require(self, wanted: _Wanted) -> None:
        """A row that changes something is written by the head of its department and the keeper."""
        found = wanted.found or Practice(department=wanted.department)
        if not wanted.is_same and not access.may(found, "edit", self.by):
            raise Problem("department", _("only the head of the department and the keeper say this"))
