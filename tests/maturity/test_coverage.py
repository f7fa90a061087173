"""Digital coverage, computed by hand."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Department, User
from maturity import selectors
from maturity.selectors import Figures
from maturity.services import practice as practices
from process import catalogue
from process.models import LogEntry
from tests.factories.leads import make_assigned_lead, make_lead
from tests.factories.maturity import make_keeper, make_practice
from tests.people import make_user

pytestmark = pytest.mark.django_db


def department(code: str) -> int:
    return Department.objects.get(code=code).pk


def test_every_step_is_expected_in_the_department_that_it_names() -> None:
    """28 steps, 28 pairs, nothing known: of marketing one, of sales in the lead stage three."""
    found = selectors.coverage()
    assert found.company == Figures(applicable=28)
    assert found.company.coverage == 0 and found.company.seen_share is None
    assert found.cells[department("marketing"), "lead"] == Figures(applicable=1)
    assert found.cells[department("sales"), "lead"] == Figures(applicable=3)


def test_by_hand() -> None:
    """Sales has three steps of the lead stage; two in LTC with fit 4 and 1, one on paper: 66 %, weighted 5/12 = 41 %.

    A fourth, of a department below it that the step does not name, counts there and for the stage.
    """
    make_practice("ML-2", fit=4)
    make_practice("ML-3", fit=1)
    make_practice("ML-4", medium="paper", fit=2)
    make_practice("ML-3", department="sales_north", fit=2)
    found = selectors.coverage()
    cell = found.cells[department("sales"), "lead"]
    assert cell == Figures(applicable=3, surveyed=3, covered=2, fit=5)
    assert (cell.coverage, cell.weighted, cell.fit_share) == (66, 41, 62)
    # with marketing's, which nobody has looked at, and north's: three of five
    assert found.by_stage["lead"] == Figures(applicable=5, surveyed=4, covered=3, fit=7)
    assert (found.by_stage["lead"].coverage, found.by_stage["lead"].weighted) == (60, 35)
    assert found.company == Figures(applicable=29, surveyed=4, covered=3, fit=7)
    assert found.by_department[department("sales_north")].coverage == 100


def test_what_does_not_apply_leaves_the_denominator() -> None:
    make_practice("ML-2")
    practices.exclude(make_practice("ML-3"), by=make_keeper(), note="x")
    cell = selectors.coverage().cells[department("sales"), "lead"]
    assert cell == Figures(applicable=2, surveyed=1, covered=1, fit=4, excluded=1)
    assert cell.coverage == 50


def test_only_all_is_100_percent() -> None:
    """199 of 200 would round to 100."""
    assert Figures(applicable=200, covered=199, fit=796).coverage == 99
    assert Figures(applicable=200, covered=200, fit=800).weighted == 100
    assert Figures().coverage is None


def test_a_practice_of_a_step_that_is_gone_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    make_practice("ML-2")
    left = [step for step in catalogue.current().steps if step.code != "ML-2"]
    monkeypatch.setattr(catalogue.current(), "steps", left)
    assert selectors.coverage().company == Figures(applicable=27)


def test_claimed_and_not_seen(sales: User) -> None:
    """ML-2 is ended by lead.assign: done by the lead manager of sales it is seen there and in no other department."""
    make_practice("ML-2", department="sales")
    make_practice("ML-2", department="channel")
    assert len(selectors.coverage().claimed_only) == 2
    make_assigned_lead(owner=sales)
    unseen = selectors.coverage().claimed_only
    assert [pair.department.code for pair in unseen] == ["channel"]
    company = selectors.coverage().company
    assert (company.covered, company.seen, company.unseen, company.seen_share) == (2, 1, 1, 50)


def test_what_people_below_do_is_seen_above_and_not_the_other_way(sales: User) -> None:
    """lead.open by somebody of sales_north ends ML-1."""
    make_practice("ML-1", department="sales")
    make_practice("ML-1", department="sales_north")
    make_practice("ML-1", department="sales_south")
    make_lead(by=sales)  # an account manager of sales_north
    assert LogEntry.objects.filter(action="lead.open", user__department__code="sales_north").exists()
    assert [pair.department.code for pair in selectors.coverage().claimed_only] == ["sales_south"]


def test_seen_is_the_last_90_days(sales: User) -> None:
    make_practice("ML-1", department="sales_north")
    make_lead(by=sales)
    assert selectors.coverage().company.seen == 1
    with time_machine.travel(timezone.now() + dt.timedelta(days=90, minutes=1), tick=False):
        assert selectors.coverage().company.seen == 0


def test_what_is_not_said_to_be_in_ltc_is_not_seen_either(sales: User) -> None:
    make_practice("ML-1", department="sales_north", medium="excel", fit=2)
    make_lead(by=sales)
    company = selectors.coverage().company
    assert (company.covered, company.seen) == (0, 0)


def test_the_questions_do_not_grow_with_the_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("process.catalogue._FRESH_SECONDS", float("inf"))
    keeper = make_keeper()
    make_practice("ML-2", by=keeper)
    selectors.coverage()
    with CaptureQueriesContext(connection) as few:
        selectors.coverage()
    for code in ("sales_north", "sales_east", "channel"):
        for step in ("ML-1", "ML-2", "ML-3", "ML-4"):
            make_practice(step, department=code, by=keeper, owner=make_user("owner", department=code))
    with CaptureQueriesContext(connection) as many:
        selectors.coverage()
    assert len(few) == len(many) <= 4
