"""Paging by key: a page starts after the last row shown, never at an offset, and counts are capped.

An index serves a page when it lists the keyset's columns in order: `Index(fields=["created_at", "id"])` serves
("-created_at", "-id"). A nullable column sorts its nulls last: ascending it is served by a plain index, descending
by `Index(F("due_on").desc(nulls_last=True), F("id").desc(), …)`.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from zlib import crc32

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.utils.timezone import is_naive

from core.branches import first, first_of_each, some
from core.errors import BadCursor
from core.text import clean_text

T = TypeVar("T")

MOST_ROWS = 1000
_LONGEST_CURSOR = 4000


@dataclass(frozen=True)
class Keyset:
    """The order of a list: field names, "-" for descending; the primary key is added so that no two rows tie."""

    fields: Sequence[str] = ("-created_at", "-id")

    def __post_init__(self) -> None:
        fields = tuple(self.fields)
        if not fields:
            raise ValueError("A keyset needs at least one field.")
        if not {"id", "pk"} & {name.lstrip("-") for name in fields}:
            fields += ("-pk" if fields[-1].startswith("-") else "pk",)
        object.__setattr__(self, "fields", fields)

    @property
    def mark(self) -> int:
        """A short number of this order, so that a cursor of another order is refused."""
        return crc32(",".join(self.fields).encode()) & 0xFFFFFF


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of one page and the cursors to its neighbours, None where there is none."""

    rows: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class _Column:
    """One field of the order, as this queryset knows it."""

    name: str
    descending: bool
    nullable: bool
    field: "Field[Any, Any]"


def page(
    queryset: QuerySet[Any], *, keyset: Keyset | None = None, cursor: str | None = None, size: int = 50
) -> Page[Any]:
    """One page of a queryset in the keyset's order; the queryset's own order is ignored.

    One query, or two where a page crosses into the rows without a value. BadCursor for a cursor this list did not
    give. Where all rows before a cursor are gone, the first page is given.
    """
    keyset = keyset or Keyset()
    size = max(1, min(size, MOST_ROWS))
    columns = _columns(queryset, keyset)
    backward, values = _decode(cursor, keyset, columns) if cursor else (False, None)
    rows = _fetch(queryset, columns, values, backward, size + 1)
    more, rows = len(rows) > size, rows[:size]
    if backward:
        if not rows:
            return page(queryset, keyset=keyset, size=size)
        rows.reverse()
    has_previous, has_next = (more, True) if backward else (bool(cursor), more)
    return Page(
        rows,
        _encode(keyset, columns, rows[-1], backward=False) if rows and has_next else None,
        _encode(keyset, columns, rows[0], backward=True) if rows and has_previous else None,
    )


def first_pages(
    queryset: QuerySet[Any], *, by: str, values: Sequence[str], keyset: Keyset | None = None, size: int = 50
) -> list[Page[Any]]:
    """The first page for each value of a field, in one statement: the columns of a board."""
    keyset = keyset or Keyset()
    columns = _columns(queryset, keyset)
    rows: dict[str, list[Any]] = {value: [] for value in values}
    for row in first_of_each(ordered(queryset, keyset), by, values, size + 1):
        rows[getattr(row, by)].append(row)
    return [
        Page(found[:size], _encode(keyset, columns, found[size - 1], backward=False) if len(found) > size else None)
        for found in rows.values()
    ]


def ordered(queryset: QuerySet[Any], keyset: Keyset) -> QuerySet[Any]:
    """All rows of a queryset in the keyset's order, for what is read from end to end."""
    return queryset.order_by(*(_order(column, False) for column in _columns(queryset, keyset)))


def capped_count(queryset: QuerySet[Any], cap: int = 1000) -> tuple[int, bool]:
    """Count rows up to a cap by a LIMIT: (37, False), or (1000, True) to be shown as "1000+"."""
    sql, params = some(queryset.values("pk"), cap + 1)
    if not sql:
        return 0, False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS found", params)
        (found,) = cursor.fetchone()
    return min(found, cap), found > cap


def _columns(queryset: QuerySet[Any], keyset: Keyset) -> list[_Column]:
    """Resolve the order against the model; FieldError for a name it does not have (a list's sorts are whitelisted)."""
    columns = []
    for given in keyset.fields:
        name = given.removeprefix("-")
        resolved = queryset.query.clone().resolve_ref(name).output_field
        field = getattr(resolved, "target_field", resolved)
        columns.append(_Column(name, given.startswith("-"), _nullable(queryset, name), field))
    return columns


def _nullable(queryset: QuerySet[Any], name: str) -> bool:
    """Whether a column or a relation on the way to it may be null; an annotation is taken to be."""
    if name in queryset.query.annotations:
        return True
    model, nullable = queryset.model, False
    for part in name.split("__"):
        try:
            field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        except FieldDoesNotExist:  # an attname such as customer_id
            field = next(known for known in model._meta.concrete_fields if known.attname == part)
        nullable, model = nullable or field.null, field.related_model
    return nullable


