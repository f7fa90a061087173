"""Fill a prepared, empty database with a company of N leads: `python -m ltc.bench.load N`."""

import sys
import time
from functools import partial
from typing import Any

import django
import psycopg
from django.conf import settings
from psycopg import sql

TUNED = ("synchronous_commit = off", "maintenance_work_mem = '512MB'", "session_replication_role = replica")


def people() -> list[Any]:
    """50 account managers in 6 departments; the first sees everything, the second heads a department."""
    from accounts.models import BankAccount, Department, LegalEntity, Role, User
    from ltc.bench import company

    rooms = {room.code: room for room in Department.objects.filter(code__in=company.DEPARTMENTS)}
    made = [
        User(username=f"bench{n}", name=f"Person {n}", department=rooms[company.DEPARTMENTS[n % 6]], language="zh-hans")
        for n in range(company.PEOPLE)
    ]
    made = User.objects.bulk_create(made)
    roles = {role.code: role for role in Role.objects.all()}
    for user in made:
        user.roles.add(roles["ar"])
    made[0].roles.add(roles["director"], roles["lead_manager"], roles["finance"], roles["decision_team"])
    made[1].roles.add(roles["head"])
    room = made[1].department
    room.head = made[1]
    room.save()
    BankAccount.objects.create(entity=LegalEntity.objects.get(is_default=True), bank="Bank", number="1")
    return made


def fill(leads: int) -> None:
    """COPY every table as a superuser: foreign keys and triggers rest, check constraints hold."""
    from dashboard.services import recount
    from ltc.bench.copying import copy, without_indexes
    from ltc.bench.records import Records
    from process.models import StageRecord

    begun = time.monotonic()
    staff = people()
    with psycopg.connect(_dsn(), autocommit=True) as connection:
        for setting in TUNED:
            connection.execute(f"SET {setting}".encode())
        tables = [model._meta.db_table for model in Records.MODELS]
        with without_indexes(connection, tables), connection.transaction():
            names = sql.SQL(", ").join(map(sql.Identifier, tables))
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for name, count in Records(leads, staff, partial(copy, connection)).write():
                print(f"  {name}: {count:,} rows, {time.monotonic() - begun:.0f} s", flush=True)
        print(f"  indexes: {time.monotonic() - begun:.0f} s", flush=True)
        for model in Records.MODELS:
            _restart(connection, model)
            if issubclass(model, StageRecord):
                _restart_codes(connection, model)
        connection.execute("SELECT setval('core_code_cb', %s)", [leads])
        connection.execute("VACUUM ANALYZE")
    recount()
    print(f"  statistics and kept figures: {time.monotonic() - begun:.0f} s", flush=True)


def _restart(connection: "psycopg.Connection[Any]", model: Any) -> None:
    """New rows go on after those that were copied with their ids."""
    table, key = model._meta.db_table, model._meta.pk.column
    query = sql.SQL("SELECT setval(pg_get_serial_sequence(%s, %s), (SELECT coalesce(max({}), 1) FROM {}))")
    connection.execute(query.format(sql.Identifier(key), sql.Identifier(table)), [f'"{table}"', key])


def _restart_codes(connection: "psycopg.Connection[Any]", model: Any) -> None:
    sequence = f"core_code_{model.code_prefix.lower()}"
    query = sql.SQL("SELECT setval(%s, (SELECT greatest(count(*), 1) FROM {}))")
    connection.execute(query.format(sql.Identifier(model._meta.db_table)), [sequence])


def _dsn() -> str:
    found = settings.DATABASES["default"]
    return " ".join(
        f"{name}={found[key]}"
        for name, key in (
            ("host", "HOST"),
            ("port", "PORT"),
            ("user", "USER"),
            ("password", "PASSWORD"),
            ("dbname", "NAME"),
        )
    )


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
