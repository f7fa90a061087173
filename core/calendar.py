"""The working calendar: working days and hours, due times, and what is not known yet.

Days are those of the company's time zone (settings.TIME_ZONE). A day stands in WorkingDay or falls back to its
weekday; for a year whose holidays are not published that fallback is a guess, which `calendar_warning` says.
"""

import time as clock_time
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core.models import CalendarYear, WorkingDay

Clock = Literal["working", "natural"]

_DEFAULT_HOURS = (("09:00", "12:00"), ("13:00", "18:00"))
_CACHE_SECONDS = 60.0  # how long another process may not see a holiday an administrator just entered
_MOST_HOURS = 100_000
_SATURDAY = 5

_cache: dict[int, tuple[float, dict[date, bool]]] = {}


def forget() -> None:
    """Drop what this process remembers of the calendar, after it was loaded or edited."""
    _cache.clear()


def company_zone() -> tzinfo:
    """The company's time zone, whatever zone a user looks at pages in."""
    return timezone.get_default_timezone()


def today() -> date:
    """The company's today, which decides due days and the year of a number."""
    return timezone.localdate(timezone=company_zone())


def _load(years: Iterable[int]) -> None:
    """Read the missing years in one query."""
    now = clock_time.monotonic()
    missing = sorted(year for year in set(years) if year not in _cache or _cache[year][0] < now)
    if not missing:
        return
    days: dict[int, dict[date, bool]] = {year: {} for year in missing}
    span = (date(missing[0], 1, 1), date(missing[-1], 12, 31))
    for day, is_working in WorkingDay.objects.filter(day__range=span).values_list("day", "is_working"):
        days.setdefault(day.year, {})[day] = is_working
    for year in missing:
        _cache[year] = (now + _CACHE_SECONDS, days[year])


def is_weekday(day: date) -> bool:
    """Monday to Friday: the guess for a day that nothing is known of."""
    return day.weekday() < _SATURDAY


def is_working_day(day: date) -> bool:
    """Whether the company works on this day; adjusted weekends are working days, public holidays are not."""
    _load([day.year])
    return _cache[day.year][1].get(day, is_weekday(day))


def _hours() -> list[tuple[time, time]]:
    """The daily working hours from settings.LTC_WORKING_HOURS, as pairs of HH:MM."""
    pairs = getattr(settings, "LTC_WORKING_HOURS", _DEFAULT_HOURS)
    return [(time.fromisoformat(str(opens)), time.fromisoformat(str(closes))) for opens, closes in pairs]


def _spans(start: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield working spans from a moment on, without end."""
    local = start.astimezone(zone)
    hours, day = _hours(), local.date()
    _load([day.year, min(day.year + 1, date.max.year)])
    while True:
        if is_working_day(day):
            for opens, closes in hours:
                begin = max(datetime.combine(day, opens, zone), local)
                end = datetime.combine(day, closes, zone)
                if begin < end:
                    yield begin, end
        day += timedelta(days=1)


def _aware(moment: datetime) -> datetime:
    if timezone.is_naive(moment):
        raise ValueError("A due time is computed from a moment with a time zone.")
    return moment


def _length(hours: Decimal | float) -> timedelta:
    """Turn hours into a length of time; a float goes through its printed form."""
    exact = Decimal(str(hours))
    if not exact.is_finite() or exact < 0 or exact > _MOST_HOURS:
        raise ValueError(f"{hours} hours is no length of time for a due date.")
    return timedelta(microseconds=int((exact * 3_600_000_000).to_integral_value()))


def add_working_hours(start: datetime, hours: Decimal | float, tz: tzinfo | None = None) -> datetime:
    """The moment `hours` working hours after `start`; 0 hours is the start itself, even at night.

    ValueError for a naive start and for negative or absurd hours.
    """
    zone, left = tz or company_zone(), _length(hours)
    local = _aware(start).astimezone(zone)
    if not left:
        return local
    for begin, end in _spans(local, zone):
        if left <= end - begin:
            return begin + left
        left -= end - begin
    raise AssertionError("working spans never end")


def working_hours_between(a: datetime, b: datetime, tz: tzinfo | None = None) -> Decimal:
    """Working hours from a to b, to four decimals; negative when b is before a."""
    if _aware(b) < _aware(a):
        return -working_hours_between(b, a, tz)
    zone, total = tz or company_zone(), timedelta()
    if a == b:
        return Decimal("0.0000")
    last = b.astimezone(zone)
    for begin, end in _spans(a, zone):
        if begin >= last:
            break
        total += min(end, last) - begin
    microseconds = total // timedelta(microseconds=1)
    return (Decimal(microseconds) / 3_600_000_000).quantize(Decimal("0.0001"))


def add_working_days(day: date, days: int) -> date:
    """The n-th working day after a day (before it when negative); 0 days is the day itself."""
    step = timedelta(days=1 if days > 0 else -1)
    left = abs(days)
    while left:
        day += step
        left -= is_working_day(day)
    return day


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later (earlier when negative); its last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due(start: datetime, hours: Decimal | float, clock: Clock = "working") -> datetime:
    """When something is due: on working hours, or on natural hours where the agreement says 7×24."""
    if clock == "natural":
        return _aware(start) + _length(hours)
    return add_working_hours(start, hours)


def unpublished_years(a: date, b: date) -> list[int]:
    """Years between two days whose public holidays are not published yet, so that weekdays are only assumed."""
    first, last = sorted((a.year, b.year))
    known = CalendarYear.objects.filter(year__range=(first, last), published=True).values_list("year", flat=True)
    return sorted(set(range(first, last + 1)) - set(known))


def calendar_warning(a: date, b: date) -> str:
    """The sentence to show beside due dates that rest on an assumed calendar; empty when all is known."""
    years = unpublished_years(a, b)
    if not years:
        return ""
    return _("Public holidays of %(years)s are not published yet: plain weekdays are assumed.") % {
        "years": ", ".join(str(year) for year in years)
    }
