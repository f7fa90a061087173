"""Rows out of one snapshot, and into an empty database of the same migrations.

By COPY and not by pg_dump: the image has no client programs, and a dump by a client older than its server fails.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from ltc.backup.archive import Unusable, Writer
from ltc.management.quick_state import quick_state

CHUNK = 2**16
# Who is signed in ends with the database; a stolen archive must not open anybody's session.
WITHOUT_ROWS = frozenset({"django_session", "usersessions_usersession"})
# Written by migrating.
_NOT_COPIED = frozenset({"django_migrations"})

_TABLES = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND a.atttypid <> 'xid8'::regtype  -- counts transactions of one cluster: the new one gives its own
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
_FOREIGN_KEYS = """
    SELECT r.relname, c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.conparentid = 0
    ORDER BY 1, 2
"""


def migrations() -> list[list[str]]:
    """What has been migrated, as it stands in the database."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def tables() -> dict[str, list[str]]:
    """Every table that is copied, with the columns that are."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return {name: columns for name, columns in cursor.fetchall() if name not in _NOT_COPIED}


def dump(writer: Writer) -> None:
    """Every row of every table, as of one moment; the caller has begun the transaction."""
    manifest = writer.manifest
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        manifest.migrations = migrations()
        manifest.tables = tables()
        for table, columns in manifest.tables.items():
            only = sql.SQL(" WHERE false" if table in WITHOUT_ROWS else "")
            query = sql.SQL("COPY (SELECT {} FROM {}{}) TO STDOUT").format(_names(columns), sql.Identifier(table), only)
            with cursor.copy(query) as copy:
                writer.add_stream(f"tables/{table}", copy)
            manifest.rows[table] = cursor.rowcount
        # Later than the rows, never earlier: what was drawn meanwhile is only a gap.
        cursor.execute(_SEQUENCES)
        manifest.sequences = {name: [value, value is not None] for name, value in cursor.fetchall()}


def refuse_newer(applied: Iterable[Iterable[str]], version: str) -> None:
    """An archive of a newer LTC knows migrations this one does not."""
    known = MigrationLoader(None).disk_migrations
    unknown = [".".join(name) for name in applied if tuple(name) not in known]
    if unknown:
        raise Unusable(
            f"The archive was made by LTC {version}, which is newer than this one: "
            f"{len(unknown)} migrations are unknown here, such as {unknown[0]}."
        )


def strangers() -> int:
    """How many others are connected to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND usename IS NOT NULL"
        )
        return int(cursor.fetchone()[0])


def is_empty() -> bool:
    """True when nobody has worked here: no table, or none but what `prepare` fills."""
    with connection.cursor() as cursor:
        existing = connection.introspection.table_names(cursor)
        for table in {"accounts_user", "process_logentry"}.intersection(existing):
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")')
            if cursor.fetchone()[0]:
                return False
    return True


def rebuild(applied: Iterable[Iterable[str]]) -> None:
    """An empty schema with exactly these migrations. What was there before is gone, if the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    executor, wanted = MigrationExecutor(connection), {tuple(name) for name in applied}
    leaves = executor.loader.graph.leaf_nodes()
    everything = executor.migration_plan(leaves, clean_start=True)
    plan = [step for step in everything if (step[0].app_label, step[0].name) in wanted]
    with quick_state():
        executor.migrate(leaves, plan=plan)


@contextmanager
def loading(columns: dict[str, list[str]]) -> Iterator["Loader"]:
    """Take rows in without foreign keys and triggers; at the end every foreign key is checked over the whole table."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_FOREIGN_KEYS)
        keys = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
        for table in columns:
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        if columns:
            cursor.execute("TRUNCATE " + ", ".join(f'"{table}"' for table in columns))
        yield Loader(cursor, columns)
        for table in columns:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
        for table, name, definition in keys:
            cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')


class Loader:
    """Takes the parts of one table after the other."""

    def __init__(self, cursor: Any, columns: dict[str, list[str]]) -> None:
        self.cursor = cursor
        self.columns = columns
        self.rows: dict[str, int] = {}

    def take(self, table: str, contents: Iterable[IO[bytes]]) -> None:
        """All rows of a table, in the order of its parts."""
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _names(self.columns[table]))
        with self.cursor.copy(query) as copy:
            for content in contents:
                while chunk := content.read(CHUNK):
                    copy.write(chunk)
        self.rows[table] = self.cursor.rowcount

    def set_sequences(self, sequences: dict[str, list[Any]]) -> None:
        """Draw on where the old database stopped."""
        for name, (value, drawn) in sequences.items():
            if drawn:
                self.cursor.execute("SELECT setval(format('public.%%I', %s::text)::regclass, %s)", [name, value])


def analyze() -> None:
    """Fresh statistics, or the first pages would be planned blindly."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
