"""Deputies: for a time, one at a time, never in a circle; what they may is what their principal may."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connections

from accounts.models import Delegation, User
from accounts.services import days_of, delegate, end_delegation
from core.calendar import today
from core.errors import Refused
from tests.api.caller import Caller, problem
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def acting(user: User) -> set[int]:
    return set(User.objects.get(pk=user.pk).acting_ids)


def test_a_deputy_acts_from_the_first_to_the_last_day(sales, sales2) -> None:
    first = today() + DAY
    delegate(sales, sales2, first_day=first, last_day=first + DAY, reason="leave")
    noon = dt.datetime.combine(first, dt.time(12), dt.UTC)
    days = {offset: noon + offset * DAY for offset in (-1, 0, 1, 2)}
    seen = {}
    for offset, moment in days.items():
        with time_machine.travel(moment, tick=False):
            seen[offset] = sales.pk in acting(sales2)
    assert seen == {-1: False, 0: True, 1: True, 2: False}
    assert acting(sales) == {sales.pk}


def test_a_day_is_the_companys_day(sales, sales2) -> None:
    """At 17:00 UTC it is tomorrow already in Shanghai."""
    with time_machine.travel(dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC), tick=False):
        delegate(sales, sales2, first_day=dt.date(2026, 3, 7), last_day=dt.date(2026, 3, 7))
        assert sales.pk not in acting(sales2)
    with time_machine.travel(dt.datetime(2026, 3, 6, 17, tzinfo=dt.UTC), tick=False):
        assert sales.pk in acting(sales2)


@pytest.mark.parametrize(("first", "last"), [(2, 1), (-5, -1), (0, 1000), (0, 2_913_000)])
def test_an_impossible_period_is_refused(sales, sales2, first, last) -> None:
    last_day = min(today() + last * DAY, dt.date.max) if last < 2_000_000 else dt.date.max
    with pytest.raises(Refused):
        delegate(sales, sales2, first_day=today() + first * DAY, last_day=last_day)
    assert Delegation.objects.count() == 0


def test_who_cannot_be_a_deputy(sales, sales2) -> None:
    with pytest.raises(Refused):
        delegate(sales, sales, first_day=today(), last_day=today())
    sales2.is_active = False
    sales2.save()
    with pytest.raises(Refused):
        delegate(sales, sales2, first_day=today(), last_day=today())


def test_one_deputy_at_a_time_and_no_circle(sales, sales2, solution) -> None:
    delegate(sales, sales2, first_day=today(), last_day=today() + DAY)
    with pytest.raises(Refused):
        delegate(sales, solution, first_day=today() + DAY, last_day=today() + 2 * DAY)
    with pytest.raises(Refused):
        delegate(sales2, sales, first_day=today(), last_day=today())
    delegate(sales, solution, first_day=today() + 2 * DAY, last_day=today() + 3 * DAY)
    delegate(solution, sales2, first_day=today(), last_day=today())
    assert acting(sales2) == {sales2.pk, sales.pk, solution.pk}, "several may name the same deputy"


def test_work_is_handed_on_once(sales, sales2, solution) -> None:
    """A deputy of a deputy is refused, from both ends, on the days of both; the days before and after are free."""
    delegate(sales, sales2, first_day=today() + 5 * DAY, last_day=today() + 9 * DAY)
    for first, last in ((5, 5), (9, 9), (0, 5), (9, 20), (0, 20)):
        days = {"first_day": today() + first * DAY, "last_day": today() + last * DAY}
        with pytest.raises(Refused, match=str(sales)):
            delegate(sales2, solution, **days)
        with pytest.raises(Refused, match=str(sales)):
            delegate(solution, sales, **days)
    assert Delegation.objects.count() == 1
    delegate(sales2, solution, first_day=today(), last_day=today() + 4 * DAY)
    delegate(solution, sales, first_day=today() + 10 * DAY, last_day=today() + 20 * DAY)


def test_a_deputy_for_documents_does_nothing_else(sales, sales2) -> None:
    """Neither the leads nor the seats of the principal: opinions and decisions on these documents only."""
    delegate(sales, sales2, first_day=today(), last_day=today(), documents=["contracts.contract"])
    deputy = User.objects.get(pk=sales2.pk)
    assert deputy.acting_ids == {sales2.pk}
    assert deputy.deciding_for("contracts.contract") == {sales2.pk, sales.pk}
    assert deputy.deciding_for("solutions.quote") == {sales2.pk}
    told = Caller(sales).get("me/delegations/").json()["results"][0]
    assert told["documents"] == ["contracts.contract"]


def test_documents_are_named_on_the_profile_and_by_programs(sales) -> None:
    colleague = make_user("colleague", department="sales_north")
    day = today().isoformat()
    typed = {"deputy": colleague.pk, "first_day": day, "last_day": day}
    problem(Caller(sales).post("me/delegations/", {**typed, "documents": ["accounts.user"]}), 400)
    made = Caller(sales).post("me/delegations/", {**typed, "documents": ["contracts.contract"]})
    assert made.status_code == 201
    assert made.json()["documents"] == ["contracts.contract"]
    assert Delegation.objects.get().documents == ["contracts.contract"]
    assert "合同" in signed_in(sales).get("/profile/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_naming_each_other_at_once_make_no_circle(sales, sales2) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def name(principal: User, deputy: User) -> None:
        gate.wait()
        try:
            delegate(principal, deputy, first_day=today(), last_day=today())
            outcomes.append("named")
        except Refused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=name, args=pair) for pair in ((sales, sales2), (sales2, sales))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["named", "refused"]


def test_naming_a_deputy_on_the_profile(sales, sales2) -> None:
    """Only colleagues of the own department are offered."""
    colleague = make_user("colleague", department="sales_north")
    client, day = signed_in(sales), today().isoformat()
    page = client.get("/profile/").content.decode()
    assert colleague.name in page
    typed = {"first_day": day, "last_day": day, "reason": "leave"}
    assert client.post("/profile/", {**typed, "deputy": sales2.pk}).status_code == 422
    assert Delegation.objects.count() == 0
    assert client.post("/profile/", {**typed, "deputy": colleague.pk}).status_code == 302
    assert Delegation.objects.get().deputy == colleague
    again = client.post("/profile/", {**typed, "deputy": colleague.pk})
    assert again.status_code == 409, "refused, and the form says why"
    assert Delegation.objects.count() == 1


# Taking the work back ------------------------------------------------------------------------------------
def test_the_work_is_taken_back_from_today_on(sales, sales2) -> None:
    """Begun days ago it keeps the days that were; what begins today or later goes."""
    begun = delegate(sales, sales2, first_day=today() - 3 * DAY, last_day=today() + 5 * DAY)
    later = delegate(sales, sales2, first_day=today() + 6 * DAY, last_day=today() + 9 * DAY)
    assert sales.pk in acting(sales2)
    page = signed_in(sales).get("/profile/").content.decode()
    assert all(f"/profile/deputies/{one.pk}/end/" in page for one in (begun, later))
    assert (today() + 9 * DAY).isoformat() in page
    answer = signed_in(sales).post(f"/profile/deputies/{begun.pk}/end/")
    assert (answer.status_code, answer["Location"]) == (302, "/profile/")
    assert sales.pk not in acting(sales2)
    begun.refresh_from_db()
    assert days_of(begun) == (today() - 3 * DAY, today() - DAY)
    assert Caller(sales).post(f"me/delegations/{later.pk}/end/").status_code == 204
    assert list(Delegation.objects.all()) == [begun]
    assert delegate(sales, sales2, first_day=today(), last_day=today())


def test_what_is_over_or_somebody_elses_is_not_ended(sales, sales2, stranger) -> None:
    with time_machine.travel(dt.datetime.now(dt.UTC) - 30 * DAY, tick=False):
        over = delegate(sales, sales2, first_day=today(), last_day=today() + DAY)
    mine = delegate(sales, sales2, first_day=today(), last_day=today() + DAY)
    before = list(Delegation.objects.order_by("pk").values())
    with pytest.raises(Refused):
        end_delegation(sales, over.pk)
    problem(Caller(sales).post(f"me/delegations/{over.pk}/end/"), 409)
    for other in (sales2, stranger):
        problem(Caller(other).post(f"me/delegations/{mine.pk}/end/"), 404)
        assert signed_in(other).post(f"/profile/deputies/{mine.pk}/end/").status_code == 404
    assert signed_in(sales).post(f"/profile/deputies/{over.pk}/end/").status_code == 302
    assert list(Delegation.objects.order_by("pk").values()) == before
