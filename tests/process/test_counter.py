"""The counter: who may take what is offered, how it goes back, and that nobody is passed over."""

import datetime as dt
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import Notice
from accounts.services import delegate
from core.calendar import today
from core.errors import NotAllowed, Refused
from leads.models import Lead
from process.models import CaseRecord, Handover
from process.services import counter, take_seat
from tests.factories.leads import make_working_lead
from tests.helpers import actions, last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db


class Stage:
    """A stage behind the counter that only notes what it was given."""

    def __init__(self) -> None:
        self.taken: list[Handover] = []
        self.returned: list[str] = []

    def take(self, handover: Handover, *, by: Actor) -> None:
        self.taken.append(handover)

    def back(self, record: Any, handover: Handover, *, by: Actor) -> None:
        self.returned.append(handover.state)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """ "guidance" is taken by the test, "delivery" only by hand, "billing" by the system."""
    made = Stage()
    monkeypatch.setitem(counter._takers, "guidance", (made.take, "sr", False))
    monkeypatch.setitem(counter._takers, "delivery", (made.take, "fr", True))
    monkeypatch.setitem(counter._takers, "billing", (made.take, "finance", False))
    monkeypatch.setattr(counter, "_automatic", set())
    monkeypatch.setitem(counter._returners, "leads.lead", made.back)
    return made


@pytest.fixture
def lead(sales, solution, stage) -> Lead:
    """A lead whose case has an AR and an SR."""
    made = make_working_lead(sales)
    take_seat(made.case_id, "sr", solution, by=sales)
    return made


def offer(lead: Lead, by: Any, to: str = "guidance", **more: Any) -> Handover:
    return counter.offer(lead, to=to, package={"goal": "a pilot", "until": dt.date(2026, 5, 1)}, by=by, **more)


def holder(lead: Lead) -> int | None:
    return CaseRecord.objects.get(kind="leads.lead", object_id=lead.pk).holder_id


def test_an_offer_waits_for_its_receiver(lead, sales, solution, stage) -> None:
    handover = offer(lead, sales)
    assert (handover.state, handover.owner, handover.receivers()) == ("offered", sales, [solution.pk])
    assert handover.package == {"goal": "a pilot", "until": "2026-05-01"}
    assert handover.due_at is not None
    assert stage.taken == []
    assert holder(lead) == solution.pk, "the record waits for the receiver"
    notice = Notice.objects.get(user=solution, key=f"handover:{handover.pk}")
    assert notice.link == handover.get_absolute_url()
    assert actions(handover) == ["handover.offer"]


def test_taken_by_the_receiver(lead, sales, solution, stage) -> None:
    handover = offer(lead, sales)
    counter.take(handover, by=solution, conditions="survey first", conditions_due_on=today())
    assert (handover.state, handover.conditions, handover.conditions_due_on) == ("taken", "survey first", today())
    assert handover.ended_at is not None
    assert stage.taken == [handover]
    assert holder(lead) == sales.pk
    assert last_log(handover).action == "handover.take"


def test_only_the_receiver_takes_or_returns(lead, sales, sales2, delivery, stranger, stage) -> None:
    handover = offer(lead, sales)
    for person in (sales, sales2, delivery, stranger):
        with unchanged(handover, lead), pytest.raises(NotAllowed):
            counter.take(handover, by=person)
        with unchanged(handover, lead), pytest.raises(NotAllowed):
            counter.return_(handover, by=person, note="no")
    assert stage.taken == []


def test_who_offers_to_oneself_takes_in_the_same_act(lead, sales, stage) -> None:
    handover = offer(lead, sales, receiver="ar")
    assert handover.state == "taken"
    assert stage.taken == [handover]
    assert actions(handover) == ["handover.offer", "handover.take"]
    assert last_log(handover).note


def test_but_not_where_it_is_taken_by_hand(lead, sales, stage) -> None:
    take_seat(lead.case_id, "fr", sales, by=sales)
    handover = offer(lead, sales, to="delivery")
    assert (handover.state, stage.taken) == ("offered", [])
    counter.take(handover, by=sales)
    assert handover.state == "taken"


