"""Writes of the ground floor: the calendar and the currencies every house starts with."""

from collections.abc import Iterable
from datetime import date, timedelta
from importlib.metadata import version

import chinese_calendar
from django.db import transaction
from django.utils.translation import gettext_noop as _

from core import calendar
from core.models import CalendarYear, Currency, WorkingDay

CURRENCIES = {
    "CNY": (_("Chinese yuan"), 2),
    "USD": (_("US dollar"), 2),
    "EUR": (_("Euro"), 2),
    "HKD": (_("Hong Kong dollar"), 2),
    "JPY": (_("Japanese yen"), 0),
}


def load_currencies(base: str = "CNY") -> int:
    """Add the usual currencies that are missing and mark the base when none is marked; return how many were added."""
    with transaction.atomic():
        has_base = Currency.objects.filter(is_base=True).exists()
        rows = [
            Currency(code=code, name=name, digits=digits, is_base=code == base and not has_base)
            for code, (name, digits) in CURRENCIES.items()
        ]
        before = Currency.objects.count()
        Currency.objects.bulk_create(rows, ignore_conflicts=True)
        return Currency.objects.count() - before


def _published_days(year: int) -> list[WorkingDay]:
    """Holidays and adjusted days of a year; NotImplementedError when the state has not published them."""
    days, day = [], date(year, 1, 1)
    while day.year == year:
        is_working = chinese_calendar.is_workday(day)
        _on_holiday, name = chinese_calendar.get_holiday_detail(day)
        if name or is_working != calendar.is_weekday(day):
            note = f"{chinese_calendar.Holiday(name).chinese} {name}" if name else ""
            days.append(WorkingDay(day=day, is_working=is_working, note=note))
        day += timedelta(days=1)
    return days


def load_calendar(years: Iterable[int]) -> list[CalendarYear]:
    """Fill the calendar of these years from the kept library; run again at will.

    A day that already stands (entered by an administrator) is left as it is. A year not yet published is written
    as such, and taken in by the next run after the library knows it.
    """
    source = f"chinesecalendar {version('chinesecalendar')}"
    loaded = []
    with transaction.atomic():
        for year in sorted(set(years)):
            try:
                days = _published_days(year)
            except NotImplementedError:
                row, _made = CalendarYear.objects.get_or_create(year=year, defaults={"published": False})
            else:
                WorkingDay.objects.bulk_create(days, ignore_conflicts=True)
                values = {"published": True, "source": source}
                row, _made = CalendarYear.objects.update_or_create(year=year, defaults=values)
            loaded.append(row)
        transaction.on_commit(calendar.forget)
    calendar.forget()
    return loaded
