"""How much deciding there is: hours, rounds and refusals by document and role, hand-counted."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from approvals import load
from approvals.models import AuthorityRule
from approvals.models import Decision as Step
from approvals.selectors import requests_of
from finance.models import CostSheet
from finance.services import sheet as sheets
from process.models import StepRecord
from tests.factories.finance import make_book, make_sheet
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
SHEETS = "finance.costsheet"


@pytest.fixture
def decided(sales: User, solution: User, director: User) -> Callable[..., CostSheet]:
    """Submits an estimate and has it answered so many hours later; without an answer it waits."""
    AuthorityRule.objects.filter(document=SHEETS).delete()
    AuthorityRule.objects.create(document=SHEETS, decider="director", fallback="director", zh="规则", en="Rule")

    def decide(answer: str, hours: int = 0, sheet: CostSheet | None = None) -> CostSheet:
        sheet = sheet or make_sheet(make_book(sales, seats={"sr": solution}), solution)
        sheets.submit(sheet, by=solution)
        step = requests_of(sheet)[0].decisions.get()
        if answer:
            getattr(sheets, answer)(sheet, by=director, note="因为")
            asked = StepRecord.objects.filter(pk=step.step_id)
            begun = timezone.now() - dt.timedelta(hours=hours)
            asked.update(opened_at=begun, due_at=begun + dt.timedelta(hours=5))
        sheet.refresh_from_db()
        return sheet

    return decide


def the_load() -> Any:
    (found,) = [one for one in load.of_the_company() if one.document == SHEETS]
    return found


def test_hours_rounds_and_refusals(decided) -> None:
    assert not [one for one in load.of_the_company() if one.document == SHEETS]
    decided("approve", 2)
    twice = decided("send_back", 4)
    decided("approve", 9, sheet=twice)
    decided("")
    found = the_load()
    assert (found.kind, found.role) == ("decision", "director")
    assert (found.answered, found.waiting, found.refused) == (3, 1, 1)
    assert found.median_hours == pytest.approx(4, abs=0.1)
    assert found.rounds == 1.5, "three requests on two sheets"
    assert found.in_time_percent == 67, "two of three within five hours"
    assert found.late == 0
    StepRecord.objects.filter(state="open", kind=SHEETS).update(due_at=timezone.now() - dt.timedelta(hours=1))
    assert the_load().late == 1
    Step.objects.filter(decided_at__isnull=False).update(decided_at=timezone.now() - load.WINDOW - dt.timedelta(days=1))
    assert (the_load().answered, the_load().waiting) == (0, 1)


def test_who_never_says_no(decided, monkeypatch) -> None:
    monkeypatch.setattr(load, "ENOUGH", 2)
    decided("approve", 1)
    assert not the_load().never_refuses, "one answer says nothing"
    decided("approve", 1)
    assert the_load().never_refuses
    decided("send_back", 1)
    assert not the_load().never_refuses


def test_page_and_program_tell_the_same(decided, sales) -> None:
    decided("approve", 3)
    client = signed_in(sales)
    page = client.get("/authority/")
    (row,) = [row for row in page.context["load"].rows if row.cells[0].text == str(CostSheet._meta.verbose_name)]
    assert row.cells[2].text == 1
    told = [one for one in client.get("/api/v1/authority/load/").json() if one["document"] == SHEETS]
    assert told == [
        {
            "document": SHEETS,
            "kind": "decision",
            "role": "director",
            "answered": 1,
            "waiting": 0,
            "late": 0,
            "conditional": 0,
            "refused": 0,
            "rounds": 1.0,
            "median_hours": pytest.approx(3, abs=0.1),
            "in_time_percent": 100,
        }
    ]
