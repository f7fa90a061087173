"""Seats: one holder at a time, sure as the database; what a seat lets one see and do ends with it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice
from core.errors import NotAllowed, Refused
from leads.models import Lead
from process import access
from process.models import LogEntry, Seat
from process.services import edit, leave_seat, seat, take_seat
from tests.factories.leads import make_working_lead
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(sales) -> Lead:
    return make_working_lead(sales)


def seat_log(lead: Lead) -> list[tuple[str, dict]]:
    found = LogEntry.objects.filter(case_id=lead.case_id, kind="process.case").order_by("seq")
    return list(found.values_list("action", "changes"))


def test_a_new_holder_ends_the_old_one_in_the_same_moment(lead, sales, solution, sales2) -> None:
    first = take_seat(lead.case_id, "sr", solution, by=sales)
    second = take_seat(lead.case_id, "sr", sales2, by=sales, note="solution is ill")
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.during.upper == second.during.lower
    assert seat(lead.case_id, "sr") == sales2
    assert seat_log(lead)[-1] == ("case.seat", {"sr": [solution.name, sales2.name]})
    assert Notice.objects.filter(user=sales2, key=f"seat:{second.pk}").count() == 1


def test_taking_what_one_has_changes_nothing(lead, sales, solution) -> None:
    first = take_seat(lead.case_id, "sr", solution, by=sales)
    with unchanged(lead):
        assert take_seat(lead.case_id, "sr", solution, by=sales) == first


def test_even_within_one_instant_there_is_one_holder(lead, sales, solution, sales2) -> None:
    """A period that ends where it begins is empty: the first holder would sit there forever."""
    with time_machine.travel(timezone.now(), tick=False):
        take_seat(lead.case_id, "sr", solution, by=sales)
        take_seat(lead.case_id, "sr", sales2, by=sales)
        take_seat(lead.case_id, "sr", solution, by=sales)
    held = Seat.objects.current().filter(case_id=lead.case_id, role="sr")
    assert [one.user for one in held] == [solution]
    assert Seat.objects.filter(case_id=lead.case_id, role="sr", during__isempty=True).count() == 0


def test_the_database_refuses_a_second_holder(lead, sales, solution, sales2) -> None:
    take_seat(lead.case_id, "sr", solution, by=sales)
    with pytest.raises(IntegrityError, match="one_holder_per_seat"), transaction.atomic():
        Seat.objects.create(case_id=lead.case_id, role="sr", user=sales2, during=(timezone.now(), None))


def test_members_may_be_many(lead, sales, solution, sales2) -> None:
    take_seat(lead.case_id, "member", solution, by=sales)
    take_seat(lead.case_id, "member", sales2, by=sales)
    assert Seat.objects.current().filter(case_id=lead.case_id, role="member").count() == 2


def test_who_cannot_sit(lead, sales, solution) -> None:
    with unchanged(lead), pytest.raises(Refused):
        take_seat(lead.case_id, "captain", solution, by=sales)
    solution.is_active = False
    solution.save()
    with unchanged(lead), pytest.raises(Refused, match=solution.name):
        take_seat(lead.case_id, "sr", solution, by=sales)


def test_seeing_and_doing_end_with_the_seat(lead, sales, solution, sales2) -> None:
    address = lead.get_absolute_url()
    assert signed_in(solution).get(address).status_code == 404
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert signed_in(solution).get(address).status_code == 200
    assert access.seats_of(lead.case_id, access.Actor.of(solution)) == {"sr"}
    leave_seat(lead.case_id, "sr", solution, by=sales)
    assert access.seats_of(lead.case_id, access.Actor.of(solution)) == frozenset()
    assert signed_in(solution).get(address).status_code == 404
    assert seat_log(lead)[-1] == ("case.leave_seat", {"sr": [solution.name, ""]})
    with unchanged(lead), pytest.raises(Refused):
        leave_seat(lead.case_id, "sr", solution, by=sales)


def test_a_seat_on_one_case_is_none_on_another(lead, sales, solution) -> None:
    other = make_working_lead(sales)
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert access.takes_part(lead, access.Actor.of(solution))
    assert not access.takes_part(other, access.Actor.of(solution))
    with unchanged(other), pytest.raises(NotAllowed):
        edit(other, by=solution, changes={"title": "mine"})


def test_seats_held_now_are_read_from_their_own_index(lead, sales) -> None:
    """Visibility asks for them in every statement: the many seats that ended stay out of it."""
    past = (timezone.now() - timedelta(days=2), timezone.now() - timedelta(days=1))
    Seat.objects.bulk_create(Seat(case=lead.case, role="member", user=sales, during=past) for _ in range(2000))
    held = Seat.objects.current().filter(user_id__in=sales.acting_ids).values("case_id")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE process_seat")
    assert "seat_held_by_user" in held.explain()
