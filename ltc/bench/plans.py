"""No page ever reads a large table from end to end: `python -m ltc.bench.plans` explains what each one asks.

Every statement of every measured page, as the one who sees everything and as the head of a team.
"""

import json
from collections.abc import Iterator
from typing import Any

import django

LARGE = 10_000


def large_tables() -> dict[str, int]:
    """Tables that are never to be scanned, with their rows."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [LARGE]
        )
        return dict(cursor.fetchall())


def statements(client: Any, ask: Any) -> list[tuple[str, Any]]:
    """What a page asks the database: each SELECT once, with its parameters."""
    from django.db import connection

    asked: dict[str, Any] = {}

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("( ").upper().startswith(("SELECT", "WITH")):
            asked.setdefault(sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        response = client.get(ask.path)
        if response.streaming:
            b"".join(response.streaming_content)
    if response.status_code != 200:
        asked[f"-- {ask.path} answered {response.status_code}"] = None
    return list(asked.items())


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The tables a plan reads from end to end."""
    if plan["Node Type"] in ("Seq Scan", "Parallel Seq Scan"):
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


def violations(who: str, user: Any) -> Iterator[str]:
    """A sentence for every statement that scans a large table."""
    from django.db import connection
    from django.test import Client

    from ltc.bench.visits import visits_of
    from ltc.bench.workloads import WORKLOADS, Ask

    stranger, client = Client(headers={"host": "127.0.0.1"}), Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    visit = {**visits_of(user), "source": 0}
    large = large_tables()
    asks = [(one.name, one.asks(visit, 0), stranger if one.anonymous else client) for one in WORKLOADS]
    asks += [(f"panel {path}", Ask(path), client) for path in visit["panels"]]
    for name, ask, visitor in asks:
        if ask.form is not None:
            continue
        for sql, params in statements(visitor, ask):
            if sql.startswith("--"):
                yield f"{name} as {who}: {sql[3:]}"
                continue
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                found = cursor.fetchone()[0]
            plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
            for table in sorted({table for table in scans(plan) if table in large}):
                yield f"{name} as {who}: scans {table} ({large[table]:,} rows): {' '.join(sql.split())[:160]}"


def main() -> None:
    """Print the violations as a JSON list."""
    from accounts.models import User
    from ltc.bench.visits import PEOPLE

    found: list[str] = []
    for who, username in PEOPLE.items():
        found += violations(who, User.objects.get(username=username))
    print(json.dumps(found))


if __name__ == "__main__":
    django.setup()
    main()
