"""Opening and closing accounting months."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from finance.models import CostBook, LedgerEntry, Period
from finance.services import sheet
from finance.services.ledger import first_day
from process.services import doors

REOPENED_DAYS = 3
# What floors above accrue at cut-off, for instance goods received and not billed: function(period, by=...).
_accruals: list[Callable[..., object]] = []


def register_accrual(accrue: Callable[..., object]) -> None:
    """Called in an app's ready(): `accrue(period, by=...)` posts what belongs to the month without a document yet."""
    if accrue not in _accruals:
        _accruals.append(accrue)


@transaction.atomic
def open(*, month: dt.date, by: Actor | User, note: str = "") -> Period:
    """Open an accounting month; `month` is any day of it."""
    first = first_day(month)
    if Period.objects.filter(month=first).exists():
        raise Refused(_("%(month)s is there already.") % {"month": f"{first:%Y-%m}"})
    period = Period(month=first, title=f"{first:%Y-%m}", code=f"{Period.code_prefix}-{first:%Y-%m}")
    return doors.open(period, by=by, note=note)


@transaction.atomic
def start_close(period: Period, *, by: Actor | User, note: str = "", version: int | None = None) -> Period:
    """Cut-off. Waiting vouchers move on to the next month; received goods without a bill are accrued."""
    doors.fire(period, "start_close", by=by, note=note, version=version)
    for accrue in _accruals:
        accrue(period, by=by)
    return period


@transaction.atomic
def close(period: Period, *, by: Actor | User, note: str = "", version: int | None = None) -> Period:
    """Nothing is posted into the month any more; the actuals are frozen by the next sweep."""
    return doors.fire(period, "close", by=by, note=note, version=version, changes={"reclose_on": None})


@transaction.atomic
def reopen(period: Period, *, by: Actor | User, note: str = "", version: int | None = None) -> Period:
    """Open a closed month again for a few days, with a reason; refused once its actuals are followed by later ones."""
    later = Period.objects.filter(month__gt=period.month, state="closed").order_by("month").first()
    if later is not None:
        raise Refused(
            _("%(month)s is closed already: reopen the later month first.") % {"month": f"{later.month:%Y-%m}"}
        )
    until = timezone.localdate() + dt.timedelta(days=REOPENED_DAYS)
    return doors.fire(period, "reopen", by=by, note=note, version=version, changes={"reclose_on": until})


def open_current() -> Period | None:
    """The monthly job: the current month is there."""
    month = first_day(timezone.localdate())
    if Period.objects.filter(month=month).exists():
        return None
    return open(month=month, by=Actor.system("open months"))


def close_again() -> int:
    """Reopened months whose days are over close themselves; returns how many."""
    system = Actor.system("close again")
    done = 0
    for pk in Period.objects.filter(reclose_on__lte=timezone.localdate()).values_list("pk", flat=True):
        with transaction.atomic():
            rows = Period.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            period = rows.filter(pk=pk, state__in=["open", "closing"]).first()
            if period is None:
                continue
            if period.state == "open":
                start_close(period, by=system)
            close(period, by=system)
            done += 1
    return done


def freeze_actuals() -> int:
    """After a close: one actual sheet for every book with a posting in the month; returns how many were made."""
    made = 0
    for period in Period.objects.filter(state="closed").order_by("month"):
        posted = LedgerEntry.objects.filter(month=period.month).values("book_id")
        frozen = period.sheets.filter(kind="actual").values("book_id")
        for book in CostBook.objects.filter(pk__in=posted).exclude(pk__in=frozen).select_related("owner"):
            with transaction.atomic():
                sheet.freeze_actual(book, period, by=Actor.system("period close"))
            made += 1
    return made
