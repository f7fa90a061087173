"""Rows read reason by reason are those that the condition as a whole gives: for everybody, filter, order and page."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Department, User
from accounts.services import delegate
from core.branches import AnyOf, any_of, first, some
from core.calendar import today
from core.paging import Keyset, capped_count, first_pages, page
from core.search import search
from core.selectors import column_totals
from leads.models import Lead
from process.models import Case, Seat
from tests.factories.leads import term
from tests.people import make_user

pytestmark = pytest.mark.django_db
STATES = ("new", "working", "pooled", "invalid")
DEPARTMENTS = ("sales_north", "sales_south", "hr")
DAY = dt.date(2026, 1, 1)

# One lead: whose, collected by whom, of which department, who sits on it, in which state, worth what, next act when.
people = st.integers(0, 4)
leads = st.lists(
    st.tuples(
        st.none() | people,
        people,
        st.sampled_from(DEPARTMENTS),
        st.lists(people, max_size=2, unique=True),
        st.sampled_from(STATES),
        st.none() | st.integers(0, 9),
        st.none() | st.integers(0, 2),
    ),
    max_size=14,
)
orders = st.sampled_from([("-id",), ("next_action_on", "id"), ("-gross_amount", "-id"), ("-owner__name", "id")])


@pytest.fixture
def readers() -> list[User]:
    """An account manager, a member, a head of two departments, a deputy of that head, a lead manager."""
    made = [
        make_user("seller", department="sales_north", roles=("ar",)),
        make_user("member", department="solution"),
        make_user("above", department="management"),
        make_user("deputy", department="management"),
        make_user("giver", department="sales", roles=("lead_manager",)),
    ]
    Department.objects.filter(code__in=("sales_north", "sales_south")).update(head=made[2])
    delegate(made[2], made[3], first_day=today(), last_day=today())
    return made


def make(data: list[Any], readers: list[User]) -> list[Lead]:
    """The leads as they were drawn, as history that was taken in."""
    rooms, source = {one.code: one for one in Department.objects.all()}, term("lead.source", "inquiry")
    made = []
    for number, (owner, creator, room, seats, state, worth, due) in enumerate(data):
        case = Case.objects.create(title=f"case {number}")
        Seat.objects.bulk_create(
            Seat(case=case, role="member", user=readers[who], during=(timezone.now(), None)) for who in seats
        )
        lead = Lead(
            case=case,
            code=f"T-{number}",
            title="even" if number % 2 == 0 else "odd",
            owner=None if owner is None else readers[owner],
            created_by=readers[creator],
            department=rooms[room],
            state=state,
            gross_amount=None if worth is None else Decimal(worth),
            next_action_on=None if due is None else DAY + dt.timedelta(days=due),
            source=source,
            imported=True,
            search_text="even" if number % 2 == 0 else "odd",
        )
        made.append(lead)
    return Lead.objects.bulk_create(made)


def expected(data: list[Any], made: list[Lead], reader: int) -> set[int]:
    """Who sees what, said once more without the database: seller, member, head, deputy of the head, lead manager."""
    acting = {3: {2, 3}}.get(reader, {reader})
    found = set()
    for lead, (owner, creator, room, seats, state, _worth, _due) in zip(made, data, strict=True):
        headed = reader in (2, 3) and room in ("sales_north", "sales_south")
        pooled = reader == 0 and state == "pooled"
        if reader == 4 or headed or pooled or acting & {owner, creator, *seats}:
            found.add(lead.pk)
    return found


def walk(queryset: Any, keyset: Keyset) -> list[int]:
    """All rows by pages of two, forward; and back again, which must be the same."""
    current = page(queryset, keyset=keyset, size=2)
    forward = [row.pk for row in current]
    while current.next_cursor:
        current = page(queryset, keyset=keyset, cursor=current.next_cursor, size=2)
        forward += [row.pk for row in current]
    back = [row.pk for row in current]
    while current.previous_cursor:
        current = page(queryset, keyset=keyset, cursor=current.previous_cursor, size=2)
        back = [row.pk for row in current] + back
    assert forward == back
    return forward


def compare(readers: list[User], data: list[Any], made: list[Lead], keyset: Keyset) -> None:
    """Pages, counts, sums and boards of every reader with what was reckoned above."""
    for place, reader in enumerate(readers):
        reader.forget()
        wanted = expected(data, made, place)
        visible = Lead.objects.visible_to(reader).filter(pk__in=[lead.pk for lead in made])
        assert set(visible.values_list("pk", flat=True)) == wanted
        walked = walk(visible.select_related("owner"), keyset)
        assert sorted(walked) == sorted(wanted)
        assert capped_count(visible) == (len(wanted), False)
        assert capped_count(visible, cap=2) == (min(len(wanted), 2), len(wanted) > 2)
        rows = [[lead for lead in made if lead.pk in wanted and lead.state == state] for state in STATES]
        totals = column_totals(visible, by="state", values=STATES, day=DAY, amount="gross_amount", currency="currency")
        assert [total.number for total in totals] == [len(one) for one in rows]
        sums = [sum((lead.gross_amount or Decimal(0) for lead in one), Decimal(0)) for one in rows]
        assert [total.amount or 0 for total in totals] == sums
        capped = column_totals(visible, by="state", values=STATES, day=DAY, amount="gross_amount", cap=1)
        assert [(total.number, total.capped) for total in capped] == [(min(len(one), 1), len(one) > 1) for one in rows]
        drawn = first_pages(visible.select_related("owner"), by="state", values=STATES, keyset=keyset, size=3)
        assert [[row.pk for row in one] for one in drawn] == [
            [pk for pk in walked if pk in {lead.pk for lead in one}][:3] for one in rows
        ]
        even = {lead.pk for number, lead in enumerate(made) if number % 2 == 0}
        found = search(visible.filter(~Q(state="invalid")), "search_text", "even")
        assert capped_count(found)[0] == len({lead.pk for lead in made if lead.state != "invalid"} & wanted & even)


# The rows are made anew for each example, the people stay.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=leads, order=orders)
def test_every_reader_gets_exactly_what_the_condition_gives(
    readers: list[User], data: list[Any], order: tuple[str, ...]
) -> None:
    with transaction.atomic():
        compare(readers, data, make(data, readers), Keyset(order))
        transaction.set_rollback(True)


def test_a_page_and_a_count_ask_once(readers) -> None:
    """However many reasons there are: one statement each, as for somebody who sees everything."""
    visible = Lead.objects.visible_to(readers[2])
    with CaptureQueriesContext(connection) as asked:
        page(visible, keyset=Keyset(("-id",)))
        capped_count(visible)
    assert len(asked) == 2
    assert all(one["sql"].count("UNION") == 3 + (place == 0) for place, one in enumerate(asked))


def test_reasons_outlive_further_filters_but_not_what_would_change_them(readers) -> None:
    visible = Lead.objects.visible_to(readers[0])
    assert [type(one) for one in visible.filter(state="new").exclude(title="x").query.where.children].count(AnyOf) == 1
    whole = [
        Lead.objects.all(),
        Lead.objects.visible_to(readers[4]),
        visible.distinct(),
        visible | Lead.objects.filter(state="new"),
        Lead.objects.exclude(pk__in=visible),
        any_of(Lead.objects.all(), ~(Q(state="new") | Q(state="pooled"))),
        any_of(Lead.objects.all(), Q(state="new")),
    ]
    for queryset in whole:
        assert "UNION" not in some(queryset.values("pk"), 3)[0]
    assert "UNION" in some(visible.values("pk"), 3)[0]
    assert "UNION" in str(first(visible.annotate(worth=F("gross_amount")).order_by("-worth"), 3).query)


def test_every_reason_is_found_by_an_index(readers) -> None:
    """The member sits on one deal and collected two: page and count walk no table and no index from its end."""
    drawn: list[Any] = [(None, 4, "hr", [], STATES[number % 4], None, None) for number in range(40)]
    drawn[7], drawn[20] = (4, 1, *drawn[7][2:]), (4, 0, "hr", [1], *drawn[20][4:])
    made = make(drawn, readers)
    visible, keyset = Lead.objects.visible_to(readers[1]), Keyset(("-id",))
    with CaptureQueriesContext(connection) as asked:
        assert [row.pk for row in page(visible, keyset=keyset)] == [made[20].pk, made[7].pk]
        assert capped_count(visible) == (2, False)
        assert [len(one) for one in first_pages(visible, by="state", values=STATES, keyset=keyset)] == [1, 0, 0, 1]
        totals = column_totals(visible, by="state", values=STATES, day=DAY, amount="gross_amount")
        assert [total.number for total in totals] == [1, 0, 0, 1]
    assert len(asked) == 4
    whole_list = asked.captured_queries[:2]
    with connection.cursor() as cursor:
        for means in ("seqscan", "mergejoin", "hashjoin"):  # forty rows are read whole where that is allowed
            cursor.execute(f"SET LOCAL enable_{means} = off")
        for one in whole_list:
            cursor.execute(f"EXPLAIN {one['sql']}")
            plan = [line for (line,) in cursor.fetchall()]
            for reason in ("owner_id", "created_by_id", "case_id = ANY"):
                told = [line for line in plan if f": ({reason}" in line]
                assert told and all("Index Cond: " in line or "Recheck Cond: " in line for line in told), plan


def test_seats_are_read_once_for_all_columns_and_only_where_a_column_is_not_full(readers) -> None:
    """The head also sits on ten deals of others; two columns of the own department are full, two are not."""
    sits: list[Any] = [(0, 0, "hr", [2], STATES[number % 4], 1, None) for number in range(10)]
    own: list[Any] = [(0, 0, "sales_north", [], STATES[number % 2], 1, None) for number in range(30)]
    make(sits + own, readers)
    visible = Lead.objects.visible_to(readers[2])
    with CaptureQueriesContext(connection) as asked:
        first_pages(visible, by="state", values=STATES, keyset=Keyset(("-id",)), size=3)
        full = column_totals(visible, by="state", values=STATES[:2], day=DAY, amount="gross_amount", cap=10)
        every = column_totals(visible, by="state", values=STATES, day=DAY, amount="gross_amount", cap=10)
    assert [(one.number, one.capped) for one in full] == [(10, True), (10, True)]
    assert [(one.number, one.amount) for one in every[2:]] == [(2, Decimal(2)), (2, Decimal(2))]
    loops = []
    with connection.cursor() as cursor:
        for one in asked.captured_queries:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {one['sql']}")
            plan = [line for (line,) in cursor.fetchall()]
            loops += [line.partition("loops=")[2].rstrip(")") for line in plan if "process_seat" in line]
    assert loops == ["1", "", "1"], loops  # "" is what was never executed
