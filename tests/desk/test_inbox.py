"""The inbox: each kind of work reaches the right people, once, at the same cost for little and for much."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.services import delegate
from billing.services import receipt as receipts
from core.calendar import today
from desk import selectors
from finance.models import VarianceAlert
from leads.models import Lead
from process import catalogue
from process.models import Handover
from process.services import ask, counter, take_seat
from tests.factories.billing import make_receipt
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.finance import category, make_book
from tests.factories.guidance import make_plan
from tests.factories.leads import make_working_lead
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


def group(user: User, code: str) -> list[selectors.Item]:
    """What a person finds under one heading, read afresh."""
    user.forget()
    return next((list(one.items) for one in selectors.inbox(user) if one.code == code), [])


def urls(user: User, code: str) -> list[str]:
    return [item.url for item in group(user, code)]


def offer(lead: Lead, receiver: str) -> Handover:
    """An offer over the counter to a seat or role of the lead's case."""
    return counter.offer(lead, to="guidance", package={}, by=lead.owner, receiver=receiver)


# Who finds what ---------------------------------------------------------------------------------------
def test_decisions_reach_those_asked_and_their_deputies(sales, legal, solution, stranger) -> None:
    lead = make_working_lead(sales)
    late = ask(lead, assignees=[legal.pk], due_at=timezone.now() - dt.timedelta(hours=1))
    delegate(legal, solution, first_day=today(), last_day=today())
    for person in (legal, solution):
        (item,) = group(person, "decisions")
        assert (item.url, item.late) == (lead.get_absolute_url(), True)
    assert group(sales, "decisions") == group(stranger, "decisions") == []
    late.state = "done"
    late.save()
    assert group(legal, "decisions") == []


def test_handovers_reach_the_seat_before_the_role(sales, solution, sales2, stranger) -> None:
    """Offered to the service manager: the one of the case if there is one, else everybody with the role."""
    first, second = (make_user(name, department="service", roles=("service",)) for name in ("first", "second"))
    lead, seated = make_working_lead(sales), make_working_lead(sales)
    take_seat(seated.case_id, "service", first, by=sales)
    open_to_all, for_one = offer(lead, "service"), offer(seated, "service")
    assert set(urls(first, "handovers")) == {open_to_all.get_absolute_url(), for_one.get_absolute_url()}
    assert urls(second, "handovers") == [open_to_all.get_absolute_url()]
    delegate(first, sales2, first_day=today(), last_day=today())
    assert set(urls(sales2, "handovers")) == set(urls(first, "handovers"))
    assert urls(stranger, "handovers") == []
    for user in (first, second, sales2):
        for one in Handover.objects.filter(state="offered"):
            listed = one.get_absolute_url() in urls(user, "handovers")
            assert listed == bool(user.acting_ids & set(one.receivers())), "the list and the door agree"


def test_a_triangle_seat_is_not_reached_by_the_role(sales, solution) -> None:
    """Every solution manager has the role SR; only the one of the case takes its work over."""
    other = make_user("other", department="solution", roles=("sr",))
    lead = make_working_lead(sales)
    take_seat(lead.case_id, "sr", solution, by=sales)
    made = offer(lead, "sr")
    assert urls(solution, "handovers") == [made.get_absolute_url()]
    assert urls(other, "handovers") == []
    take_seat(lead.case_id, "sr", other, by=sales)
    assert (urls(solution, "handovers"), urls(other, "handovers")) == ([], [made.get_absolute_url()])


def test_money_reaches_account_managers_and_then_finance(sales, finance, cashier, stranger) -> None:
    contract = make_effective_contract()
    receipt = make_receipt(by=cashier)
    address = receipt.get_absolute_url()
    assert (urls(sales, "claims"), urls(finance, "claims")) == ([address], [])
    receipts.claim(receipt, by=ar_of(contract), contract=contract, note="委托付款")
    assert (urls(sales, "claims"), urls(finance, "claims")) == ([], [address])
    assert urls(stranger, "claims") == []


def test_next_steps_are_shown_from_their_day_on(sales, sales2) -> None:
    due = make_working_lead(sales, next_action="今天", next_action_on=today())
    late = make_working_lead(sales, next_action="昨天", next_action_on=today() - dt.timedelta(days=1))
    make_working_lead(sales, next_action="明天", next_action_on=today() + dt.timedelta(days=1))
    found = group(sales, "next_steps")
    assert [(item.url, item.late) for item in found] == [
        (late.get_absolute_url(), True),
        (due.get_absolute_url(), False),
    ]
    assert group(sales2, "next_steps") == []


