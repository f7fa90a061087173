"""Databases for tests: one throwaway cluster for all test runs of this data folder, a slot for each run.

A run holds the lock of its slot as long as it lives, so the names of its databases belong to it alone, and
what an earlier run left in the slot can be dropped. Databases are cloned from a template that is prepared
once for every state of migrations, defaults and catalogue.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from ltc.local import fingerprint
from ltc.local.console import Problem
from ltc.local.locks import FileLock, held
from ltc.local.paths import REPO, data_folder
from ltc.local.services import Services

VARIABLE = "LTC_TEST_RUN"
SLOTS = 60
WORKERS = 16
KEPT_TEMPLATES = 4


def _with_path(url: str, path: str | int) -> str:
    """A server's URL for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


@dataclass(frozen=True)
class TestRun:
    """What the workers of one run share; it reaches them through the environment."""

    __test__ = False  # not a test class for pytest

    slot: int
    folder: str
    app: str
    owner: str
    redis: str

    @classmethod
    def current(cls) -> "TestRun":
        """The run this process belongs to."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def publish(self) -> None:
        """Hand it to the workers."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    def database(self, worker: str) -> str:
        """The name of a worker's database."""
        return f"ltc_run{self.slot}_{worker}"

    def environment(self, worker: str) -> dict[str, str]:
        """The variables the settings read, for one worker (gw0, gw1, …, or main without xdist)."""
        name, own = self.database(worker), Path(self.folder) / worker
        number = int(worker.removeprefix("gw")) if worker.startswith("gw") else WORKERS - 1
        return {
            "DATABASE_URL": _with_path(self.app, name),
            "DATABASE_OWNER_URL": _with_path(self.owner, name),
            "REDIS_URL": _with_path(self.redis, self.slot * WORKERS + number % WORKERS),
            "LTC_SECRET_KEY": "a key for tests only, and long enough for every check",
            "LTC_LOG_KEY": "another key for tests only, for the chains of the log",
            "LTC_MEDIA": str(own / "media"),
            "LTC_ANCHOR_FILE": str(own / "log-anchors.jsonl"),
        }

    # -- databases (as the owner, who may create them)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection as ltc_owner."""
        return psycopg.connect(_with_path(self.owner, database), autocommit=True)

    def clone(self, name: str, template: str) -> None:
        """A fresh copy of the template under this name, whoever is still connected to the old one."""
        with self.connect() as connection:
            _drop(connection, name)
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def drop(self, prefix: str) -> None:
        """Drop every database whose name begins so."""
        with self.connect() as connection:
            for name in _databases(connection, prefix):
                _drop(connection, name)

    def template(self) -> str:
        """The name of the template for the checkout's present state, prepared when missing."""
        name = f"ltc_template_{fingerprint.of_database()[:16]}"
        with held(Path(self.folder).parent / "locks" / "template"), self.connect() as connection:
            known = _databases(connection, "ltc_template_")
            if name not in known:
                if self._failure.exists():  # another worker has tried; it would only fail again
                    raise self._failed()
                for old in known[: 1 - KEPT_TEMPLATES]:
                    _drop(connection, old)
                self._prepare(connection, name)
        return name

    @property
    def _failure(self) -> Path:
        return Path(self.folder) / "template-failed"

    def _failed(self) -> Problem:
        return Problem(f"The template database could not be prepared:\n{self._failure.read_text(encoding='utf-8')}")

    def _prepare(self, connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
        building = f"{name}_building"
        _drop(connection, building)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
        url = _with_path(self.owner, building)
        environ = os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "LTC_OWNER": "1"}
        command = [sys.executable, "manage.py", "prepare", "--verbosity", "0"]
        result = subprocess.run(command, cwd=REPO, env=environ, capture_output=True, text=True, check=False)
        if result.returncode:
            _drop(connection, building)
            self._failure.write_text(result.stderr or result.stdout, encoding="utf-8")
            raise self._failed()
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(building), sql.Identifier(name)))


def _databases(connection: "psycopg.Connection[tuple[object, ...]]", prefix: str) -> list[str]:
    """Databases by the beginning of their name, the oldest first."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid"
    return [str(row[0]) for row in connection.execute(query, [prefix])]


def _drop(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class Session:
    """One test run as its controlling process sees it: services, a slot, and the end of both."""

    def __init__(self) -> None:
        self.folder = data_folder() / "test"
        self.services = Services(self.folder, throwaway=True)
        self._slot: FileLock | None = None

    def begin(self) -> TestRun:
        """Have the services running and take a slot."""
        self.services.keep(os.environ.get("LTC_KEEP_SERVICES") == "1")
        self.services.acquire()
        slot = self._take_slot()
        postgres, redis = self.services.postgres, self.services.redis
        own = self.folder / f"run{slot}"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        run = TestRun(
            slot=slot,
            folder=str(own),
            app=postgres.url("ltc_app") if postgres else os.environ["DATABASE_URL"],
            owner=postgres.url("ltc_owner") if postgres else _own_owner_url(),
            redis=redis.url() if redis else os.environ["REDIS_URL"],
        )
        run.drop(f"ltc_run{slot}_")
        return run

    def _take_slot(self) -> int:
        for slot in range(SLOTS):
            lock = FileLock(self.folder / "locks" / f"slot{slot}")
            if lock.try_exclusive():
                self._slot = lock
                return slot
            lock.close()
        raise Problem(f"{SLOTS} test runs are going on already.")

    def end(self, run: TestRun) -> None:
        """Leave nothing behind."""
        run.drop(f"ltc_run{run.slot}_")
        shutil.rmtree(run.folder, ignore_errors=True)
        if self._slot:
            self._slot.close()
        self.services.release()


def _own_owner_url() -> str:
    url = os.environ.get("DATABASE_OWNER_URL")
    if not url:
        raise Problem("With DATABASE_URL set, the tests need DATABASE_OWNER_URL too: a role that may create databases.")
    return url
