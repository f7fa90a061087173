"""What is measured, and the bars: cost at the smallest size ÷ bare page, growth to the largest, statements."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ltc.bench import company


@dataclass
class Ask:
    """One request."""

    path: str
    form: dict[str, str] | None = None
    htmx: bool = False
    api: bool = False


@dataclass(frozen=True)
class Workload:
    """A thing people do all day; `asks` makes the next request out of the visits of one person."""

    name: str
    asks: Callable[[dict[str, Any], int], Ask]
    ratio: float
    growth: float
    statements: int
    bare: str = "html"
    anonymous: bool = False
    # The longest the database may take at the largest size, in milliseconds.
    database: float = 0.0
    answers: frozenset[int] = field(default=frozenset({200}))


def _get(path: str) -> Callable[[dict[str, Any], int], Ask]:
    return lambda visit, turn: Ask(path.format(**visit))


def _create(visit: dict[str, Any], turn: int) -> Ask:
    """The form of a new lead, of a company nobody has heard of."""
    mark = uuid.uuid4().hex
    form = {
        "company_name": f"Newcomer {mark[:12]}",
        "need": "They ask for an offer.",
        "source": str(visit["source"]),
        "temperature": "warm",
        "currency": "CNY",
        "phone": f"137{int(mark[:8], 16) % 10**8:08d}",
        "email": f"{mark[:10]}@{mark[10:16]}.example",
        "idempotency_key": mark,
    }
    return Ask("/leads/new/", form, htmx=True)


def _move(visit: dict[str, Any], turn: int) -> Ask:
    """One lead is laid aside and taken up again, from the board."""
    verb = "nurture" if turn % 2 == 0 else "wake"
    form = {"wake_on": "2030-01-01", "idempotency_key": uuid.uuid4().hex}
    return Ask(f"/leads/{visit['moved']}/{verb}/", form, htmx=True)


_FREQUENT = f"/leads/?q={company.FREQUENT}&temperature=hot"
WORKLOADS = (
    Workload("sign-in page", _get("/login/"), 1.5, 1.1, 4, anonymous=True),
    Workload("home shell", _get("/"), 1.5, 1.1, 4),
    Workload("home, what waits", _get("/home/"), 4, 1.3, 20),
    Workload("lead list", _get("/leads/"), 2.5, 1.3, 10),
    Workload("lead list, deep", _get("/leads/?cursor={deep_leads}"), 2.5, 1.3, 10),
    Workload("project list", _get("/projects/"), 2.5, 1.3, 10),
    Workload("project list, deep", _get("/projects/?cursor={deep_projects}"), 2.5, 1.3, 10),
    Workload("search, frequent", _get(_FREQUENT), 3, 5, 10, database=60),
    Workload("search, rare", _get(f"/leads/?q={quote(company.RARE)}"), 3, 5, 10, database=60),
    Workload("search, no hit", _get(f"/leads/?q={company.NOWHERE}"), 3, 5, 10, database=60),
    Workload("board", _get("/leads/board/"), 6, 1.3, 12),
    Workload("project board", _get("/projects/board/"), 6, 1.3, 12),
    Workload("lead page", _get("/leads/{lead}/"), 4, 1.2, 15),
    Workload("lead timeline", _get("/leads/{lead}/timeline/"), 4, 1.2, 15),
    Workload("project page", _get("/projects/{project}/"), 4, 1.2, 15),
    Workload("project, first screen", lambda visit, turn: Ask(visit["panels"][0]), 4, 1.2, 16),
    Workload("project timeline", _get("/projects/{project}/timeline/"), 4, 1.2, 15),
    Workload("create a lead", _create, 2, 1.3, 15, answers=frozenset({204})),
    Workload("stage change", _move, 2, 1.2, 15, answers=frozenset({200, 204})),
    Workload("dashboard", _get("/dashboard/"), 3, 1.3, 12),
    Workload("four costings of one", _get("/books/{book}/"), 4, 1.3, 15),
    Workload("four costings of all", _get("/books/"), 8, 2, 15),
    Workload("API list", lambda visit, turn: Ask("/api/v1/leads/", api=True), 1.7, 1.2, 5, bare="drf"),
)
BARE = {"html": "/bench/html-50/", "drf": "/bench/drf-50/"}
