"""Nothing grows with the table: every list and detail page asks the same number of questions at 10 and 1,000 rows."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from exchange.mapping import read_mapping
from exchange.services.history import import_history
from ltc.demo.company import WAY
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL
from ltc.demo.story import Deal
from process.outlet import Outlet, outlets
from projects.models import Project
from projects.page import VIEWS
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
# Statements of a whole request, with session, person, rights and menu; the search asks once more for each kind.
LIST, BOARD, DETAIL, PROJECT, HOME, WORK, DASHBOARD, SEARCH = 10, 12, 24, 15, 4, 20, 16, 4
# The project page with all that its first screen fetches.
FIRST_SCREEN = 30
# The API has no menu: session, person, rights, rows, count; and a record with its lines.
API_LIST, API_DETAIL = 5, 8
MAPPING = """
source: counted
currency: CNY
tax: {basis: gross, code: "13"}
files:
  deals:
    path: deals.csv
    columns: {key: id, owner: who, customer: company, stage: stage, opened_on: from, closed_on: until, amount: value}
stages: {open: lead, guided: guidance, won: won, lost: lost}
"""
STAGES = ("open", "guided", "won", "lost")


def take_in(folder: Path, deals: int) -> None:
    """Deals of all four fates, a quarter each, through the door that takes history in."""
    lines = ["id,who,company,stage,from,until,value"]
    lines += [
        f"D{number},seller {number % 5},客户 {number % 20},{STAGES[number % 4]},2025-01-02,2025-03-04,{1130 + number}"
        for number in range(deals)
    ]
    (folder / "deals.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    import_history(read_mapping(folder / "mapping.yaml", folder), folder / "rejected.csv")


def asked_for(user: User, url: str) -> tuple[int, str]:
    """(statements, page) of an address, the second time it is asked (caches of the process are warm)."""
    client = signed_in(user)
    assert client.get(url).status_code == 200, url
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return len(asked), answer.content.decode()


def statements(user: User, url: str) -> int:
    """How many statements a page takes."""
    return asked_for(user, url)[0]


def first_screen(user: User, project: Project, view: str) -> int:
    """Statements of the project page in one view, with everything it fetches before anybody scrolls or unfolds."""
    shell, page = asked_for(user, f"{project.get_absolute_url()}?view={view}")
    assert shell <= PROJECT, (view, user)
    fetched = re.findall(r'hx-get="([^"]+)" hx-trigger="load"', page)
    assert fetched
    return shell + sum(statements(user, html.unescape(url)) for url in fetched)


def filled() -> list[Outlet]:
    """Outlets of records the import makes."""
    return [outlet for outlet in outlets() if outlet.model._default_manager.exists()]


def counts(user: User) -> dict[str, int]:
    """Statements of every list and of one page of every record, by address."""
    found: dict[str, int] = {}
    for outlet in filled():
        found[outlet.url("list")] = statements(user, outlet.url("list"))
        if outlet.board_states:
            found[outlet.url("board")] = statements(user, outlet.url("board"))
        record: Any = outlet.model._default_manager.order_by("pk").first()
        found[f"{outlet.plural}/…"] = statements(user, record.get_absolute_url())
        found[f"/api/v1/{outlet.plural}/"] = statements(user, f"/api/v1/{outlet.plural}/")
        found[f"/api/v1/{outlet.plural}/…"] = statements(user, f"/api/v1/{outlet.plural}/{record.pk}/")
    for url in ("/", "/home/", "/dashboard/", "/search/?q=客户"):
        found[url] = statements(user, url)
    return found


@pytest.mark.parametrize("who", ["director", "lead_manager"])
def test_statements_do_not_grow_with_rows(
    who: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who sees everything, and somebody who sees the sales departments only."""
    # Every few seconds one request asks whether a newer catalogue was published: not here.
    monkeypatch.setattr("process.catalogue._FRESH_SECONDS", float("inf"))
    user = request.getfixturevalue(who)
    take_in(tmp_path, 12)
    few = counts(user)
    take_in(tmp_path, 1000)
    many = counts(user)
    assert {url: (few[url], many[url]) for url in few if many[url] > few[url]} == {}
    assert {url: count for url, count in many.items() if count > ceiling(url)} == {}


def ceiling(url: str) -> int:
    """How many statements an address may take at most."""
    if url.startswith("/api/"):
        return API_DETAIL if url.endswith("/…") else API_LIST
    if url.endswith("/…"):
        return PROJECT if url.startswith("projects") else DETAIL
    return {"/": HOME, "/home/": WORK, "/dashboard/": DASHBOARD, "/search/?q=客户": SEARCH + len(outlets())}.get(
        url, BOARD if "board" in url else LIST
    )


def test_the_first_screen_of_a_project_in_every_view(
    director: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deal in delivery, looked at by each of the three, by those who see cost and by a director; few deals, many."""
    monkeypatch.setattr("process.catalogue._FRESH_SECONDS", float("inf"))
    make_entity()
    deal = Deal(HOSPITAL, make_people())
    for name, step in WAY:
        step(deal)
        if name == "arrival paid":
            break
    readers = [deal.who(name) for name in ("ar", "sr", "fr", "pfc")] + [director]
    asked = {(str(who), view): first_screen(who, deal.project, view) for who in readers for view in VIEWS}
    assert {key: count for key, count in asked.items() if count > FIRST_SCREEN} == {}
    take_in(tmp_path, 1000)
    again = {(str(who), view): first_screen(who, deal.project, view) for who in readers for view in VIEWS}
    assert again == asked
