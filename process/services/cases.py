"""Opening cases: a deal's thread from its first record on."""

from process import catalogue
from process.models import Case


def new_case(title: str, *, origin: Case | None = None) -> Case:
    """An unsaved case, walked by the L3 catalogue in force; `origin` is the case its need was found on."""
    return Case(title=title[:200], origin=origin, process_version_id=catalogue.current().version_id)


def open_case(title: str, *, origin: Case | None = None) -> Case:
    """A new case, stored."""
    case = new_case(title, origin=origin)
    case.save(force_insert=True)
    return case
