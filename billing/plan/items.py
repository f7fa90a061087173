"""What stands behind one figure of a collection plan: its rows, each with its `amount`, which sum to it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from billing.models import Allocation
from billing.models.receipt import BILLS
from billing.models.receivable import PAID
from billing.plan.figures import ENDS, FREE, free_receipts, is_disputed, kept_promises, moves
from billing.plan.scope import LEFT, Scope, Span, midnight
from core.calendar import add_months, today
from core.money import ZERO
from core.paging import Keyset
from core.selectors import InBase


@dataclass(frozen=True)
class Figure:
    """A figure that can be opened: its label, what kind of rows it is made of, and how they are found."""

    label: Any
    kind: str
    rows: Callable[[Scope, dt.date, InBase], QuerySet[Any]]


# How the rows of each kind are listed.
ORDER = {
    "line": Keyset(("due_on", "id")),
    "allocation": Keyset(("receipt__value_on", "id")),
    "promise": Keyset(("promised_on", "id")),
    "move": Keyset(("due_on", "id")),
    "receipt": Keyset(("value_on", "id")),
}
_NAMED = {
    "line": ("customer", "owner"),
    "allocation": ("receipt__method", "receivable__customer", "receivable__owner"),
    "promise": ("receivable__customer", "receivable__owner"),
    "move": ("receivable__customer", "receivable__owner"),
    "receipt": ("owner",),
}


def items(scope: Scope, figure: str, month: dt.date) -> QuerySet[Any]:
    """The rows behind a figure of a month, with `amount` in base currency at today's rate."""
    found = FIGURES[figure]
    return found.rows(scope, month, InBase(today())).select_related(*_NAMED[found.kind])


def amount_of(rows: QuerySet[Any]) -> Decimal:
    """What the rows sum to."""
    found: Decimal = rows.order_by().select_related(None).aggregate(all=Sum("amount", default=ZERO))["all"]
    return found


# Receivables ---------------------------------------------------------------------------------------
def _due(scope: Scope, month: dt.date) -> QuerySet[Any]:
    return scope.lines().filter(due_on__gte=month, due_on__lt=add_months(month, 1))


