"""Many new rows at once: COPY, for history that is taken in by the ten thousand.

`bulk_create` writes one INSERT with every value in its text; for tables with many columns that costs more than the
database does. Checks, foreign keys and triggers hold for COPY as for INSERT.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, connections, models
from psycopg import sql


def insert(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model; they get their keys. Raises IntegrityError as a save would.

    What a row refers to is saved before. No signal is sent; columns with a default of the database are left to it.
    """
    if not rows:
        return
    options = type(rows[0])._meta
    fields: list[Any] = [field for field in options.concrete_fields if field.db_default is models.NOT_PROVIDED]
    here = connections[connection.alias]  # asked for once: the other name looks it up every time
    table, key = sql.Identifier(options.db_table), options.pk
    names = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        query = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
        cursor.execute(query, [f'"{options.db_table}"', key.column, len(rows)])
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)
        with connection.wrap_database_errors, cursor.copy(statement) as into:
            for values in zip(*(_column(field, rows, here) for field in fields), strict=True):
                into.write_row(values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _column(field: Any, rows: Sequence[models.Model], here: Any) -> list[Any]:
    """A field of all rows as the database takes it; most values come again, and are made ready once."""
    values = [field.pre_save(row, add=True) for row in rows]
    if isinstance(field, models.JSONField | ArrayField):  # no keys; and true and 1 are one key, but not the same JSON
        return [field.get_db_prep_save(value, here) for value in values]
    ready: dict[Any, Any] = {}
    for value in values:
        if value not in ready:
            ready[value] = field.get_db_prep_save(value, here)
    return [ready[value] for value in values]
