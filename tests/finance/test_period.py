"""Accounting months: in order, by the right people, reopened only for a while."""

import datetime as dt

import pytest

from accounts.models import User
from core.errors import NotAllowed, Refused
from finance.models import Period
from finance.services import period
from tests.helpers import actions, unchanged


def close(month: Period, by: User) -> None:
    period.start_close(month, by=by)
    period.close(month, by=by)


def test_months_are_opened_once_and_closed_in_order(finance: User) -> None:
    january, february = (period.open(month=dt.date(2026, number, 15), by=finance) for number in (1, 2))
    assert january.month == dt.date(2026, 1, 1)
    with pytest.raises(Refused):
        period.open(month=dt.date(2026, 1, 31), by=finance)
    period.start_close(february, by=finance)
    with unchanged(february), pytest.raises(Refused, match="2026-01"):
        period.close(february, by=finance)
    close(january, finance)
    period.close(february, by=finance)
    assert actions(february) == ["period.open", "period.start_close", "period.close"]


def test_only_finance_opens_and_closes(finance: User, sales: User, director: User) -> None:
    with pytest.raises(NotAllowed):
        period.open(month=dt.date(2026, 1, 1), by=sales)
    month = period.open(month=dt.date(2026, 1, 1), by=finance)
    with unchanged(month):
        for who in (sales, director):
            with pytest.raises(NotAllowed):
                period.start_close(month, by=who)
        with pytest.raises(Refused):
            period.close(month, by=finance)


def test_a_reopened_month_closes_itself(finance: User, director: User) -> None:
    month = period.open(month=dt.date(2026, 1, 1), by=finance)
    close(month, finance)
    with unchanged(month), pytest.raises(NotAllowed):
        period.reopen(month, by=finance, note="one more")
    with unchanged(month), pytest.raises(Refused):
        period.reopen(month, by=director)
    period.reopen(month, by=director, note="a late bill")
    assert (month.state, period.close_again()) == ("open", 0)
    Period.objects.filter(pk=month.pk).update(reclose_on=dt.date(2026, 1, 1))
    assert period.close_again() == 1
    month.refresh_from_db()
    assert (month.state, month.reclose_on) == ("closed", None)


def test_an_earlier_month_stays_closed_while_a_later_one_is(finance: User, director: User) -> None:
    months = [period.open(month=dt.date(2026, number, 1), by=finance) for number in (1, 2)]
    for month in months:
        close(month, finance)
    with unchanged(months[0]), pytest.raises(Refused, match="2026-02"):
        period.reopen(months[0], by=director, note="x")


def test_the_current_month_is_opened_by_itself(db: None) -> None:
    assert period.open_current() is not None
    assert period.open_current() is None
