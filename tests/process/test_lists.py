"""Generic lists and boards: every filter is known, pages follow a key, and more rows cost no more statements."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads import services
from process import catalogue
from tests.factories.leads import make_lead, make_working_lead, term
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
LINK = re.compile(r'href="/leads/(\d+)/"')


def leads_on(page: str) -> list[int]:
    """The leads a list shows, in its order, each once."""
    return list(dict.fromkeys(int(pk) for pk in LINK.findall(page)))


def get(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "state=nonsense",
        "sort=secret",
        "sort=-secret",
        "cursor=nonsense",
        "cursor=bm9uc2Vuc2U",
        "overdue=maybe",
        "source=abc",
        "source=999999999",
        "owner=1e30",
        "owner=1000000000000000000000000000000",
    ],
)
def test_what_a_list_does_not_know_is_refused(sales, query) -> None:
    assert signed_in(sales).get(f"/leads/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["q=%00", "q=%ED%A0%80", "q=" + "9" * 3000, "q=%25_\\"])
def test_odd_words_find_nothing_and_break_nothing(sales, query) -> None:
    make_lead(by=sales)
    assert signed_in(sales).get(f"/leads/?{query}").status_code == 200


def test_a_sort_orders_both_ways_and_puts_what_is_missing_last(lead_manager) -> None:
    amounts = {make_lead(by=lead_manager, gross_amount=amount).pk: amount for amount in (300, 100, None, 200)}
    client = signed_in(lead_manager)
    assert [amounts[pk] for pk in leads_on(get(client, "/leads/?sort=amount"))] == [100, 200, 300, None]
    assert [amounts[pk] for pk in leads_on(get(client, "/leads/?sort=-amount"))] == [300, 200, 100, None]


def test_states_are_tabs(lead_manager, sales) -> None:
    new, working = make_lead(by=lead_manager), make_working_lead(sales)
    client = signed_in(lead_manager)
    assert leads_on(get(client, "/leads/?state=new")) == [new.pk]
    assert leads_on(get(client, "/leads/?state=open")) == [working.pk, new.pk]
    assert leads_on(get(client, "/leads/?state=merged")) == []


def test_pages_follow_the_key_there_and_back(lead_manager) -> None:
    """A lead that comes in between is on no page twice, and none is left out."""
    made = [make_lead(by=lead_manager).pk for _number in range(53)]
    client = signed_in(lead_manager)
    first = get(client, "/leads/")
    assert leads_on(first) == made[:2:-1]
    late = make_lead(by=lead_manager).pk
    following = next(address for address in re.findall(r'href="(\?[^"]*cursor=[^"]+)"', first))
    second = get(client, f"/leads/{following.replace('&amp;', '&')}")
    assert leads_on(second) == made[2::-1]
    back = re.findall(r'href="(\?[^"]*cursor=[^"]+)"', second)[0]
    assert leads_on(get(client, f"/leads/{back.replace('&amp;', '&')}")) == made[:2:-1]
    assert leads_on(get(client, "/leads/"))[0] == late


def test_a_column_of_the_board_is_paged(lead_manager) -> None:
    made = [make_lead(by=lead_manager).pk for _number in range(23)]
    client = signed_in(lead_manager)
    board = get(client, "/leads/board/")
    assert leads_on(board) == made[:2:-1]
    more = re.search(r'hx-get="([^"]+)"[^>]*hx-target="closest li"', board)
    assert more
    cards = get(client, more.group(1).replace("&amp;", "&"))
    assert leads_on(cards) == made[2::-1]
    assert "<html" not in cards, "a fragment"
    assert "hx-get" not in cards, "nothing more"


@pytest.mark.parametrize("query", ["column=nonsense", "colour=red", "column=new&cursor=nonsense", "cursor=nonsense"])
def test_what_a_board_does_not_know_is_refused(sales, query) -> None:
    assert signed_in(sales).get(f"/leads/board/?{query}").status_code == 400


def test_chips_say_what_is_filtered(lead_manager, sales) -> None:
    make_working_lead(sales)
    source = term("lead.source", "inquiry")
    page = get(signed_in(lead_manager), f"/leads/?source={source.pk}&temperature=warm&owner={sales.pk}")
    for shown in (source.zh, sales.name):
        assert shown in page


def statements(client: Client, address: str) -> int:
    # What is read once per process or every few seconds (calendar, catalogue) is read now.
    catalogue.forget()
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200, address
    return len(captured)


@pytest.mark.parametrize(
    ("address", "ceiling"),
    [("/leads/", 12), ("/leads/?q=园区&temperature=warm&sort=amount", 12), ("/leads/board/", 20)],
)
def test_more_rows_cost_no_more_statements(lead_manager, sales, address, ceiling) -> None:
    def add(count: int) -> None:
        for _number in range(count):
            make_working_lead(sales)

    counts = _grown(signed_in(lead_manager), address, add)
    assert counts[0] == counts[1] <= ceiling


def test_a_longer_story_costs_no_more_statements(sales) -> None:
    lead = make_working_lead(sales)

    def add(count: int) -> None:
        for number in range(count):
            services.edit(lead, by=sales, need=f"need {number} of {count}")

    client = signed_in(sales)
    for address, ceiling in ((lead.get_absolute_url(), 20), (f"{lead.get_absolute_url()}timeline/", 8)):
        counts = _grown(client, address, add)
        assert counts[0] == counts[1] <= ceiling, address


def _grown(client: Client, address: str, add: Callable[[int], None]) -> tuple[int, int]:
    add(2)
    small = statements(client, address)
    add(10)
    return small, statements(client, address)
