"""What the dashboard counts, as one statement: a few totals per kind, key, department and currency.

| kind | key | number | amount | other |
| --- | --- | --- | --- | --- |
| funnel | stage | open deals | gross amount | – |
| money | bucket of days overdue, `retention`, `planned` | receivables | gross still open | gross received |
| sheet | kind of costing | current costings of running projects | net cost | net revenue |
| book | – | books of running projects | net cost to date | net committed |
| worst | project | – | net budget | net used, of the most used budgets |
| waiting | – | open records | – | – ; `since` is the longest wait |
| still | project | – | – | – ; of the projects that stand still longest: `since` is the last move of what is open |
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    DecimalField,
    Expression,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, RowNumber

from accounts.models import User
from billing.models import ReceivableLine
from finance.models import CostSheet
from leads.models import Lead
from process.models import CaseRecord, Seat
from projects.models import Project

RUNNING = ("draft", "in_review", "approved")
# Buckets of days overdue, by their lower edge; b0 is what is not due yet.
EDGES = (0, 1, 31, 61, 91)
WORST, STILL = 5, 20
_MONEY: DecimalField = DecimalField(max_digits=20, decimal_places=2)
ZERO = Value(Decimal(0), _MONEY)


class Total(NamedTuple):
    """One counted row, as kept in `Figure`."""

    kind: str
    key: str
    department_id: int | None
    currency: str
    number: int
    amount: Decimal
    other: Decimal
    since: dt.datetime | None


@dataclass(frozen=True)
class Scope:
    """Whose figures: of the whole company, of some departments, or of the deals of some people."""

    departments: frozenset[int] | None = None
    people: frozenset[int] = frozenset()

    @classmethod
    def of(cls, user: User) -> "Scope":
        """Everything for whoever sees all; the departments one heads; else the own deals."""
        if user.has_right("see_all"):
            return cls()
        if user.department_ids:
            return cls(departments=user.department_ids)
        return cls(departments=frozenset(), people=user.acting_ids)

    @property
    def is_kept(self) -> bool:
        """Whether figures by department can answer for it."""
        return not self.people

    def narrow(self, rows: QuerySet, *, department: str, case: str, owner: str = "") -> QuerySet:
        """The rows of a table that belong to the scope."""
        if self.departments is None:
            return rows
        if not self.people:
            return rows.filter(**{f"{department}__in": self.departments})
        seats = Seat.objects.current().filter(user_id__in=self.people).values("case_id")
        mine = Q(**{f"{case}__in": seats})
        return rows.filter(mine | Q(**{f"{owner}__in": self.people}) if owner else mine)


def count(scope: Scope, day: dt.date) -> list[Total]:
    """All totals of a scope on a day; one statement, which reads the tables the scope has rows in."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement(scope, day))
        return [Total(*row) for row in cursor.fetchall()]


@lru_cache(maxsize=64)
def _statement(scope: Scope, day: dt.date) -> tuple[str, tuple[Any, ...]]:
    """The statement that counts, with its parameters: putting it together takes longer than a small company's count."""
    parts: list[Any] = [*_deals(scope), _money(scope, day), *_costs(scope), _waiting(scope), _still(scope)]
    return parts[0].union(*parts[1:], all=True).query.sql_with_params()


def rows_to_count() -> int:
    """How many rows a count of the company reads."""
    return sum(model._default_manager.count() for model in (Lead, Project, ReceivableLine, CostSheet, CaseRecord))


def _rows(
    rows: QuerySet,
    kind: str,
    *,
    key: Any = "",
    department: str = "department_id",
    currency: Any = "",
    amount: Any = ZERO,
    other: Any = ZERO,
    since: Any = None,
) -> Any:
    """A grouped queryset in the shape of `Total`."""
    keys = {
        "t_kind": Value(kind, CharField()),
        "t_key": Cast(F(key), CharField()) if key and isinstance(key, str) else key or Value("", CharField()),
        "t_department": F(department),
        "t_currency": Cast(F(currency), CharField()) if currency else Value("", CharField()),
    }
    figures: dict[str, Expression] = {
        "t_number": Count("pk"),
        "t_amount": Coalesce(Sum(amount), ZERO, output_field=_MONEY),
        "t_other": Coalesce(Sum(other), ZERO, output_field=_MONEY),
        "t_since": Min(since) if since else Cast(Value(None), DateTimeField()),
    }
    return rows.order_by().annotate(**keys).values(*keys).annotate(**figures).values_list(*keys, *figures)


