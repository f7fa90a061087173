"""What upper floors hang on lower pages: panels, the stage bar, pickers, inbox sections.

Apps register in ready(); the lower page only knows titles and URLs, so no import goes up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.urls import resolve, reverse
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Panel:
    """A card on another record's page, loaded when it comes into view: GET url_name with the case id."""

    on: str
    title: Any
    url_name: str
    position: int
    open: bool = False

    def url(self, case_id: int) -> str:
        return reverse(self.url_name, args=[case_id])


_panels: list[Panel] = []
_figures: dict[str, Callable[[int, Any], list[dict[str, Any]]]] = {}
_stagebar: list[Callable[[int], list[dict[str, Any]]]] = []
_spine: list[Callable[[Iterable[int], Any], dict[int, dict[str, str]]]] = []


def register(*, on: str, title: Any, url_name: str, position: int = 100, open: bool = False) -> None:
    """Hang a panel on the page of `on` ("projects.project"); `position` follows LTC order."""
    _panels.append(Panel(on, title, url_name, position, open))


def panels_on(kind: str) -> list[Panel]:
    """The panels of a record's page, in LTC order."""
    return sorted((panel for panel in _panels if panel.on == kind), key=lambda panel: panel.position)


def draw(url: str, request: Any) -> SafeString:
    """A panel's content within another answer: what its address would give; empty where it is not for this reader."""
    match = resolve(url)
    try:
        answer = match.func(request, *match.args, **match.kwargs)
    except Http404:
        return SafeString("")
    return SafeString(answer.content.decode())  # drawn, and escaped, by the panel's own template


def register_figures(on: str, build: Callable[[int, Any], list[dict[str, Any]]]) -> None:
    """Figures (case id, user) → [{label, value, sub, url, tone}] for the top of the page of `on`."""
    _figures[on] = build


def figures(on: str, case_id: int, user: Any) -> list[dict[str, Any]]:
    """The figures an upper floor gives to the page; empty where there are none yet or none to be seen."""
    return _figures[on](case_id, user) if on in _figures else []


def register_stagebar(build: Callable[[int], list[dict[str, Any]]]) -> None:
    """The spine's app gives the stage bar of a case: [{label, state, date, note}]."""
    _stagebar[:] = [build]


def stagebar(case_id: int) -> list[dict[str, Any]]:
    """Where the deal stands, for the top of every record's page."""
    return _stagebar[0](case_id) if _stagebar else []


def register_spine(find: Callable[[Iterable[int], Any], dict[int, dict[str, str]]]) -> None:
    """The spine's app gives the pages of deals as {case id: {label, url, department}}: those the user may see."""
    _spine[:] = [find]


def spines(case_ids: Iterable[int], user: Any) -> dict[int, dict[str, str]]:
    """The pages of the deals of many cases, by case id, with one question."""
    return _spine[0](case_ids, user) if _spine else {}


def spine(case_id: int, user: Any) -> dict[str, str] | None:
    """The page of the deal that a record belongs to."""
    return spines([case_id], user).get(case_id)
