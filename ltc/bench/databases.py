"""The databases that are measured: one per size in a cluster of their own, filled once and kept."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from ltc.local import fingerprint
from ltc.local.console import Problem, step
from ltc.local.paths import REPO, data_folder
from ltc.local.services import Services

_OURS = (
    "ltc/bench/company.py",
    "ltc/bench/records.py",
    "ltc/bench/papers.py",
    "ltc/bench/load.py",
    "ltc/bench/copying.py",
)


class Databases:
    """Filled databases by size, made when missing; they are made anew when migrations or the data set change."""

    def __init__(self, services: Services) -> None:
        if services.postgres is None:
            raise Problem("./run bench makes databases of its own: run it without DATABASE_URL.")
        self.postgres = services.postgres

    def url(self, size: int, role: str = "ltc_app") -> str:
        """The address of a size's database for a role."""
        return self.postgres.url(role, self._name(size))

    def _name(self, size: int) -> str:
        mark = fingerprint.digest([REPO / name for name in _OURS])[:6] + fingerprint.of_database()[:6]
        return f"bench_{size}_{mark}"

    def ensure(self, size: int) -> None:
        """Have the database of this size, whole: a name is only given to one that was filled."""
        name, building = self._name(size), f"bench_{size}_building"
        with psycopg.connect(self.postgres.url("postgres", "postgres"), autocommit=True) as connection:
            known = [row[0] for row in connection.execute("SELECT datname FROM pg_database")]
            if name in known:
                return
            for old in known:
                if old.startswith(f"bench_{size}_"):
                    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER ltc_owner").format(sql.Identifier(building)),
            )
            with step(f"database for {size:,} leads"):
                self._run(["manage.py", "prepare", "--verbosity", "0"], self.postgres.url("ltc_owner", building))
            with step(f"{size:,} leads by COPY"):
                self._run(["-m", "ltc.bench.load", str(size)], self.postgres.url("postgres", building))
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name))
            )

    @contextmanager
    def copy(self, size: int) -> Iterator[str]:
        """The owner's address of a copy of this size's database, for as long as the block lasts: it may be written."""
        name = f"bench_{size}_copy"
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with psycopg.connect(self.postgres.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(drop)
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER ltc_owner").format(
                    sql.Identifier(name), sql.Identifier(self._name(size))
                )
            )
            try:
                yield self.postgres.url("ltc_owner", name)
            finally:
                connection.execute(drop)

    def _run(self, command: list[str], url: str) -> None:
        environ = os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "LTC_OWNER": "1"}
        result = subprocess.run([sys.executable, *command], cwd=REPO, env=environ, check=False)
        if result.returncode:
            raise Problem(f"The database could not be filled: {' '.join(command)} ended with {result.returncode}.")


def with_database(url: str, name: str) -> str:
    """A server's URL for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def folder() -> Path:
    """Where the cluster and the reports lie."""
    return data_folder() / "bench"
