"""COPY of many rows into a model's table: what a row does not name is the field's default."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import models
from psycopg import sql

NULL = "\\N"
_BLOCK = 5000


def text_of(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dict | list):
        return "{}" if not value and isinstance(value, list) else json.dumps(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def _default(field: "models.Field[Any, Any]", now: str) -> str:
    if isinstance(field, models.DateTimeField) and not field.null:
        return now
    value = field.get_default()
    if value == {} and field.get_internal_type() == "JSONField":
        return "{}"
    return text_of(value)


def copy(
    connection: "psycopg.Connection[Any]",
    model: type[models.Model],
    names: tuple[str, ...],
    rows: Iterable[Any],
    **fixed: Any,
) -> int:
    """Copy rows into the model's table; `names` are the columns of a row, `fixed` those all rows share.

    The table was emptied in this transaction, so that rows are written as known to everybody and need no vacuum.
    """
    now = datetime.now().astimezone().isoformat()
    columns, rest = list(names), []
    for field in model._meta.concrete_fields:
        if field.attname in names or getattr(field, "db_default", models.NOT_PROVIDED) is not models.NOT_PROVIDED:
            continue
        if field.primary_key:
            continue
        columns.append(field.attname)
        rest.append(text_of(fixed[field.attname]) if field.attname in fixed else _default(field, now))
    known = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FREEZE)").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(known[name]) for name in columns)
    )
    tail = "".join(f"\t{value}" for value in rest) + "\n"
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as into:
        block: list[str] = []
        for row in rows:
            block.append("\t".join(map(str, row)))
            if len(block) == _BLOCK:
                into.write(tail.join(block) + tail)
                count += len(block)
                block.clear()
        if block:
            into.write(tail.join(block) + tail)
            count += len(block)
    return count


_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = %s::regclass AND NOT i.indisunique
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
_EXCLUSIONS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'x'
"""


@contextmanager
def without_indexes(connection: "psycopg.Connection[Any]", tables: Iterable[str]) -> Iterator[None]:
    """Load without them and build them once at the end: a tenth of the time for a million rows.

    Statements made here are bytes: as text psycopg takes only what stands in the source.
    """
    again: list[str] = []
    for table in tables:
        for name, definition in connection.execute(_INDEXES, [f'"{table}"']).fetchall():
            connection.execute(f"DROP INDEX {name}".encode())
            again.append(definition)
        for name, definition in connection.execute(_EXCLUSIONS, [f'"{table}"']).fetchall():
            connection.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'.encode())
            again.append(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')
    yield
    for statement in again:
        connection.execute(statement.encode())


def seconds_since(begun: float) -> str:
    """For the line that is printed per table."""
    return f"{time.monotonic() - begun:.1f} s"
