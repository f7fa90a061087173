"""Working days, working hours and due times."""

import time as clock_time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core import calendar
from core.calendar import (
    add_working_days,
    add_working_hours,
    calendar_warning,
    due,
    is_working_day,
    today,
    unpublished_years,
    working_hours_between,
)
from core.models import CalendarYear, WorkingDay
from core.services import load_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = date(2026, 6, 5)

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def calendar_2026(empty_calendar: None) -> None:
    load_calendar([2026])


def test_weekdays_are_assumed_where_nothing_is_known(empty_calendar: None) -> None:
    days = [date(2031, 1, 6) + timedelta(days=n) for n in range(7)]  # a Monday and what follows
    assert [is_working_day(day) for day in days] == [True] * 5 + [False] * 2


def test_spring_festival_2026_with_its_adjusted_working_days(calendar_2026: None) -> None:
    """国务院办公厅 for 2026: off 15 to 23 February, working on Saturday the 14th and Saturday the 28th."""
    february = {day: is_working_day(date(2026, 2, day)) for day in range(9, 29)}
    off = {day for day, works in february.items() if not works}
    assert off == {15, 16, 17, 18, 19, 20, 21, 22, 23}
    assert february[14] and february[28]
    assert WorkingDay.objects.get(day=date(2026, 2, 17)).note == "春节 Spring Festival"
    assert add_working_days(date(2026, 2, 13), 2) == date(2026, 2, 24)
    assert add_working_days(date(2026, 2, 24), -2) == date(2026, 2, 13)


def test_working_hours_run_over_the_festival(calendar_2026: None) -> None:
    assert add_working_hours(at("2026-02-14T17:00"), 2) == at("2026-02-24T10:00")
    assert working_hours_between(at("2026-02-14T17:00"), at("2026-02-24T10:00")) == D("2.0000")
    assert due(at("2026-02-14T17:00"), 2, clock="natural") == at("2026-02-14T19:00")


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-06-05T09:00", 1, "2026-06-05T10:00"),
        ("2026-06-05T09:00", 3, "2026-06-05T12:00"),
        ("2026-06-05T09:00", D("3.5"), "2026-06-05T13:30"),
        ("2026-06-05T12:30", 1, "2026-06-05T14:00"),
        ("2026-06-05T09:00", 8, "2026-06-05T18:00"),
        ("2026-06-05T17:30", 1, "2026-06-08T09:30"),
        ("2026-06-05T20:00", 0.5, "2026-06-08T09:30"),
        ("2026-06-06T10:00", 8, "2026-06-08T18:00"),
        ("2026-06-05T03:00", 40, "2026-06-11T18:00"),
        ("2026-06-06T03:00", 0, "2026-06-06T03:00"),
    ],
)
def test_working_hours_are_nine_to_six_without_noon(empty_calendar: None, start: str, hours: Any, end: str) -> None:
    assert add_working_hours(at(start), hours) == at(end)
    assert due(at(start), hours) == at(end)


def test_the_clock_is_the_company_s_whatever_zone_the_moment_comes_in(empty_calendar: None) -> None:
    start = datetime(2026, 6, 5, 1, 0, tzinfo=UTC)  # 9:00 in Shanghai
    assert add_working_hours(start, 4) == at("2026-06-05T14:00")
    berlin = ZoneInfo("Europe/Berlin")
    assert add_working_hours(start, 1, berlin) == datetime(2026, 6, 5, 10, 0, tzinfo=berlin)


def test_company_hours_come_from_the_settings(empty_calendar: None, settings: Any) -> None:
    settings.LTC_WORKING_HOURS = [("08:30", "12:30")]
    assert add_working_hours(at("2026-06-05T08:00"), 4) == at("2026-06-05T12:30")
    assert add_working_hours(at("2026-06-05T08:00"), 5) == at("2026-06-08T09:30")


def test_hours_between(empty_calendar: None) -> None:
    assert working_hours_between(at("2026-06-05T00:00"), at("2026-06-12T00:00")) == D("40.0000")
    assert working_hours_between(at("2026-06-05T11:30"), at("2026-06-05T13:15")) == D("0.7500")
    assert working_hours_between(at("2026-06-06T00:00"), at("2026-06-07T23:00")) == 0
    assert working_hours_between(at("2026-06-05T13:15"), at("2026-06-05T11:30")) == D("-0.7500")
    assert working_hours_between(at("2026-06-05T09:00"), at("2026-06-05T09:00")) == 0


