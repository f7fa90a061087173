"""Promises to pay: taken down, kept or broken by the money that came in."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
import time_machine

from accounts.models import Notice, User
from billing.models import DunningLetter, Promise, ReceivableLine
from billing.services import dunning, reminders
from billing.services import receivable as receivables
from billing.services.promise import judge_promises
from contracts.models import Contract
from core.calendar import today
from core.errors import NotAllowed, Refused
from tests.api.caller import Caller
from tests.factories.billing import account, finance_user, line_of, make_bank_statement, make_confirmed_receipt
from tests.factories.contracts import ar_of, make_effective_contract
from tests.helpers import actions, last_log, signed_in, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def days(number: int) -> dt.date:
    return today() + dt.timedelta(days=number)


@contextmanager
def on(number: int) -> Iterator[None]:
    """Noon of a day from today on."""
    noon = dt.datetime.combine(days(number), dt.time(4), dt.UTC)
    with time_machine.travel(noon, tick=False):
        yield


def deal() -> tuple[Contract, ReceivableLine, User]:
    """301,800 overdue for eight days."""
    contract = make_effective_contract(effective_on=days(-38))
    finance_user()
    return contract, line_of(contract, "effect"), ar_of(contract)


def outcome(line: ReceivableLine) -> tuple[str, Decimal, dt.date | None]:
    """(outcome, paid in time, the line's promised day) of the last promise."""
    last = line.promises.order_by("-pk")[0]
    line.refresh_from_db()
    return last.outcome, last.gross_paid, line.promised_on


def test_it_is_taken_down_with_day_amount_and_person(sales2: User) -> None:
    _contract, line, ar = deal()
    with unchanged(line), pytest.raises(NotAllowed):
        receivables.promise(line, promised_on=days(2), by=sales2)
    for day, amount in ((days(-1), None), (days(2), D("301800.01")), (days(2), D(0))):
        with unchanged(line), pytest.raises(Refused):
            receivables.promise(line, promised_on=day, gross_amount=amount, by=ar)
    receivables.promise(line, promised_on=days(2), gross_amount=D(100000), promised_by="李主任", by=ar)
    first = line.promises.get()
    assert (first.promised_on, first.gross_amount, first.promised_by) == (days(2), D(100000), "李主任")
    assert (first.by, first.outcome, line.promised_on) == (ar, "open", days(2))
    assert last_log(line).changes["gross_amount"] == ["", "100000"]
    receivables.promise(line, promised_on=days(3), by=ar)
    assert list(line.promises.values_list("outcome", "gross_amount")) == [("replaced", D(100000)), ("open", D(301800))]
    receivables.promise(line, promised_on=None, by=ar)
    assert outcome(line) == ("replaced", 0, None)


def test_kept_as_soon_as_the_money_is_there() -> None:
    contract, line, ar = deal()
    receivables.promise(line, promised_on=days(2), gross_amount=D(100000), by=ar)
    assert judge_promises() == 0
    make_confirmed_receipt(contract, event="effect", gross_amount=D(100000))
    assert (judge_promises(), judge_promises()) == (1, 0)
    assert outcome(line) == ("kept", D(100000), None)
    assert "receivable_line.promise_kept" in actions(line)
    assert not Notice.objects.filter(key__startswith="promise:").exists()


def test_broken_when_the_day_passed_with_too_little_and_dunned_again(finance: User) -> None:
    (contract, line, ar), bank = deal(), account()
    receivables.promise(line, promised_on=days(2), gross_amount=D(100000), by=ar)
    make_confirmed_receipt(contract, event="effect", gross_amount=D("99999.99"))
    with on(2):
        assert judge_promises() == 0, "its day is not over"
    with on(3):
        make_bank_statement(days(-2), bank)
        assert judge_promises() == 0, "the bank's data do not reach its day"
    with on(4):
        make_bank_statement(today(), bank)
        assert (judge_promises(), judge_promises()) == (1, 0)
        assert outcome(line) == ("broken", D("99999.99"), None)
        for person in (ar, finance):
            assert Notice.objects.filter(user=person, key=f"promise:{line.promises.get().pk}").count() == 1
        assert last_log(line).changes["gross_paid"] == ["", "99999.99"]


def test_money_that_came_late_or_before_does_not_keep_it() -> None:
    contract, line, ar = deal()
    make_confirmed_receipt(contract, event="effect", gross_amount=D(1000))
    receivables.promise(line, promised_on=days(2), gross_amount=D(5000), by=ar)
    with on(3):
        make_confirmed_receipt(contract, event="effect", gross_amount=D(5000), value_on=today())
        assert judge_promises() == 1
        assert outcome(line) == ("broken", 0, None)
    with on(4):
        line.refresh_from_db()
        receivables.promise(line, promised_on=days(2), gross_amount=D(5000), by=ar)
        make_confirmed_receipt(contract, event="effect", gross_amount=D(5000), value_on=today())
    with on(9):
        assert judge_promises() == 1
        assert outcome(line) == ("kept", D(5000), None)


def test_a_broken_promise_does_not_wait_for_the_next_letter() -> None:
    (_contract, line, ar), bank = deal(), account()
    make_bank_statement(today(), bank)
    dunning.propose()
    dunning.send(DunningLetter.objects.get(), by=ar)
    line.refresh_from_db()
    receivables.promise(line, promised_on=days(3), by=ar)
    with on(4):
        make_bank_statement(today(), bank)
        assert (judge_promises(), dunning.propose()) == (1, 0), "12 days overdue: not ripe for the second letter"
    ReceivableLine.objects.filter(pk=line.pk).update(due_on=days(-40))
    with on(5):
        make_bank_statement(today(), bank)
        assert dunning.propose() == 1, "five days after the letter, not fourteen: the word was broken"
        assert DunningLetter.objects.get(state="proposed").level == 2


def test_a_line_given_up_ends_its_promise(director: User) -> None:
    _contract, line, ar = deal()
    receivables.promise(line, promised_on=days(2), by=ar)
    receivables.write_off(line, by=director, note="破产")
    assert judge_promises() == 1
    assert outcome(line) == ("replaced", 0, None)


def test_reminders_are_quiet_until_its_day() -> None:
    _contract, line, ar = deal()
    receivables.promise(line, promised_on=days(2), by=ar)
    assert reminders.remind_overdue() == 0
    with on(3):
        assert reminders.remind_overdue() == 1


def test_over_page_and_api(finance: User) -> None:
    _contract, line, _ar = deal()
    body = {"promised_on": str(days(2)), "gross_amount": "1000.00", "promised_by": "李主任"}
    assert Caller(finance).post(f"receivable-lines/{line.pk}/promise/", body).status_code == 200
    page = signed_in(finance).get(line.get_absolute_url()).content.decode()
    assert "李主任" in page and "1,000.00" in page
    assert Promise.objects.get().by == finance
