"""暂估: goods received and not billed by the end of a month are cost of it, taken back on the first of the next."""

import datetime as dt

from django.db import transaction
from django.db.models import F, Sum

from accounts.actor import Actor
from accounts.models import User
from core.money import ZERO, round_money
from finance.models import Period
from finance.services import ledger
from purchasing.models import BillLine, GoodsReceipt, PurchaseLine


def _last_day(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)


@transaction.atomic
def accrue(period: Period, *, by: Actor | User) -> int:
    """Post an accrual and its reversal for every order line in arrears; returns how many. A repeat posts nothing."""
    last = _last_day(period.month)
    candidates = PurchaseLine.objects.filter(
        receipts__received_on__lte=last, quantity_received__gt=F("quantity_billed"), order__book__is_frozen=False
    ).distinct()
    made = 0
    for line in candidates.select_related("order__book", "category"):
        made += _accrue(line, period, last, by)
    return made


def _accrue(line: PurchaseLine, period: Period, last: dt.date, by: Actor | User) -> bool:
    """One line: what came in by the last day, less what was billed by then."""
    received = (
        GoodsReceipt.objects.filter(line=line, received_on__lte=last).aggregate(sum=Sum("quantity"))["sum"] or ZERO
    )
    billed = (
        BillLine.objects.filter(
            order_line=line, bill__state__in=["posted", "paid"], bill__dated_on__lte=last
        ).aggregate(sum=Sum("quantity"))["sum"]
        or ZERO
    )
    if received <= billed:
        return False
    amount = round_money(line.net_cost * (received - billed) / line.quantity)
    order = line.order
    entry = ledger.post(
        order.book,
        nature="cost",
        category=line.category,
        net_amount=amount,
        day=last,
        source=f"purchasing.accrual:{line.pk}:{period.month:%Y-%m}",
        text=f"{order.code} {line.text}",
        by=by,
        accrual=True,
        document=order,
    )
    ledger.reverse(entry, by=by, day=last + dt.timedelta(days=1))
    return True