def _deals(scope: Scope) -> list[Any]:
    leads = scope.narrow(Lead.objects.open(), department="department_id", case="case_id", owner="owner_id")
    running = Project.objects.filter(state__in=RUNNING)
    projects = scope.narrow(running, department="department_id", case="case_id", owner="owner_id")
    return [
        _rows(leads, "funnel", key=Value("lead", CharField()), currency="currency", amount="gross_amount"),
        _rows(projects, "funnel", key="stage", currency="currency", amount="gross_amount"),
    ]


def _money(scope: Scope, day: dt.date) -> Any:
    """Receivables by how long they are overdue; a retention stands outside ageing."""
    due = [
        When(Q(state="eligible", due_on__lte=day - dt.timedelta(days=edge)), then=Value(f"b{index}", CharField()))
        for index, edge in reversed(list(enumerate(EDGES)))
        if index
    ]
    bucket = Case(
        When(is_retention=True, then=Value("retention", CharField())),
        *due,
        When(state="eligible", then=Value("b0", CharField())),
        default=Value("planned", CharField()),
        output_field=CharField(),
    )
    lines: QuerySet = ReceivableLine.objects.exclude(state__in=("waived", "written_off"))
    lines = scope.narrow(lines, department="department_id", case="case_id", owner="owner_id")
    left = F("gross_amount") - F("gross_received") - F("gross_deducted")
    return _rows(lines, "money", key=bucket, currency="currency", amount=left, other=F("gross_received"))


def _costs(scope: Scope) -> list[Any]:
    """Current costings and books of running projects, and the budgets that are used most, by department."""
    projects = Project.objects.filter(state="approved")
    running = scope.narrow(projects, department="department_id", case="case_id", owner="owner_id")
    sheets: QuerySet = CostSheet.objects.filter(state="approved", book__project__state="approved")
    sheets = scope.narrow(
        sheets,
        department="book__project__department_id",
        case="book__project__case_id",
        owner="book__project__owner_id",
    )
    return [
        _rows(
            sheets,
            "sheet",
            key="kind",
            department="book__project__department_id",
            amount="net_cost",
            other="net_revenue",
        ),
        _rows(running, "book", amount="book__net_cost", other="book__net_committed"),
        _worst(sheets.filter(kind="budget", net_cost__gt=0)),
    ]


def _worst(budgets: QuerySet) -> Any:
    """The most used budgets of each department."""
    used = F("book__net_cost") + F("book__net_committed")
    place = Window(
        RowNumber(), partition_by=[F("book__project__department_id")], order_by=(used / F("net_cost")).desc()
    )
    found = {
        "t_kind": Value("worst", CharField()),
        "t_key": Cast("book__project__pk", CharField()),
        "t_department": F("book__project__department_id"),
        "t_currency": Value("", CharField()),
        "t_number": Value(1, IntegerField()),
        "t_amount": Cast("net_cost", _MONEY),
        "t_other": Cast(used, _MONEY),
        "t_since": Cast(Value(None), DateTimeField()),
    }
    return budgets.order_by().annotate(place=place, **found).filter(place__lte=WORST).values_list(*found)


def _waiting(scope: Scope) -> Any:
    records = CaseRecord.objects.filter(is_open=True).exclude(stage="")
    records = scope.narrow(records, department="department_id", case="case_id", owner="holder_id")
    return _rows(records, "waiting", since="since")


def _still(scope: Scope) -> Any:
    """The running projects of each department on which nothing has moved for longest.

    A deal moves when one of its open records changes state or hands; the project's own row counts as well.
    """
    moves = CaseRecord.objects.filter(case=OuterRef("case"), is_open=True).order_by().values("case")
    moved = Subquery(moves.annotate(last=Max("since")).values("last"), output_field=DateTimeField())
    projects = scope.narrow(
        Project.objects.filter(state__in=RUNNING), department="department_id", case="case_id", owner="owner_id"
    )
    found = {
        "t_kind": Value("still", CharField()),
        "t_key": Cast("pk", CharField()),
        "t_department": F("department_id"),
        "t_currency": Value("", CharField()),
        "t_number": Value(1, IntegerField()),
        "t_amount": ZERO,
        "t_other": Cast(ZERO, _MONEY),  # filtering by a window drops a column that equals another one
        "t_since": moved,
    }
    place = Window(RowNumber(), partition_by=[F("department_id")], order_by=[moved.asc(), F("pk").asc()])
    return projects.order_by().annotate(place=place, **found).filter(place__lte=STILL).values_list(*found)
