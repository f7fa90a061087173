"""How the process goes: hours per step, and what is taken, returned and late at the counter."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import User
from leads.models import Lead
from process import pace
from process.models import Handover, StepDefinition, StepRecord
from process.services import counter, take_seat
from tests.api.caller import Caller
from tests.factories.leads import make_lead, make_working_lead
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def walk(lead: Lead, code: str, hours: float | None, *, began: int = 10, due: float | None = None) -> None:
    """A step on the case of a lead that began some days ago and took so many hours; None: it runs."""
    step = StepDefinition.objects.filter(code=code).order_by("-version__number").first()
    at = timezone.now() - dt.timedelta(days=began)
    StepRecord.objects.update_or_create(
        case_id=lead.case_id,
        definition=step,
        defaults={
            "state": "open" if hours is None else "done",
            "opened_at": at,
            "due_at": None if due is None else at + dt.timedelta(hours=due),
            "ended_at": None if hours is None else at + dt.timedelta(hours=hours),
        },
    )


def test_the_pace_of_a_step_is_that_of_the_cases_where_it_was_done(sales: User) -> None:
    """By hand: of 2, 4, 6 and 20 hours the median is 5 and P90 15.8; three of four limits of 6 hours were kept."""
    for hours in (2, 4, 6, 20):
        walk(make_lead(by=sales), "PI-1", hours, due=6)
    walk(make_lead(by=sales), "PI-1", 1000, began=200)  # long ago
    walk(make_lead(by=sales), "PI-1", None)
    assert pace.of_steps("PI-1") == {"PI-1": pace.Pace(done=4, in_time_percent=75, median=5.0, p90=15.8)}
    assert pace.of_steps()["PI-1"] == pace.of_steps("PI-1")["PI-1"]
    assert pace.of_steps("OM-4") == {}


def test_a_step_without_a_limit_is_never_in_time_nor_late(sales: User) -> None:
    walk(make_lead(by=sales), "PI-1", 3)
    assert pace.of_steps("PI-1")["PI-1"].in_time_percent is None


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that takes what it is given and goes back as it came."""
    monkeypatch.setitem(counter._takers, "delivery", (lambda handover, *, by: None, "fr", True))
    monkeypatch.setitem(counter._returners, "leads.lead", lambda record, handover, *, by: None)


def offer(sales: User, delivery: User) -> Handover:
    lead = make_working_lead(sales)
    take_seat(lead.case_id, "fr", delivery, by=sales)
    return counter.offer(lead, to="delivery", package={}, by=sales)


@pytest.mark.usefixtures("stage")
def test_what_was_returned_once_is_no_first_pass(sales: User, delivery: User) -> None:
    first = offer(sales, delivery)
    counter.take(first, by=delivery)
    second = offer(sales, delivery)
    counter.return_(second, by=delivery, note="no scope", gaps=["no scope"])
    again = counter.offer(Lead.objects.get(pk=second.source_id), to="delivery", package={}, by=sales)
    counter.take(again, by=delivery)
    waiting = offer(sales, delivery)
    Handover.objects.filter(pk=waiting.pk).update(due_at=timezone.now() - dt.timedelta(hours=1))
    Handover.objects.filter(pk=again.pk).update(due_at=timezone.now() - dt.timedelta(hours=1))
    assert pace.at_the_counter() == [
        pace.Passage(
            from_stage="lead",
            to_stage="delivery",
            offered=4,
            taken=2,
            returned=1,
            waiting=1,
            late=1,
            first_pass_percent=50,
            in_time_percent=50,
        )
    ]


@pytest.mark.usefixtures("stage")
def test_page_and_program_show_the_same_and_name_no_deal(sales: User, delivery: User, stranger: User) -> None:
    waiting = offer(sales, delivery)
    walk(make_lead(by=sales), "PI-1", 12.5)
    page = signed_in(stranger).get("/process/").content.decode()
    assert "12.5 小时" in page and 'id="counter"' in page
    assert waiting.title not in page and waiting.code not in page
    body = Caller(stranger).get("process/").json()
    (row,) = (one for one in body["steps"] if one["code"] == "PI-1")
    assert (row["done"], row["median"], row["in_time_percent"]) == (1, 12.5, None)
    assert [(one["from_stage"], one["to_stage"], one["waiting"]) for one in body["counter"]] == [
        ("lead", "delivery", 1)
    ]
