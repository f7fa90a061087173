"""催办: who waits for an answer reminds those who are asked, each once in the rule's span of working hours."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Notice
from accounts.services import delegate
from approvals.models import AuthorityRule, Reminder
from approvals.services import nudge
from core.errors import NotAllowed, Refused, Stale
from finance.models import CostSheet
from finance.services import sheet as sheets
from tests.api.caller import Caller
from tests.factories.finance import make_book, make_sheet
from tests.helpers import last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db

# A Tuesday at 10:00 in the company's zone: 9 to 12 and 13 to 18 are working hours.
TUESDAY = dt.datetime(2026, 3, 10, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def sheet(sales, solution, legal, director) -> CostSheet:
    """An estimate submitted on Tuesday at 10:00; the lawyer's opinion is waited for, then the directors decide."""
    AuthorityRule.objects.filter(document="finance.costsheet").update(is_active=False)
    AuthorityRule.objects.create(
        document="finance.costsheet", reviewers=["legal"], decider="director", hours=8, zh="规则", en="Rule"
    )
    with time_machine.travel(TUESDAY, tick=False):
        made = make_sheet(make_book(sales, seats={"sr": solution, "ar": sales}), solution)
        return sheets.submit(made, by=solution)


def test_the_submitter_nudges_those_who_are_asked_once_in_four_working_hours(sheet, solution, legal) -> None:
    with time_machine.travel(TUESDAY + dt.timedelta(minutes=30), tick=False):
        nudge(sheet, by=solution, note="the customer waits")
        made = Reminder.objects.get()
        assert (made.to, made.by, made.note, made.decision.role) == (legal, solution, "the customer waits", "legal")
        told = Notice.objects.get(user=legal, key=f"nudge:{made.pk}")
        assert "the customer waits" in told.text
        assert str(sheet) in told.text
        assert (last_log(sheet).action, last_log(sheet).changes) == ("cost_sheet.nudge", {"reminded": ["", "legal"]})
    # 10:30 and four working hours is 15:30: noon to one is no working time.
    early = time_machine.travel(TUESDAY.replace(hour=15, minute=29), tick=False)
    with early, unchanged(sheet), pytest.raises(Refused, match="15:30"):
        nudge(sheet, by=solution)
    with time_machine.travel(TUESDAY.replace(hour=15, minute=30), tick=False):
        nudge(sheet, by=solution)
    assert Reminder.objects.count() == 2


def test_the_span_is_the_one_of_the_submission(sheet, solution) -> None:
    AuthorityRule.objects.filter(document="finance.costsheet").update(nudge_hours=1)
    with time_machine.travel(TUESDAY, tick=False):
        nudge(sheet, by=solution)
    with time_machine.travel(TUESDAY + dt.timedelta(hours=1), tick=False), unchanged(sheet), pytest.raises(Refused):
        nudge(sheet, by=solution)


def test_the_triangle_nudges_too_and_nobody_else(sheet, sales, legal, stranger) -> None:
    for person in (legal, stranger):
        with unchanged(sheet), pytest.raises(NotAllowed):
            nudge(sheet, by=person)
    nudge(sheet, by=sales)
    assert Reminder.objects.get().by == sales


def test_nobody_is_nudged_who_has_answered_or_left(sheet, solution, legal, director, director2) -> None:
    sheets.approve(sheet, by=legal)
    director2.is_active = False
    director2.save()
    nudge(sheet, by=solution)
    assert [one.to for one in Reminder.objects.all()] == [director]
    sheets.approve(sheet, by=director)
    with unchanged(sheet), pytest.raises(Refused, match="没有等待他人"):
        nudge(sheet, by=solution)


def test_a_draft_and_an_old_version_are_refused(sheet, solution, legal) -> None:
    with unchanged(sheet), pytest.raises(Stale):
        nudge(sheet, by=solution, version=sheet.row_version + 1)
    sheets.withdraw(sheet, by=solution)
    with unchanged(sheet), pytest.raises(Refused):
        nudge(sheet, by=solution)


def test_deputies_are_told_and_nudge_as_b_for_a(sheet, solution, legal, sales2, stranger) -> None:
    day = timezone.localdate()
    delegate(legal, stranger, first_day=day, last_day=day)
    delegate(solution, sales2, first_day=day, last_day=day)
    sales2.forget()
    nudge(sheet, by=sales2)
    made = Reminder.objects.get()
    assert (made.to, made.by) == (legal, sales2)
    assert made.by_name == "sales2(代 solution)"
    told = Notice.objects.filter(key=f"nudge:{made.pk}")
    assert {one.user for one in told} == {legal, stranger}


def test_the_page_offers_it_and_shows_who_was_reminded(sheet, solution, director) -> None:
    page = signed_in(solution)
    address = f"{sheet.get_absolute_url()}nudge/"
    assert address in page.get(sheet.get_absolute_url()).content.decode()
    dialog = page.get(address).content.decode()
    assert "Legal" in dialog
    answer = page.post(address, {"version": sheet.row_version, "idempotency_key": "k" * 32, "note": "please"})
    assert answer.status_code in (204, 302)
    shown = page.get(sheet.get_absolute_url()).content.decode()
    assert 'id="reminders"' in shown
    assert "please" in shown
    seen = signed_in(director).get(sheet.get_absolute_url())
    assert seen.status_code == 200
    assert address not in seen.content.decode(), "who decides does not wait"


def test_the_api_nudges_and_tells_of_it(sheet, solution, legal) -> None:
    api = Caller(solution)
    found = api.post(f"cost-sheets/{sheet.pk}/nudge/", {"note": "please"})
    assert found.status_code == 200
    (request,) = api.get(f"approvals/?kind=finance.costsheet&id={sheet.pk}").json()
    assert [(one["kind"], one["to"]["id"], one["note"]) for one in request["reminders"]] == [
        ("nudge", legal.pk, "please")
    ]