def _fetch(
    queryset: QuerySet[Any], columns: list[_Column], values: list[Any] | None, backward: bool, need: int
) -> list[Any]:
    """Read rows in walking order, segment by segment until there are enough."""
    ordered = queryset.order_by(*(_order(column, backward) for column in columns))
    if values is None:
        return list(first(ordered, need))
    rows: list[Any] = []
    for segment in _segments(columns, values, backward):
        rows += first(ordered.filter(segment), need - len(rows))
        if len(rows) >= need:
            break
    return rows


def _order(column: _Column, backward: bool) -> OrderBy:
    """Order by one column, nulls last; walking backward turns both round."""
    ends: dict[str, Any] = {"nulls_first" if backward else "nulls_last": True} if column.nullable else {}
    descending = column.descending is not backward
    return F(column.name).desc(**ends) if descending else F(column.name).asc(**ends)


def _segments(columns: list[_Column], values: list[Any], backward: bool) -> list[Any]:
    """Conditions whose rows, one after the other, are the rows beyond the cursor in walking order.

    The rows without a value in the first column are a segment of their own: `x > 5 OR x IS NULL` uses no index.
    """
    first, rest = columns[0], columns[1:]
    if not first.nullable:
        return [_beyond(columns, values, backward)]
    without = Q(**{f"{first.name}__isnull": True})
    if values[0] is None:
        tied = without & Q(_beyond(rest, values[1:], backward))
        return [tied, ~without] if backward else [tied]
    within = _beyond([replace(first, nullable=False), *rest], values, backward)
    return [within] if backward else [within, without]


def _beyond(columns: list[_Column], values: list[Any], backward: bool) -> Any:
    """The condition for rows beyond a key: one row comparison where possible, else column by column."""
    if len({column.descending for column in columns}) == 1 and not any(column.nullable for column in columns):
        less = columns[0].descending is not backward
        names = [F(column.name) for column in columns]
        keys = [Value(value, column.field) for column, value in zip(columns, values, strict=True)]
        return _RowCompare(*names, *keys, operator="<" if less else ">")
    found, tied = Q(pk__in=[]), Q()
    for column, value in zip(columns, values, strict=True):
        step = _step(column, value, backward)
        if step is not None:
            found |= tied & step
        tied &= Q(**{f"{column.name}__isnull": True}) if value is None else Q(**{column.name: value})
    first = columns[0]
    if not first.nullable:  # says the same once more, in a form that an index range can use
        bound = "lte" if first.descending is not backward else "gte"
        found &= Q(**{f"{first.name}__{bound}": values[0]})
    return found


def _step(column: _Column, value: Any, backward: bool) -> Q | None:
    """The condition for one column to lie beyond a value; None where nothing does."""
    if value is None:
        return Q(**{f"{column.name}__isnull": False}) if backward else None
    lookup = "lt" if column.descending is not backward else "gt"
    step = Q(**{f"{column.name}__{lookup}": value})
    return step | Q(**{f"{column.name}__isnull": True}) if column.nullable and not backward else step


class _RowCompare(Func):
    """(a, b) < (1, 2), which PostgreSQL answers from an index on (a, b)."""

    output_field = BooleanField()

    def __init__(self, *expressions: Any, operator: str) -> None:
        super().__init__(*expressions)
        self.operator = operator

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:
        """Put the first half of the expressions on the left, the second on the right."""
        parts, params = [], []
        for expression in self.source_expressions:
            sql, values = compiler.compile(expression)
            parts.append(sql)
            params += values
        half = len(parts) // 2
        return f"({', '.join(parts[:half])}) {self.operator} ({', '.join(parts[half:])})", params


def _value(row: Any, name: str) -> Any:
    """The key value of a row, which is an instance or a dict of values()."""
    if isinstance(row, dict):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part, None)
    return row.pk if isinstance(row, Model) else row


def _encode(keyset: Keyset, columns: list[_Column], row: Any, *, backward: bool) -> str:
    """Write a row's key as a cursor: url-safe, unsigned, checked when it comes back."""
    values = [_value(row, column.name) for column in columns]
    raw = json.dumps([keyset.mark, int(backward), *values], default=_plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _plain(value: Any) -> str:
    """Dates with all their microseconds, decimals and UUIDs as text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _decode(cursor: str, keyset: Keyset, columns: list[_Column]) -> tuple[bool, list[Any]]:
    """Read a cursor back; whatever this list cannot have written is a BadCursor."""
    try:
        if len(cursor) > _LONGEST_CURSOR:
            raise ValueError("too long")
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        mark, backward, *values = json.loads(raw)
        if mark != keyset.mark or backward not in (0, 1):
            raise ValueError("of another list")
        return bool(backward), [_read(column, value) for column, value in zip(columns, values, strict=True)]
    except (ValueError, TypeError, ArithmeticError, RecursionError, binascii.Error, ValidationError) as error:
        raise BadCursor(f"Malformed page cursor: {type(error).__name__}") from error


def _read(column: _Column, value: Any) -> Any:
    """Turn one JSON value into the field's type, within the field's range."""
    if value is None and column.nullable:
        return None
    if value is None or isinstance(value, list | dict | float):
        raise ValueError("no value of this column")
    result = column.field.to_python(value)
    column.field.run_validators(result)
    if isinstance(result, str) and (result != value or clean_text(result) != result):
        raise ValueError("not storable text")
    if isinstance(result, datetime) and is_naive(result):
        raise ValueError("no time zone")
    return result
