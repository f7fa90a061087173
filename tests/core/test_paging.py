"""Paging by key: every row exactly once, forward and back, by the index."""

import base64
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadCursor
from core.models import ExchangeRate, Term
from core.paging import Keyset, Page, capped_count, page
from tests.core.conftest import Row

START = datetime(2026, 1, 1, 9, 0, 0, 123456, tzinfo=UTC)


def walk(queryset: Any, keyset: Keyset, size: int) -> tuple[list[int], list[int]]:
    """The ids seen walking forward to the end, and those seen walking back from there."""
    forward, current = [], page(queryset, keyset=keyset, size=size)
    while True:
        forward += [row.pk for row in current]
        if current.next_cursor is None:
            break
        current = page(queryset, keyset=keyset, cursor=current.next_cursor, size=size)
    back = [row.pk for row in current]
    while current.previous_cursor is not None:
        current = page(queryset, keyset=keyset, cursor=current.previous_cursor, size=size)
        back = [row.pk for row in current] + back
    return forward, back


def expected(rows: list[Row], keyset: Keyset) -> list[int]:
    """The order by plain sorting in Python, nulls last whatever the direction."""
    for name in reversed(keyset.fields):
        plain = name.lstrip("-")
        filled = [row for row in rows if getattr(row, plain) is not None]
        filled.sort(key=lambda row: getattr(row, plain), reverse=name.startswith("-"))
        rows = filled + [row for row in rows if getattr(row, plain) is None]
    return [row.pk for row in rows]


names = st.sampled_from(["", "a", "b", "中", "国"])
row_values = st.fixed_dictionaries(
    {
        "name": names,
        "place": st.integers(-1, 1),
        "amount": st.none() | st.decimals(-1, 1, places=1),
        "due_on": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
        "at": st.integers(0, 2).map(lambda micro: START + timedelta(microseconds=micro)),
    }
)
orders = st.lists(
    st.tuples(st.sampled_from(["", "-"]), st.sampled_from(["name", "place", "amount", "due_on", "at"])),
    min_size=1,
    max_size=4,
    unique_by=lambda part: part[1],
).map(lambda parts: Keyset([sign + name for sign, name in parts]))


@pytest.mark.django_db
@settings(max_examples=150)
@given(data=st.lists(row_values, max_size=14), keyset=orders, size=st.integers(1, 5))
def test_walking_visits_every_row_once(rows: type[Row], data: list[dict[str, Any]], keyset: Keyset, size: int) -> None:
    rows.objects.all().delete()
    made = rows.objects.bulk_create([rows(**values) for values in data])
    forward, back = walk(rows.objects.all(), keyset, size)
    assert forward == back == expected(made, keyset)


@pytest.fixture
def many(rows: type[Row]) -> type[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_test_row (name, place, at, due_on) "
            "SELECT 'n' || n, n %% 7, %s::timestamptz + n * interval '1 minute',"
            " CASE WHEN n %% 3 > 0 THEN date '2026-01-01' + n %% 100 END FROM generate_series(1, 20000) n",
            [START],
        )
    return rows