@settings(max_examples=60)
@given(
    minutes=st.integers(0, 60 * 24 * 300),
    hours=st.decimals(0, 300, places=2),
    more=st.decimals(0, 50, places=2),
)
def test_adding_and_measuring_agree(calendar_2026: None, minutes: int, hours: D, more: D) -> None:
    start = at("2026-01-01T00:00") + timedelta(minutes=minutes)
    end = add_working_hours(start, hours)
    assert working_hours_between(start, end) == hours
    assert add_working_hours(end, more) == add_working_hours(start, hours + more) or not hours or not more
    assert start <= end


@pytest.mark.parametrize("hours", [-1, "NaN", float("inf"), 10**9])
def test_absurd_hours_are_an_error(empty_calendar: None, hours: Any) -> None:
    with pytest.raises(ValueError, match="length of time"):
        due(at("2026-06-05T09:00"), hours)


def test_a_moment_without_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due(datetime(2026, 6, 5), 1)
    with pytest.raises(ValueError, match="time zone"):
        due(datetime(2026, 6, 5), 1, clock="natural")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, date(2026, 6, 8)),
        (FRIDAY, -5, date(2026, 5, 29)),
        (FRIDAY, 10, date(2026, 6, 19)),
    ],
)
def test_working_days(empty_calendar: None, start: date, days: int, end: date) -> None:
    assert add_working_days(start, days) == end


def test_one_query_per_span_then_none(calendar_2026: None, django_assert_num_queries: Any) -> None:
    calendar.forget()
    with django_assert_num_queries(1):
        add_working_hours(at("2026-12-01T09:00"), 400)
        working_hours_between(at("2026-01-01T09:00"), at("2026-12-31T09:00"))


def test_an_edited_day_is_seen_once_the_cache_is_old(empty_calendar: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_working_day(FRIDAY)
    WorkingDay.objects.create(day=FRIDAY, is_working=False, note="company day")
    assert is_working_day(FRIDAY)
    later = clock_time.monotonic() + 61
    monkeypatch.setattr(clock_time, "monotonic", lambda: later)
    assert not is_working_day(FRIDAY)


def test_today_is_the_company_s_day() -> None:
    with time_machine.travel(datetime(2026, 6, 4, 16, 30, tzinfo=UTC)), timezone.override("America/New_York"):
        assert today() == FRIDAY


def test_a_year_not_published_falls_back_and_says_so(empty_calendar: None) -> None:
    years = load_calendar([2026, 2099])
    assert [(row.year, row.published) for row in years] == [(2026, True), (2099, False)]
    assert unpublished_years(date(2026, 1, 1), date(2026, 12, 31)) == []
    assert calendar_warning(date(2026, 1, 1), date(2026, 12, 31)) == ""
    assert unpublished_years(date(2026, 12, 31), date(2099, 1, 1))[-1] == 2099
    assert "2099" in calendar_warning(date(2099, 1, 1), date(2099, 12, 31))
    assert "2098, 2099" in calendar_warning(date(2099, 1, 1), date(2098, 1, 1))
    assert not WorkingDay.objects.filter(day__year=2099).exists()
    assert is_working_day(date(2099, 1, 1))  # a Thursday, surely a holiday once it is published


def test_2027_is_not_published_today(empty_calendar: None) -> None:
    """Falls when the library learns 2027: then move this test on by a year."""
    assert [row.published for row in load_calendar([2027])] == [False]
    assert "2027" in calendar_warning(date(2026, 12, 1), date(2027, 1, 31)).replace("2026, ", "")


def test_loading_again_changes_nothing_and_keeps_an_administrator_s_day(empty_calendar: None) -> None:
    WorkingDay.objects.create(day=date(2026, 10, 1), is_working=True, note="inventory")
    load_calendar([2026])
    before = list(WorkingDay.objects.values_list())
    load_calendar([2026])
    assert list(WorkingDay.objects.values_list()) == before
    assert WorkingDay.objects.get(day=date(2026, 10, 1)).note == "inventory"


def test_a_year_is_taken_in_once_it_is_published(empty_calendar: None) -> None:
    CalendarYear.objects.create(year=2025, published=False)
    load_calendar([2025])
    assert CalendarYear.objects.get(year=2025).published
    assert not is_working_day(date(2025, 10, 1))


def test_the_command_names_loaded_and_assumed_years(empty_calendar: None) -> None:
    out = StringIO()
    call_command("load_calendar", "2026", "2099", stdout=out)
    assert "2026: loaded (chinesecalendar" in out.getvalue()
    assert "2099: not published yet" in out.getvalue()
    with time_machine.travel(at("2026-06-05T12:00")):
        call_command("load_calendar", stdout=out)
    assert set(CalendarYear.objects.values_list("year", flat=True)) == {2024, 2025, 2026, 2027, 2099}
