"""The clock of opinions and decisions: half of the time, its end, the next head up; once each, on working hours."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connections

from accounts.models import Department, Notice, User
from accounts.services import delegate
from approvals.models import AuthorityRule, Decision, Reminder
from approvals.services import escalating
from core.errors import NotAllowed
from desk import selectors as desk
from finance.models import CostSheet
from finance.services import sheet as sheets
from process.models import CaseRecord
from tests.factories.finance import make_book, make_sheet
from tests.helpers import last_log, signed_in
from tests.people import make_user

# A Tuesday at 10:00 in the company's zone: 9 to 12 and 13 to 18 are working hours.
TUESDAY = dt.datetime(2026, 3, 10, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
WEDNESDAY = TUESDAY + dt.timedelta(days=1)


def at(moment: dt.datetime) -> int:
    """What the job does at a moment."""
    with time_machine.travel(moment, tick=False):
        return escalating.sweep()


def kinds() -> list[tuple[str, User]]:
    return [(one.kind, one.to) for one in Reminder.objects.select_related("to")]


@pytest.fixture
def chief(db: None) -> User:
    """The head of the lawyers' department."""
    head = make_user("chief", department="legal")
    Department.objects.filter(code="legal").update(head=head)
    return head


def submitted(owner: User, by: User) -> CostSheet:
    """An estimate submitted on Tuesday at 10:00; the lawyer has eight working hours, until Wednesday at 10:00."""
    AuthorityRule.objects.filter(document="finance.costsheet").delete()
    AuthorityRule.objects.create(
        document="finance.costsheet",
        reviewers=[],
        decider="legal",
        fallback="director",
        hours=8,
        zh="规则",
        en="Rule",
    )
    with time_machine.travel(TUESDAY, tick=False):
        made = make_sheet(make_book(owner, seats={"sr": by}), by)
        return sheets.submit(made, by=by)


@pytest.mark.django_db
def test_half_of_the_time_its_end_and_the_next_head(sales, solution, legal, chief) -> None:
    sheet = submitted(sales, solution)
    # Half of eight hours is four: 10 to 12 and 13 to 15.
    assert at(TUESDAY.replace(hour=14, minute=59)) == 0
    assert at(TUESDAY.replace(hour=15)) == 1
    assert at(TUESDAY.replace(hour=15)) == 0, "the job ran twice"
    assert at(WEDNESDAY.replace(hour=9, minute=59)) == 0
    assert at(WEDNESDAY) == 1
    # Eight working hours late is Thursday at 10:00.
    assert at(WEDNESDAY.replace(hour=18)) == 0
    assert at(WEDNESDAY + dt.timedelta(days=1)) == 1
    assert at(WEDNESDAY + dt.timedelta(days=2)) == 0
    assert kinds() == [("early", legal), ("overdue", legal), ("escalation", chief)]
    told = Notice.objects.filter(key__startswith="decision:", key__contains="e")
    assert {(one.user, one.level) for one in told.exclude(level="info")} == {
        (legal, "warning"),
        (legal, "danger"),
        (chief, "danger"),
    }
    assert (last_log(sheet).action, last_log(sheet).changes) == ("cost_sheet.escalate", {"asked": ["", "chief"]})
    assert CaseRecord.objects.get(kind="finance.costsheet", object_id=sheet.pk).holder == chief
    sheets.approve(sheet, by=chief)
    assert sheet.state == "approved"


@pytest.mark.django_db
def test_an_answer_stops_the_clock_and_a_return_starts_it_anew(sales, solution, legal, chief) -> None:
    sheet = submitted(sales, solution)
    with time_machine.travel(TUESDAY.replace(hour=11), tick=False):
        sheets.send_back(sheet, by=legal, note="incomplete")
    assert at(WEDNESDAY + dt.timedelta(days=5)) == 0, "it lies with the submitter"
    with time_machine.travel(WEDNESDAY.replace(hour=14), tick=False):
        sheets.submit(sheet, by=solution)
    assert at(WEDNESDAY.replace(hour=17, minute=59)) == 0
    assert at(WEDNESDAY.replace(hour=18)) == 1
    assert kinds() == [("early", legal)]


@pytest.mark.django_db
def test_the_submitter_is_passed_over_on_the_way_up(sales, solution, legal, director) -> None:
    Department.objects.filter(code="legal").update(head=solution)
    sheet = submitted(sales, solution)
    at(WEDNESDAY + dt.timedelta(days=1))
    assert kinds() == [("overdue", legal), ("escalation", director)], "no head above: the fallback role"
    with pytest.raises(NotAllowed):
        sheets.approve(sheet, by=solution)


@pytest.mark.django_db
def test_who_has_left_is_passed_over_at_once(sales, solution, legal, chief) -> None:
    submitted(sales, solution)
    legal.is_active = False
    legal.save()
    at(TUESDAY.replace(hour=10, minute=10))
    assert kinds() == [("escalation", chief)]
    assert Decision.objects.get().assignees == [chief.pk]


@pytest.mark.django_db
def test_the_rule_of_the_submission_counts_and_never_is_never(sales, solution, legal, chief) -> None:
    submitted(sales, solution)
    AuthorityRule.objects.filter(document="finance.costsheet").update(remind_percent=10, escalate_hours=None)
    assert at(TUESDAY.replace(hour=11)) == 0
    request = Decision.objects.get().request
    request.frozen_rule = {**request.frozen_rule, "escalate_hours": None}
    request.save(update_fields=["frozen_rule"])
    at(WEDNESDAY + dt.timedelta(days=30))
    assert kinds() == [("overdue", legal)]


@pytest.mark.django_db
def test_deputies_are_told_and_decide_for_the_head(sales, solution, legal, chief, stranger) -> None:
    sheet = submitted(sales, solution)
    with time_machine.travel(TUESDAY, tick=False):
        delegate(chief, stranger, first_day=TUESDAY.date(), last_day=TUESDAY.date() + dt.timedelta(days=9))
    at(WEDNESDAY + dt.timedelta(days=1))
    with time_machine.travel(WEDNESDAY + dt.timedelta(days=1), tick=False):
        assert Notice.objects.filter(user=stranger, key__endswith=":escalation").exists()
        stranger.forget()
        sheets.approve(sheet, by=stranger)
    one = Decision.objects.get()
    assert (one.decided_by, one.on_behalf_of) == (stranger, chief)


@pytest.mark.django_db
def test_page_and_home_mark_late_and_soon(sales, solution, legal, chief) -> None:
    sheet = submitted(sales, solution)
    for moment, late, soon, badge in (
        (TUESDAY.replace(hour=14), False, False, "截止 2026-03-11 10:00"),
        (TUESDAY.replace(hour=16), False, True, "bg-yellow-lt"),
        (WEDNESDAY.replace(hour=11), True, False, "bg-red-lt"),
    ):
        with time_machine.travel(moment, tick=False):
            (item,) = desk.decisions(legal)
            assert (item.late, item.soon) == (late, soon)
            assert badge in signed_in(solution).get(sheet.get_absolute_url()).content.decode()


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_tell_once(sales, solution, legal, chief) -> None:
    submitted(sales, solution)
    told: list[int] = []

    def work() -> None:
        try:
            told.append(escalating.sweep())
        finally:
            connections.close_all()

    with time_machine.travel(WEDNESDAY + dt.timedelta(days=1), tick=False):
        workers = [threading.Thread(target=work) for _ in range(4)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
    assert sorted(told) == [0, 0, 0, 2]
    assert sorted(one.kind for one in Reminder.objects.all()) == ["escalation", "overdue"]
