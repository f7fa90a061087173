"""Whose plan, and for which months."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, DateField, F, QuerySet, Value, When
from django.db.models.functions import Cast, TruncMonth
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, LegalEntity, User
from billing.models import Receipt, ReceivableLine
from core.branches import whole
from core.calendar import add_months, company_zone, today
from customers.models import Customer

MOST_MONTHS = 24
# How many months before and after this one are shown unless others are asked for.
AROUND = 6
# What a month is broken down by: label, and the rows that the keys name.
BY: dict[str, tuple[Any, Any]] = {
    "department": (_("Department"), Department),
    "owner": (_("Account manager"), User),
    "customer": (_("Payer"), Customer),
}
# Where a receipt says the same of itself: what it was claimed for, the account it came in on.
_OF_RECEIPT = {
    "department_id": "contract__department_id",
    "owner_id": "contract__owner_id",
    "customer_id": "contract__payer_id",
    "contract__entity": "account__entity",
}
# Money that did not stay is none that came in.
_GONE = ("reversed", "refused")


def month_of(day: dt.date) -> dt.date:
    """The first day of a day's month."""
    return day.replace(day=1)


def usual_months() -> tuple[dt.date, dt.date]:
    """The first and the last month that are shown unless others are asked for."""
    now = month_of(today())
    return add_months(now, -AROUND), add_months(now, AROUND)


@dataclass(frozen=True)
class Span:
    """Months one after the other, each by its first day in the company's calendar."""

    first: dt.date
    last: dt.date

    @property
    def months(self) -> list[dt.date]:
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [add_months(self.first, number) for number in range(count)]

    @property
    def end(self) -> dt.date:
        """The day after the last one; also stands for whatever is later."""
        return add_months(self.last, 1)

    @property
    def before(self) -> dt.date:
        """Stands for whatever is earlier."""
        return add_months(self.first, -1)

    def month(self, field: str) -> Case:
        """The month of a day, in a statement; what lies outside as `before` or `end`, no day as none."""
        return Case(
            When(**{f"{field}__lt": self.first}, then=Value(self.before)),
            When(**{f"{field}__gte": self.end}, then=Value(self.end)),
            default=Cast(TruncMonth(field), DateField()),
            output_field=DateField(),
        )

    def month_given_up(self, ends: Sequence[str]) -> Case:
        """The month in which a receivable was waived or written off, by the company's clock; none while it is not."""
        edges = [(self.before, self.first), *((month, add_months(month, 1)) for month in self.months)]
        found = [When(state__in=ends, state_since__lt=midnight(until), then=Value(month)) for month, until in edges]
        return Case(
            *found,
            When(state__in=ends, then=Value(self.end)),
            default=None,
            output_field=DateField(null=True),
        )


def midnight(day: dt.date) -> dt.datetime:
    """The moment a day begins where the company is."""
    return dt.datetime.combine(day, dt.time(), company_zone())


@dataclass(frozen=True)
class Scope:
    """What somebody may see, narrowed; `group` is one row of a breakdown, as (word of BY, key)."""

    user: User
    department: Department | None = None
    owner: User | None = None
    customer: Customer | None = None
    entity: LegalEntity | None = None
    group: tuple[str, int | None] | None = None

    def of(self, by: str, key: int | None) -> "Scope":
        """One row of a breakdown."""
        return replace(self, group=(by, key))

    def conditions(self) -> dict[str, Any]:
        """The narrowing, as conditions on a receivable."""
        found: dict[str, Any] = {}
        if self.department is not None:
            found["department_id__in"] = self.department.with_below()
        if self.owner is not None:
            found["owner_id"] = self.owner.pk
        if self.customer is not None:
            found["customer_id"] = self.customer.pk
        if self.entity is not None:
            found["contract__entity"] = self.entity.pk
        return found

    def lines(self) -> QuerySet[ReceivableLine]:
        """The receivables."""
        found = whole(ReceivableLine.objects.visible_to(self.user)).filter(**self.conditions())
        return found if self.group is None else found.filter(**_same(f"{self.group[0]}_id", self.group[1]))

    def receipts(self) -> QuerySet[Receipt]:
        """The money that came in; where the view is narrowed, what is claimed for it."""
        given = {_receipt_name(name): value for name, value in self.conditions().items()}
        found = whole(Receipt.objects.visible_to(self.user)).exclude(state__in=_GONE).filter(**given)
        if self.group is None:
            return found
        return found.filter(**_same(of_receipt(self.group[0]), self.group[1]))


def of_receipt(by: str) -> str:
    """Where a receipt has the key that receivables are broken down by."""
    return _OF_RECEIPT[f"{by}_id"]


def _receipt_name(name: str) -> str:
    plain = name.removesuffix("__in")
    return _OF_RECEIPT[plain] + name.removeprefix(plain)


def _same(field: str, key: int | None) -> dict[str, Any]:
    return {f"{field}__isnull": True} if key is None else {field: key}


LEFT = F("gross_amount") - F("gross_received") - F("gross_deducted")