def test_what_needs_no_judgement_the_system_takes(lead, sales, stage, monkeypatch) -> None:
    monkeypatch.setattr(counter, "_automatic", {"billing"})
    handover = offer(lead, sales, to="billing")
    assert handover.state == "taken"
    entry = last_log(handover)
    assert (entry.actor_kind, entry.actor_name, entry.user) == ("system", "counter.billing", None)


def test_a_vacant_seat_takes_nothing_over(sales, stage) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(Refused, match="SR"):
        offer(lead, sales)
    assert Handover.objects.count() == 0


def test_an_offer_to_a_role_is_taken_by_whoever_has_it(lead, sales, finance, stage) -> None:
    """Finance is no seat of the case: whoever has the role sees it and takes it, others do not even see it."""
    handover = offer(lead, sales, to="billing")
    assert handover.receivers() == [finance.pk]
    assert Handover.objects.visible_to(finance).filter(pk=handover.pk).exists()
    counter.take(handover, by=finance)
    assert handover.state == "taken"


def test_a_role_without_further_rights_sees_what_it_is_offered(lead, sales, service, stranger, stage) -> None:
    take_seat(lead.case_id, "service", sales, by=sales)
    handover = offer(lead, sales, to="guidance", receiver="service")
    assert handover.state == "taken", "the seat goes before the role"
    other = make_working_lead(sales)
    waiting = offer(other, sales, to="guidance", receiver="service")
    assert signed_in(service).get(waiting.get_absolute_url()).status_code == 200
    assert signed_in(stranger).get(waiting.get_absolute_url()).status_code == 404


def test_returned_with_its_gaps(lead, sales, solution, stage) -> None:
    handover = offer(lead, sales)
    with unchanged(handover, lead), pytest.raises(Refused):
        counter.return_(handover, by=solution, note="  ")
    counter.return_(handover, by=solution, note="incomplete", gaps=["no contact", "no budget"])
    assert (handover.state, handover.gaps) == ("returned", ["no contact", "no budget"])
    assert stage.returned == ["returned"]
    assert holder(lead) == sales.pk
    assert last_log(handover).note == "incomplete"
    again = offer(lead, sales)
    assert again.pk != handover.pk, "a re-offer is a new row"


def test_withdrawn_by_the_offering_side_only(lead, sales, solution, stage) -> None:
    handover = offer(lead, sales)
    with unchanged(handover, lead), pytest.raises(NotAllowed):
        counter.withdraw(handover, by=solution)
    counter.withdraw(handover, by=sales)
    assert handover.state == "withdrawn"
    assert stage.returned == ["withdrawn"]
    for act in (counter.take, counter.return_):
        with unchanged(handover, lead), pytest.raises(Refused):
            act(handover, by=solution, note="too late")


def test_one_open_offer_for_one_target(lead, sales, stage) -> None:
    offer(lead, sales)
    with unchanged(lead), pytest.raises(Refused):
        offer(lead, sales)
    assert Handover.objects.count() == 1


def test_conditions_need_a_date(lead, sales, solution, stage) -> None:
    handover = offer(lead, sales)
    with unchanged(handover, lead), pytest.raises(Refused):
        counter.take(handover, by=solution, conditions="survey first")


def test_a_deputy_takes_for_the_receiver(lead, sales, sales2, solution, stage) -> None:
    delegate(solution, sales2, first_day=today(), last_day=today())
    handover = offer(lead, sales)
    assert signed_in(sales2).get(handover.get_absolute_url()).status_code == 200
    counter.take(handover, by=sales2)
    entry = last_log(handover)
    assert entry.user == sales2
    assert solution.name in entry.actor_name


def test_taking_over_on_the_page(lead, sales, solution, stranger, stage) -> None:
    handover = offer(lead, sales)
    address = f"{handover.get_absolute_url()}take/"
    assert signed_in(stranger).post(address).status_code == 404
    assert signed_in(sales).post(address).status_code == 403
    assert signed_in(solution).get(address).status_code == 200
    assert signed_in(solution).post(address).status_code == 302
    handover.refresh_from_db()
    assert handover.state == "taken"
    assert signed_in(solution).post(address).status_code == 409