def _planned(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _due(scope, month).annotate(amount=money.row(F("gross_amount"), "currency"))


def _disputed(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _due(scope, month).filter(is_disputed()).annotate(amount=money.row(LEFT, "currency"))


def _left(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    open_lines = _due(scope, month).exclude(state__in=ENDS).filter(gross_amount__gt=PAID)
    return open_lines.annotate(amount=money.row(LEFT, "currency"))


def _settled(money: InBase, **when: Any) -> Coalesce:
    """What was allocated to the outer receivable, row by row in base currency."""
    found = Allocation.objects.standing().filter(receivable=OuterRef("pk"), **when)
    sums = found.order_by().values("receivable").annotate(sum=Sum(money.row(F("gross_amount"), "receivable__currency")))
    return Coalesce(Subquery(sums.values("sum")), ZERO)


def _if(condition: Q, amount: Any) -> Case:
    return Case(When(condition, then=amount), default=Value(ZERO), output_field=DecimalField())


def _open_on(scope: Scope, day: dt.date, money: InBase) -> QuerySet[Any]:
    """What of all due before a day was open when it began."""
    stands = ~Q(state__in=ENDS) | Q(state_since__gte=midnight(day))
    now = _if(stands & Q(gross_amount__gt=PAID), money.row(LEFT, "currency"))
    found = scope.lines().filter(due_on__lt=day)
    return found.annotate(amount=now + _settled(money, receipt__value_on__gte=day)).filter(amount__gt=0)


def _opening(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _open_on(scope, month, money)


def _closing(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _open_on(scope, add_months(month, 1), money)


def _other(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    """Settled without money by the month's end: in the month what was due before it, at any time what is due in it."""
    end = add_months(month, 1)
    by_then = Q(state__in=ENDS, state_since__lt=midnight(end))
    given_up = by_then & (Q(due_on__gte=month) | Q(state_since__gte=midnight(month)))
    until_end = {"difference__isnull": False, "receipt__value_on__lt": end}
    differences = Case(
        When(due_on__gte=month, then=_settled(money, **until_end)),
        default=_settled(money, **until_end, receipt__value_on__gte=month),
        output_field=DecimalField(),
    )
    found = scope.lines().filter(due_on__lt=end)
    amount = _if(given_up, money.row(LEFT, "currency")) + differences
    return found.annotate(amount=amount).filter(amount__gt=0)


# Money ---------------------------------------------------------------------------------------------
def _allocations(scope: Scope, money: InBase) -> QuerySet[Any]:
    found = Allocation.objects.standing().filter(receivable__in=scope.lines(), difference__isnull=True)
    return found.annotate(amount=money.row(F("gross_amount"), "receivable__currency"))


def _came_in(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    found = _allocations(scope, money)
    return found.filter(receipt__value_on__gte=month, receipt__value_on__lt=add_months(month, 1))


def _of_due(rows: QuerySet[Any], month: dt.date) -> QuerySet[Any]:
    return rows.filter(receivable__due_on__gte=month, receivable__due_on__lt=add_months(month, 1))


def _prepaid(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _of_due(_allocations(scope, money).filter(receipt__value_on__lt=month), month)


def _collected(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _of_due(_came_in(scope, month, money), month)


def _late(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _came_in(scope, month, money).filter(receivable__due_on__lt=month)


def _early(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    later = Q(receivable__due_on__gte=add_months(month, 1)) | Q(receivable__due_on__isnull=True)
    return _came_in(scope, month, money).filter(later)


def _cash(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _came_in(scope, month, money).exclude(receipt__method__code__in=BILLS)


def _bills(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return _came_in(scope, month, money).filter(receipt__method__code__in=BILLS)


def _promised(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    found = kept_promises(scope.lines(), Span(month, month))
    return found.annotate(amount=money.row(F("gross_amount"), "receivable__currency"))


def _moved(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    found = moves(scope.lines(), Span(month, month))
    return found.annotate(amount=money.row(F("gross_amount"), "receivable__currency"))


def _free(scope: Scope, month: dt.date, money: InBase) -> QuerySet[Any]:
    return free_receipts(scope, Span(month, month)).annotate(amount=money.row(FREE, "currency"))


FIGURES: dict[str, Figure] = {
    "opening": Figure(_("Overdue at its beginning"), "line", _opening),
    "planned": Figure(_("Plan"), "line", _planned),
    "prepaid": Figure(_("Paid before"), "allocation", _prepaid),
    "collected": Figure(_("Received of the month's plan"), "allocation", _collected),
    "other": Figure(_("Settled without money"), "line", _other),
    "left": Figure(_("Still open of the plan"), "line", _left),
    "closing": Figure(_("Open at its end"), "line", _closing),
    "disputed": Figure(_("Disputed, in the plan"), "line", _disputed),
    "promised": Figure(_("Promised"), "promise", _promised),
    "moved": Figure(_("Moved out of the month"), "move", _moved),
    "received": Figure(_("Received"), "allocation", _came_in),
    "late": Figure(_("Received of overdue"), "allocation", _late),
    "early": Figure(_("Received early"), "allocation", _early),
    "cash": Figure(_("of it money"), "allocation", _cash),
    "bills": Figure(_("of it bills of exchange"), "allocation", _bills),
    "free": Figure(_("Not allocated"), "receipt", _free),
}


# One row for people and programs -------------------------------------------------------------------
@dataclass(frozen=True)
class Item:
    """One row behind a figure: the receivable (of free money the receipt), its day, what more there is to say."""

    record: Any
    payer: str
    owner: Any
    day: dt.date | None
    note: str
    currency: str
    amount: Decimal


def _line_item(row: Any) -> Item:
    return Item(row, str(row.customer), row.owner, row.due_on, row.state_label, row.currency, row.amount)


def _of_line(row: Any, day: dt.date, note: str) -> Item:
    line = row.receivable
    return Item(line, str(line.customer), line.owner, day, note, line.currency, row.amount)


def _receipt_item(row: Any) -> Item:
    return Item(row, row.payer_name, row.owner, row.value_on, row.state_label, row.currency, row.amount)


_ITEMS: dict[str, Callable[[Any], Item]] = {
    "line": _line_item,
    "allocation": lambda row: _of_line(row, row.receipt.value_on, f"{row.receipt.code} {row.receipt.method}"),
    "promise": lambda row: _of_line(row, row.promised_on, row.get_outcome_display()),
    "move": lambda row: _of_line(row, row.due_on, _t("moved on %(day)s") % {"day": row.moved_on}),
    "receipt": _receipt_item,
}


def item_of(figure: str, row: Any) -> Item:
    """A row of `items` as it is shown."""
    return _ITEMS[FIGURES[figure].kind](row)
