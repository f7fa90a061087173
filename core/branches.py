"""Rows that somebody sees for one of several reasons, read reason by reason.

"Mine, or of my department, or of a deal I sit on" is a condition that no index answers: the database reads the table
until it has found enough, and the fewer rows a person sees the more it reads. Each reason alone has its index. So the
first rows of a list are the first of what each reason gives, and a count up to a thousand is up to a thousand of each,
every row once. The statement is compiled once and repeated with each reason in its place. Whatever is read whole (a
file, one record) is asked with the condition as it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber
from django.db.models.lookups import In
from django.db.models.sql.where import AND, OR, WhereNode

QS = TypeVar("QS", bound=QuerySet[Any])
# A statement with its parameters; empty where it would find nothing.
Statement = tuple[str, list[Any]]

# Beyond this many values a list of them is one branch: planning many costs more than reading a little too much.
_MOST_VALUES = 8
_HERE = "{{reason}}"


class AnyOf(WhereNode):
    """A condition of a query whose parts are reasons to see a row; it survives cloning and further filters."""


class Through(Exists):
    """A reason that stands in another table: `Through("case_id", seats, "case_id")`.

    In the whole condition it is asked row by row. As a branch it is read from the other table's side: the planner does
    not know that most deals somebody sits on are in few states, and would walk the list from its end to find them.
    """

    def __init__(self, name: str, queryset: QuerySet[Any], key: str) -> None:
        super().__init__(queryset.filter(**{key: OuterRef(name)}))
        self.alone = among(name, queryset, key)


def among(name: str, queryset: QuerySet[Any], key: str) -> Func:
    """The condition that `name` is the `key` of one of a few rows of another table, read from their side."""
    keys = ArraySubquery(queryset.values(key))
    return Func(F(name), keys, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())


def any_of(queryset: QS, reasons: Q) -> QS:
    """The rows for which one of the reasons holds (`Q(…) | Q(…)`), remembered as branches."""
    found = queryset.filter(reasons)
    conditions = found.query.where.children
    if conditions and type(conditions[-1]) is WhereNode and conditions[-1].connector == OR and not reasons.negated:
        conditions[-1] = AnyOf.create(conditions[-1].children, OR)
    return found


def whole(queryset: QS) -> QS:
    """The same rows, not to be read reason by reason: where another condition is what finds them (a search)."""
    found = queryset.all()
    place = _place(found.query)
    if place is not None:
        conditions = found.query.where.children
        conditions[place] = WhereNode.create(conditions[place].children, OR)
    return found


def walked(queryset: QS) -> QS:
    """The same rows, so many of all that some are soon met: they are counted along their keys, not by a scan."""
    found = queryset.all()
    found.query.walked = True  # type: ignore[attr-defined]  # a query keeps what it is given when it is cloned
    return found


def some(queryset: QuerySet[Any], number: int, columns: "_Columns | None" = None) -> Statement:
    """Any `number` rows of a queryset of values with the primary key among them.

    The first reason is read alone, the others only where it has not given enough: a condition names the reason that
    covers most first.
    """
    order = ("pk",) if getattr(queryset.query, "walked", False) else ()
    parts = _each(queryset.order_by(*order), number, columns=columns)
    if len(parts) < 2:
        return parts[0] if parts else ("", [])
    (broad, given), (others, params) = parts[0], _united(parts[1:], "UNION")
    return (
        f"WITH broad AS MATERIALIZED ({broad}) SELECT * FROM broad UNION (SELECT * FROM ({others}) AS others "
        f"WHERE (SELECT count(*) FROM broad) < {number}) LIMIT {number}",
        [*given, *params],
    )


def first(queryset: QuerySet[Any], number: int, columns: "_Columns | None" = None) -> QuerySet[Any]:
    """The first `number` rows of an ordered queryset."""
    if _place(queryset.query) is None:
        return queryset[:number]
    parts = _each(queryset.values("pk"), number, apart=True, columns=columns)
    if not parts:
        return queryset.none()
    sql, params = _united(parts, "UNION ALL")
    return _without(queryset).filter(_keyed(f"({sql}) AS found (pk)", params))[:number]


def first_of_each(queryset: QuerySet[Any], by: str, values: Sequence[str], number: int) -> QuerySet[Any]:
    """The first `number` rows of an ordered queryset for each value of the field `by`: the columns of a board."""
    columns = _Columns(queryset.values("pk"), by, values)
    one = first(queryset.filter(**{by: _value()}).values("pk"), number, columns)
    try:
        sql, params = for_each(values, one.query.sql_with_params(), "pk")
    except EmptyResultSet:
        return queryset.none()
    return _without(queryset).filter(_keyed(sql, params), **{f"{by}__in": values})


def some_of_each(queryset: QuerySet[Any], by: str, values: Sequence[str], number: int, names: str) -> Statement:
    """Any `number` rows for each value of the field `by`, as a table with `value` and the named columns."""
    columns = _Columns(queryset.order_by(), by, values)
    statement = some(queryset.filter(**{by: _value()}), number, columns)
    return for_each(values, statement, names) if statement[0] else statement


def for_each(values: Sequence[str], statement: Any, columns: str) -> Statement:
    """What a statement gives for each of the values, as a table."""
    sql, params = statement
    return (
        f"unnest(%s::text[]) AS of_each (value) CROSS JOIN LATERAL ({sql}) AS found ({columns})",
        [list(values), *params],
    )


def _keyed(sql: str, params: list[Any]) -> Func:
    """The rows with these keys; as an array, because the planner would try every order of joining a table to them."""
    keys = RawSQL(f"SELECT pk FROM {sql}", params)
    return Func(F("pk"), keys, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", output_field=BooleanField())


def _value() -> RawSQL:
    """The value that a statement is asked for, inside `for_each`."""
    return RawSQL('"of_each"."value"', ())


@dataclass(frozen=True)
class _Columns:
    """The columns of a board: what all of them show, and the value of the field `by` that each has."""

    queryset: QuerySet[Any]
    by: str
    values: Sequence[str]

    def of(self, reason: Any, number: int) -> Statement:
        """The first rows of one column for a reason in another table, inside `for_each`.

        What such a reason opens is read once for all columns: only the part of the statement that names the column is
        asked for each of them.
        """
        fields = self.queryset.query.values_select or ("pk",)
        rows = _without(self.queryset).filter(reason, **{f"{self.by}__in": self.values})
        if rows.query.order_by:
            order: Any = list(rows.query.order_by)
            place = Window(RowNumber(), partition_by=F(self.by), order_by=order)
            rows = rows.order_by().annotate(place=place).filter(place__lte=number)
        sql, params = rows.values_list(self.by, *fields).query.sql_with_params()
        names = ", ".join(f"given_{place}" for place, _field in enumerate(fields))
        return (
            f"WITH held (value, {names}) AS MATERIALIZED ({sql}) "
            f'SELECT {names} FROM held WHERE value = "of_each"."value" LIMIT {number}',
            list(params),
        )


class _Here:
    """Holds the place of a reason while a statement is compiled."""

    contains_aggregate = contains_over_clause = False

    def as_sql(self, compiler: Any, connection: Any) -> Statement:
        return _HERE, [self]


def _each(
    queryset: QuerySet[Any], number: int, *, apart: bool = False, columns: _Columns | None = None
) -> list[Statement]:
    """The first rows of the queryset for each reason; `apart` also for each value of a short list of values, which an
    index gives in order. `columns` where it is asked for each column of a board.
    """
    query: Any = queryset.all().query
    place, here = _place(query), _Here()
    reasons: list[Any] = []
    if place is not None:
        reasons = query.where.children[place].children
        query.where.children[place] = here
    query.set_limits(high=number)
    compiler = query.get_compiler(queryset.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return []
    if place is None:
        return [(sql, list(params))]
    before, after = sql.split(_HERE)
    at = params.index(here)
    found: list[Statement] = []
    for reason in (one for given in reasons for one in (_apart(given) if apart else [given])):
        through = getattr(reason, "lhs", None)  # Django keeps a condition as one that equals True
        elsewhere = isinstance(through, Through)
        try:
            if elsewhere and columns is not None:
                found.append(columns.of(through.alone, number))
                continue
            condition, given = compiler.compile(through.alone.resolve_expression(query) if elsewhere else reason)
        except EmptyResultSet:
            continue
        except FullResultSet:
            condition, given = "TRUE", []
        found.append((f"{before}({condition}){after}", [*params[:at], *given, *params[at + 1 :]]))
    return found


def _united(parts: list[Statement], word: str) -> Statement:
    return f" {word} ".join(f"({sql})" for sql, _params in parts), [one for _sql, params in parts for one in params]


def _place(query: Any) -> int | None:
    """Where the reasons stand among the conditions that must all hold; None where they cannot be taken apart."""
    where = query.where
    if where.connector != AND or where.negated:
        return None
    if query.is_sliced or query.distinct or query.combinator or query.group_by is not None:
        return None
    return next((place for place, child in enumerate(where.children) if isinstance(child, AnyOf)), None)


def _without(queryset: QS) -> QS:
    """The queryset without the reasons."""
    found = queryset.all()
    place = _place(found.query)
    if place is not None:
        del found.query.where.children[place]
    return found


def _apart(reason: Any) -> list[Any]:
    """A lookup in a short list of values as one lookup for each."""
    if isinstance(reason, In) and reason.rhs_is_direct_value() and 1 < len(reason.rhs) <= _MOST_VALUES:
        return [type(reason)(reason.lhs, [value]) for value in sorted(reason.rhs)]
    return [reason]