def test_the_earliest_next_steps_of_all_one_acts_for_come_first(sales, sales2, monkeypatch) -> None:
    days = {sales: (5, 3), sales2: (4, 2)}
    for owner, back in days.items():
        for number in back:
            make_working_lead(owner, next_action=f"{number}", next_action_on=today() - dt.timedelta(days=number))
    delegate(sales2, sales, first_day=today(), last_day=today())
    monkeypatch.setattr(selectors, "LIMIT", 3)
    assert [item.sub for item in group(sales, "next_steps")] == ["5", "4", "3"]
    assert [item.sub for item in group(sales2, "next_steps")] == ["4", "2"]


def test_alerts_reach_the_case_s_people_who_may_see_cost(sales, delivery, pfc) -> None:
    book = make_book(sales, seats={"fr": delivery})
    VarianceAlert.objects.create(
        book=book, category=category("travel.transport"), threshold=100, net_budget=Decimal(10), net_used=Decimal(11)
    )
    (item,) = group(delivery, "alerts")
    assert (item.url, item.late) == (book.get_absolute_url(), True)
    assert group(sales, "alerts") == [], "an account manager sees no cost"
    assert group(pfc, "alerts") == [], "not on the case"


def test_each_thing_stands_once(sales, legal) -> None:
    """A lead that waits for the next act stands there, not also among what one holds."""
    late = make_working_lead(sales, next_action="昨天", next_action_on=today() - dt.timedelta(days=1))
    other = make_working_lead(sales)
    assert urls(sales, "next_steps") == [late.get_absolute_url()]
    assert urls(sales, "held") == [other.get_absolute_url()]


def test_nothing_to_do_is_said_so(stranger) -> None:
    assert selectors.inbox(stranger) == []
    assert signed_in(stranger).get("/home/").status_code == 200


# What it costs ----------------------------------------------------------------------------------------
@pytest.fixture
def busy(sales, cashier) -> User:
    """An account manager who is also asked to decide, take over and look at cost."""
    user = make_user("busy", department="sales_north", roles=("ar", "sr", "fr", "head"))
    book = make_book(user)
    VarianceAlert.objects.bulk_create(
        VarianceAlert(book=book, category=category(code), threshold=90, net_budget=10, net_used=9)
        for code in ("travel.transport", "material.hardware")
    )
    plan = make_plan()
    plan.activities.update(holder=user, next_step="x", next_step_on=today(), done_on=None)
    return user


def work(user: User, count: int) -> None:
    """So much of every kind."""
    for _number in range(count):
        lead = make_working_lead(user, next_action="x", next_action_on=today() - dt.timedelta(days=1))
        ask(lead, assignees=[user.pk])
        other = make_working_lead()
        take_seat(other.case_id, "sr", user, by=other.owner)
        offer(other, "sr")
        make_receipt()


def statements(user: User, address: str) -> int:
    client = signed_in(user)
    catalogue.forget()
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_inbox_costs_the_same_for_2_and_12_of_each_kind(busy) -> None:
    work(busy, 2)
    codes = {one.code for one in selectors.inbox(busy)}
    assert codes == {"decisions", "handovers", "claims", "next_steps", "alerts"}
    few = statements(busy, "/home/")
    work(busy, 10)
    assert few == statements(busy, "/home/") <= 22


def test_the_search_costs_the_same_for_2_and_12_hits(busy) -> None:
    for _number in range(2):
        make_working_lead(busy, title="搜索目标")
    few = statements(busy, "/search/?q=搜索目标")
    for _number in range(10):
        make_working_lead(busy, title="搜索目标")
    assert few == statements(busy, "/search/?q=搜索目标") <= 45


# Searching --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["%00", "%ED%A0%80", "x" * 5000, "%25_", "", "   ", "'; DROP TABLE"])
def test_odd_words_break_nothing(sales, text) -> None:
    assert signed_in(sales).get(f"/search/?q={text}").status_code == 200


def test_a_hit_leads_to_the_whole_list(sales) -> None:
    lead = make_working_lead(sales, title="甲 & 乙 #1")
    page = signed_in(sales).get("/search/?q=甲 %26").content.decode()
    assert lead.code in page
    address = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/leads/?q="))
    listed = signed_in(sales).get(address.replace("&amp;", "&"))
    assert listed.status_code == 200
    assert lead.code in listed.content.decode()
