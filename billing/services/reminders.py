"""Telling people about money: due soon, overdue, not invoiced, not claimed. Each is said once per key."""

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import notify
from billing.models import Receipt, ReceivableLine
from core.calendar import today

# Proposals from practice.
DUE_WITHIN_DAYS = 7
UNINVOICED_DAYS = 5
UNCLAIMED_DAYS = 3
# An overdue line is told again when it passes the next of these days.
OVERDUE_STEPS = (1, 8, 31, 61, 91, 181)


def _people(line: ReceivableLine) -> list[int]:
    return [line.owner_id] if line.owner_id else []


def _finance() -> list[int]:
    return list(User.objects.filter(is_active=True, roles__code="finance").values_list("pk", flat=True))


@transaction.atomic
def remind_due() -> int:
    """The owner learns what falls due within a week."""
    day = today()
    lines = ReceivableLine.objects.ageing().filter(due_on__range=(day, day + dt.timedelta(days=DUE_WITHIN_DAYS)))
    told = 0
    for line in lines.order_by("due_on", "pk").iterator(chunk_size=500):
        told += notify(
            _people(line),
            gettext_noop("%(record)s falls due on %(day)s"),
            key=f"due:{line.pk}:{line.due_on}",
            params={"record": str(line), "day": str(line.due_on)},
            link=line.get_absolute_url(),
        )
    return told


@transaction.atomic
def remind_overdue() -> int:
    """Owner (and finance from a month on) learn what is overdue; not while disputed or promised for later."""
    day = today()
    lines = ReceivableLine.objects.overdue(day)
    lines = lines.exclude(Q(disputed_until__gte=day) | Q(promised_on__gte=day))
    told, finance = 0, _finance()
    for line in lines.order_by("due_on", "pk").iterator(chunk_size=500):
        late = line.days_overdue
        step = max((one for one in OVERDUE_STEPS if one <= late), default=1)
        broken = line.promised_on is not None
        message = gettext_noop("%(record)s is %(days)s days overdue")
        if broken:
            message = gettext_noop("%(record)s is %(days)s days overdue: the promise to pay was broken")
        told += notify(
            [*_people(line), *(finance if late > 30 or broken else [])],
            message,
            key=f"overdue:{line.pk}:{line.due_on}:{step}:{line.promised_on or ''}",
            params={"record": str(line), "days": late},
            link=line.get_absolute_url(),
            level="warning",
        )
    return told


@transaction.atomic
def remind_uninvoiced() -> int:
    """应开未开: payable for five days and not invoiced in full."""
    limit = today() - dt.timedelta(days=UNINVOICED_DAYS)
    lines = ReceivableLine.objects.filter(state="eligible", arises_on__lte=limit, gross_invoiced__lt=F("gross_amount"))
    told, finance = 0, _finance()
    for line in lines.order_by("pk").iterator(chunk_size=500):
        told += notify(
            [*_people(line), *finance],
            gettext_noop("%(record)s is payable since %(day)s and not invoiced"),
            key=f"uninvoiced:{line.pk}:{line.arises_on}",
            params={"record": str(line), "day": str(line.arises_on)},
            link=line.get_absolute_url(),
            level="warning",
        )
    return told


@transaction.atomic
def remind_unclaimed() -> int:
    """Money nobody has claimed for three days is told to every account manager and to finance."""
    limit = today() - dt.timedelta(days=UNCLAIMED_DAYS)
    managers = list(User.objects.filter(is_active=True, roles__code="ar").values_list("pk", flat=True))
    told, finance = 0, _finance()
    for receipt in (
        Receipt.objects.filter(state="unclaimed", value_on__lte=limit).order_by("pk").iterator(chunk_size=500)
    ):
        told += notify(
            [*managers, *finance],
            gettext_noop("%(record)s is not claimed since %(day)s"),
            key=f"unclaimed:{receipt.pk}:{receipt.value_on}",
            params={"record": str(receipt), "day": str(receipt.value_on)},
            link=receipt.get_absolute_url(),
            level="warning",
        )
    return told