def plan(queryset: Any, keyset: Keyset, index: str) -> tuple[list[str], int]:
    """The plans of the queries behind a page in the middle, with this index on the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX core_test_order ON core_test_row ({index})")
        cursor.execute("ANALYZE core_test_row")
    cursor_of = page(queryset, keyset=keyset, size=5000).next_cursor
    with CaptureQueriesContext(connection) as queries:
        page(queryset, keyset=keyset, cursor=cursor_of, size=50)
    plans = []
    for query in queries.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (COSTS OFF) " + query["sql"])
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans, len(plans)


@pytest.mark.parametrize(
    ("fields", "index", "condition"),
    [
        (("-at", "-id"), "at, id", "Index Cond: (ROW(at, id) < ROW("),
        (("at", "id"), "at, id", "Index Cond: (ROW(at, id) > ROW("),
        (("-at", "id"), "at DESC, id", "Index Cond: (at <= "),
        (("due_on", "id"), "due_on, id", "Index Cond: (ROW(due_on, id) > ROW("),
        (("-due_on", "-id"), "due_on DESC NULLS LAST, id DESC", "Index Cond: (ROW(due_on, id) < ROW("),
    ],
)
def test_a_deep_page_is_read_from_the_index(many: type[Row], fields: Any, index: str, condition: str) -> None:
    plans, count = plan(many.objects.all(), Keyset(fields), index)
    assert count == 1
    assert condition in plans[0], plans[0]
    assert "Sort" not in plans[0], plans[0]


def test_first_last_and_middle_pages_know_their_neighbours(rows: type[Row]) -> None:
    rows.objects.bulk_create([rows(place=n, at=START) for n in range(5)])
    keyset = Keyset(["place"])
    first = page(rows.objects.all(), keyset=keyset, size=2)
    assert ([row.place for row in first], first.previous_cursor) == ([0, 1], None)
    middle = page(rows.objects.all(), keyset=keyset, cursor=first.next_cursor, size=2)
    assert [row.place for row in middle] == [2, 3]
    last = page(rows.objects.all(), keyset=keyset, cursor=middle.next_cursor, size=2)
    assert ([row.place for row in last], last.next_cursor) == ([4], None)
    again = page(rows.objects.all(), keyset=keyset, cursor=last.previous_cursor, size=2)
    assert [row.place for row in again] == [2, 3]
    begin = page(rows.objects.all(), keyset=keyset, cursor=again.previous_cursor, size=2)
    assert ([row.place for row in begin], begin.previous_cursor) == ([0, 1], None)
    assert page(rows.objects.none(), keyset=keyset) == Page([])


def test_rows_added_and_removed_meanwhile_shift_nothing(rows: type[Row]) -> None:
    rows.objects.bulk_create([rows(place=n, at=START) for n in range(0, 10, 2)])
    first = page(rows.objects.all(), keyset=Keyset(["place"]), size=2)
    rows.objects.filter(place=2).delete()
    rows.objects.bulk_create([rows(place=1, at=START), rows(place=5, at=START)])
    following = page(rows.objects.all(), keyset=Keyset(["place"]), cursor=first.next_cursor, size=2)
    assert [row.place for row in following] == [4, 5]


def test_when_all_earlier_rows_are_gone_the_first_page_is_given(rows: type[Row]) -> None:
    rows.objects.bulk_create([rows(place=n, at=START) for n in range(4)])
    keyset = Keyset(["place"])
    second = page(rows.objects.all(), keyset=keyset, cursor=page(rows.objects.all(), keyset=keyset, size=2).next_cursor)
    rows.objects.filter(place__lt=2).delete()
    back = page(rows.objects.all(), keyset=keyset, cursor=second.previous_cursor, size=2)
    assert ([row.place for row in back], back.previous_cursor) == ([2, 3], None)


def test_a_page_past_the_end_is_empty_and_ends(rows: type[Row]) -> None:
    rows.objects.bulk_create([rows(place=n, at=START) for n in range(4)])
    keyset = Keyset(["place"])
    cursor = page(rows.objects.all(), keyset=keyset, size=2).next_cursor
    rows.objects.filter(place__gte=2).delete()
    assert page(rows.objects.all(), keyset=keyset, cursor=cursor, size=2) == Page([])


def test_pages_over_relations_annotations_and_plain_values(rows: type[Row]) -> None:
    parent = rows.objects.create(name="parent", place=100, at=START)
    rows.objects.bulk_create([rows(place=n, at=START, parent=parent if n % 2 else None) for n in range(7)])
    for keyset in (
        Keyset(["parent__place", "-id"]),
        Keyset(["-parent__place", "place", "id"]),
        Keyset(["-parent_id", "id"]),
        Keyset(["-parent", "id"]),
    ):
        queryset = rows.objects.select_related("parent")
        forward, back = walk(queryset, keyset, 2)
        assert forward == back and sorted(forward) == sorted(rows.objects.values_list("pk", flat=True))
    doubled = rows.objects.annotate(double=F("place") * 2)
    forward, back = walk(doubled, Keyset(["-double", "id"]), 3)
    assert forward == back == list(doubled.order_by("-double", "id").values_list("pk", flat=True))
    first = page(rows.objects.values("id", "place"), keyset=Keyset(["-place", "id"]), size=3)
    second = page(rows.objects.values("id", "place"), keyset=Keyset(["-place", "id"]), cursor=first.next_cursor, size=9)
    assert [row["place"] for row in [*first, *second]] == [100, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.django_db
def test_a_key_that_is_no_id_and_a_default_order() -> None:
    assert Keyset(["code"]).fields == ("code", "pk")
    assert Keyset(["place", "-code"]).fields == ("place", "-code", "-pk")
    assert Keyset(["-pk"]).fields == ("-pk",)
    Term.objects.bulk_create([Term(dictionary="paging", code=f"c{n}", zh="词", en="word") for n in range(5)])
    forward, back = walk(Term.objects.filter(dictionary="paging"), Keyset(["position"]), 2)
    assert forward == back and len(forward) == 5
    with pytest.raises(ValueError, match="at least one"):
        Keyset([])


def cursor_with(keyset: Keyset, *values: Any, backward: Any = 0, mark: int | None = None) -> str:
    raw = json.dumps([keyset.mark if mark is None else mark, backward, *values])
    return base64.urlsafe_b64encode(raw.encode()).decode()


BY_ALL = Keyset(["name", "place", "amount", "due_on", "at", "id"])
GOOD = ["x", 1, "1.50", "2026-01-01", START.isoformat(), 7]


def replaced(position: int, value: Any) -> list[Any]:
    return [*GOOD[:position], value, *GOOD[position + 1 :]]


NO_INTEGERS: list[Any] = [None, "x", 1.5, float("nan"), 10**30, "9" * 5000, []]
NO_KEYS: list[Any] = [None, 2**63, -(2**63) - 1, "1; DROP TABLE x", []]
BAD_CURSORS = [
    "x",
    "%%%",
    "\x00",
    "中",
    "=",
    "A" * 5000,
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b"[" * 2000).decode(),
    base64.urlsafe_b64encode(b"null").decode(),
    base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    base64.urlsafe_b64encode(b"[1]").decode(),
    cursor_with(BY_ALL, *GOOD[:-1]),
    cursor_with(BY_ALL, *GOOD, 1),
    cursor_with(BY_ALL, *GOOD, mark=1),
    cursor_with(BY_ALL, *GOOD, backward=2),
    cursor_with(BY_ALL, *GOOD, backward=[]),
    *(cursor_with(BY_ALL, *replaced(0, bad)) for bad in (None, 1, ["x"], {"x": 1}, "a\x00", "a\ud800")),
    *(cursor_with(BY_ALL, *replaced(1, bad)) for bad in NO_INTEGERS),
    *(cursor_with(BY_ALL, *replaced(2, bad)) for bad in ("x", "NaN", "Infinity", "1e999999", 10**30, 0.1)),
    *(cursor_with(BY_ALL, *replaced(3, bad)) for bad in ("2026-02-30", "x", 5, "99999-01-01")),
    *(cursor_with(BY_ALL, *replaced(4, bad)) for bad in (None, "2026-01-01T00:00:00", "x", 5)),
    *(cursor_with(BY_ALL, *replaced(5, bad)) for bad in NO_KEYS),
]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
def test_a_malformed_cursor_is_refused(rows: type[Row], cursor: str) -> None:
    with pytest.raises(BadCursor):
        page(rows.objects.all(), keyset=BY_ALL, cursor=cursor)


def test_a_cursor_of_another_order_is_refused(rows: type[Row]) -> None:
    rows.objects.bulk_create([rows(place=n, at=START) for n in range(3)])
    cursor = page(rows.objects.all(), keyset=Keyset(["place"]), size=1).next_cursor
    with pytest.raises(BadCursor):
        page(rows.objects.all(), keyset=Keyset(["-place"]), cursor=cursor)


@settings(max_examples=200)
@given(
    values=st.lists(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(GOOD[2]), min_size=6, max_size=6
    )
)
def test_a_forged_cursor_is_refused_or_gives_rows(rows: type[Row], values: list[Any]) -> None:
    """Whatever it holds, the database never answers with an error."""
    try:
        found = page(rows.objects.all(), keyset=BY_ALL, cursor=cursor_with(BY_ALL, *values))
    except BadCursor:
        return
    assert list(found) == []


def test_size_is_kept_within_bounds(rows: type[Row]) -> None:
    rows.objects.bulk_create([rows(place=n, at=START) for n in range(3)])
    assert len(page(rows.objects.all(), keyset=Keyset(["id"]), size=0)) == 1
    assert len(page(rows.objects.all(), keyset=Keyset(["id"]), size=10**30)) == 3


def test_capped_count(many: type[Row]) -> None:
    assert capped_count(many.objects.filter(place=3, id__lte=70)) == (10, False)
    assert capped_count(many.objects.order_by("name")) == (1000, True)
    assert capped_count(many.objects.filter(id__lte=1000)) == (1000, False)
    assert capped_count(many.objects.none()) == (0, False)
    with CaptureQueriesContext(connection) as queries:
        capped_count(many.objects.all(), cap=10)
    assert "LIMIT 11" in queries.captured_queries[0]["sql"]
    assert "ORDER BY" not in queries.captured_queries[0]["sql"]


@pytest.mark.django_db
def test_decimals_and_dates_survive_the_cursor() -> None:
    from core.services import load_currencies

    load_currencies()
    ExchangeRate.objects.all().delete()
    ExchangeRate.objects.bulk_create(
        [ExchangeRate(currency_id="USD", on=date(2026, 1, n), rate=Decimal("7.12345678")) for n in range(1, 8)]
    )
    forward, back = walk(ExchangeRate.objects.all(), Keyset(["-rate", "-on"]), 2)
    assert forward == back and len(set(forward)) == 7
