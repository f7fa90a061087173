"""Whether this process can serve: database, Redis, migrations. Sentences for operators, without internals."""

from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis
from redis.exceptions import RedisError

_SECONDS = 2.0
_migrated: set[str] = set()  # a database once up to date stays so for the code this process runs


def missing() -> dict[str, str]:
    """What is missing to serve requests, by name; empty when ready."""
    checks = {"database": _database(), "redis": _redis()}
    checks["migrations"] = "" if checks["database"] else _migrations()
    return {name: problem for name, problem in checks.items() if problem}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "The database does not answer."
    return ""


def _redis() -> str:
    options: dict[str, Any] = {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS}
    try:
        with Redis.from_url(settings.REDIS_URL, **options) as client:
            client.ping()
    except (RedisError, OSError, ValueError):
        return "Redis does not answer."
    return ""


def _migrations() -> str:
    name = str(connection.settings_dict["NAME"])
    if name in _migrated:
        return ""
    try:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except Error:
        return "The state of migrations cannot be read."
    if pending:
        return f"{pending} migrations are pending."
    _migrated.add(name)
    return ""
