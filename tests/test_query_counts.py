"""Nothing grows with the table: every list and detail page asks the same number of questions at 10 and 1,000 rows."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from exchange.mapping import read_mapping
from exchange.services.history import import_history
from process.outlet import Outlet, outlets
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
# Statements of a whole request, with session, person, rights and menu.
LIST, BOARD, DETAIL, PROJECT, HOME, DASHBOARD, SEARCH = 10, 14, 24, 30, 20, 16, 40
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


def statements(user: User, url: str) -> int:
    """How many statements a page takes, the second time it is asked (caches of the process are warm)."""
    client = signed_in(user)
    assert client.get(url).status_code == 200, url
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200, url
    return len(asked)


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
    for url in ("/", "/dashboard/", "/search/?q=客户"):
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
    # Whoever does not see everything asks for the deputies and the department tree too.
    extra = 0 if user.has_right("see_all") else 2
    assert {url: count for url, count in many.items() if count > ceiling(url) + extra} == {}


def ceiling(url: str) -> int:
    """How many statements an address may take at most."""
    if url.endswith("/…"):
        return PROJECT if url.startswith("projects") else DETAIL
    return {"/": HOME, "/dashboard/": DASHBOARD, "/search/?q=客户": SEARCH}.get(url, BOARD if "board" in url else LIST)
