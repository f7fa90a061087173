"""Telling people about money: due soon, overdue, not invoiced, not claimed. Each is said once per key."""

import datetime as dt

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import notify
from billing.models import Receipt, ReceivableLine
from core.calendar import today

# Proposals from practice.
DUE_WITHIN_DAYS = 7
UNINVOICED_DAYS = 5
UNCLAIMED_DAYS = 3
BILL_WITHIN_DAYS = 10
FINANCE_AFTER_DAYS = 30
# An overdue line is told again when it passes the next of these days.
OVERDUE_STEPS = (1, 8, 31, 61, 91, 181)


def _people(line: ReceivableLine) -> list[int]:
    return [line.owner_id] if line.owner_id else []


def _times(fallen: int) -> str:
    """What makes the notice of a line whose payment fell another one."""
    return f":{fallen}" if fallen else ""


def _finance() -> list[int]:
    return list(User.objects.filter(is_active=True, roles__code="finance").values_list("pk", flat=True))


@transaction.atomic
def remind_due() -> int:
    """The owner learns what falls due within a week."""
    day = today()
    fallen = Count("allocations", filter=Q(allocations__removed_at__isnull=False))
    lines = ReceivableLine.objects.ageing().filter(due_on__range=(day, day + dt.timedelta(days=DUE_WITHIN_DAYS)))
    lines = lines.annotate(fallen=fallen)
    told = 0
    for line in lines.order_by("due_on", "pk").iterator(chunk_size=500):
        told += notify(
            _people(line),
            gettext_noop("%(record)s falls due on %(day)s"),
            key=f"due:{line.pk}:{line.due_on}{_times(line.fallen)}",
            params={"record": str(line), "day": str(line.due_on)},
            link=line.get_absolute_url(),
        )
    return told


@transaction.atomic
def remind_overdue() -> int:
    """Owner (and finance from a month on) learn what is overdue; not while disputed or promised for later."""
    day = today()
    # What was paid and then fell (a bill refused, an allocation taken off) is overdue anew, so it is told anew.
    fallen = Count("allocations", filter=Q(allocations__removed_at__isnull=False))
    lines = ReceivableLine.objects.to_chase(day).annotate(fallen=fallen)
    told, finance = 0, _finance()
    for line in lines.order_by("due_on", "pk").iterator(chunk_size=500):
        late = line.days_overdue
        step = max((one for one in OVERDUE_STEPS if one <= late), default=1)
        told += notify(
            [*_people(line), *(finance if late > FINANCE_AFTER_DAYS else [])],
            gettext_noop("%(record)s is %(days)s days overdue"),
            key=f"overdue:{line.pk}:{line.due_on}:{step}:{_times(line.fallen)}",
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


@transaction.atomic
def remind_bills() -> int:
    """Bills of exchange are presented in time: finance and cashiers learn which fall due within ten days."""
    limit = today() + dt.timedelta(days=BILL_WITHIN_DAYS)
    people = list(
        User.objects.filter(is_active=True, roles__code__in=("finance", "cashier")).values_list("pk", flat=True)
    )
    told = 0
    for bill in Receipt.objects.filter(state="held", bill_due_on__lte=limit).order_by("pk").iterator(chunk_size=500):
        told += notify(
            people,
            gettext_noop("%(record)s falls due on %(day)s"),
            key=f"bill:{bill.pk}:{bill.bill_due_on}",
            params={"record": str(bill), "day": str(bill.bill_due_on)},
            link=bill.get_absolute_url(),
        )
    return told
