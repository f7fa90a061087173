"""The demo under test: a runner of its own, in a folder of its own, and every process of it by name."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery
from redis import Redis

from ltc.faults import left
from ltc.local import demo_processes, ports
from ltc.local.console import Problem
from ltc.local.paths import REPO
from ltc.local.postgres import Postgres
from ltc.local.processes import Process, wait_until
from ltc.local.redis import Redis as RedisServer

STARTING = 900  # seconds for the first start, which prepares everything, on a busy machine
COPIED = ("pg.json", "postgres", "redis", "secrets.json", "static", "sign-ins.txt")
PROBE = "core.tasks.purge_idempotency_keys"


class Demo:
    """One runner; `environ` adds to what it is started with."""

    def __init__(self, folder: Path, environ: dict[str, str] | None = None, log: Path | None = None) -> None:
        self.folder, self.port = folder, ports.pick()
        self.environ = environ or {}
        self.log = log or folder / "demo.log"
        self.postgres, self.redis_server = Postgres(folder), RedisServer(folder)
        self.runner: subprocess.Popen[bytes] | None = None

    # -- running it

    def start(self) -> None:
        """Start the runner; it is ready when `ready` says so."""
        environ = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environ |= {"LTC_DATA": str(self.folder), "PORT": str(self.port), **self.environ}
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.runner = subprocess.Popen(
                [sys.executable, "-m", "ltc.local", "demo"],
                cwd=REPO,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        left.record(self.folder, self.runner.pid)

    def await_whole(self, seconds: float = STARTING) -> None:
        """Wait until web, worker and beat run, pages answer, and a spare stands by."""
        end = time.monotonic() + seconds
        while not self.whole():
            if self.runner and self.runner.poll() is not None:
                raise Problem(f"The demo ended by itself: see {self.log}.")
            if time.monotonic() > end:
                raise Problem(f"The demo was not whole within {seconds:.0f} s: see {self.log}.")
            time.sleep(0.2)

    def whole(self) -> bool:
        """True when nothing is missing."""
        known = demo_processes.recorded(self.folder)
        running = {"web", "worker", "beat", "spare"} <= set(known) and all(one.alive for one in known.values())
        return running and self.ready() and _idle(known["spare"])

    def stop(self) -> None:
        """Ctrl-C."""
        if self.runner and self.runner.poll() is None:
            self.runner.send_signal(signal.SIGINT)
            try:
                self.runner.wait(left.PATIENCE)
            except subprocess.TimeoutExpired:
                self.runner.kill()
                self.runner.wait()
        left.end(self.folder)

    def revive(self) -> None:
        """Have it whole, whatever state it is in."""
        try:
            self.await_whole(60)
        except Problem:
            self.stop()
            self.start()
            self.await_whole(180)

    def copy(self, place: Path) -> None:
        """Everything it needs to start from there, once it is stopped."""
        place.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            subprocess.run(["cp", "-a", str(self.folder / name), str(place / name)], check=True)

    # -- looking at it

    def ready(self) -> bool:
        """True when /readyz says so."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.postgres.url("ltc_owner"), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement, parameters or None)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def redis_url(self) -> str:
        """The Redis it uses."""
        return self.environ.get("REDIS_URL") or self.redis_server.url()

    def redis(self) -> Redis:
        """A connection that fails rather than waits."""
        return Redis.from_url(self.redis_url, socket_timeout=2, socket_connect_timeout=2)

    def ring(self, task: str) -> None:
        """Enqueue a job, as beat does; fails when Redis does not answer."""
        app = Celery("faults", broker=self.redis_url)
        app.conf.broker_transport_options = {"socket_timeout": 2, "socket_connect_timeout": 2}
        with app.connection_for_write() as connection:
            app.send_task(task, connection=connection, retry=False, ignore_result=True)

    def jobs_done(self, task: str) -> int:
        """How often a job has ended well."""
        with self.redis() as redis:
            return int(redis.hget("ltc:jobs", f"{task} success") or 0)

    def beat_seen(self) -> float:
        """When beat gave its last sign, Unix time."""
        with self.redis() as redis:
            signs = redis.zrange("ltc:workers", 0, -1, withscores=True)
        return max((score for name, score in signs if name.startswith(b"beat@")), default=0.0)

    def processes(self, victim: str, way: str) -> list[Process]:
        """Whom to kill: all of a victim, its `main` process, or `one` of its children."""
        if victim == "runner":
            found = Process.of(self.runner.pid) if self.runner else None
            return [found] if found else []
        if victim == "redis":
            found = self.redis_server.process()
            return [found] if found else []
        leader = self.postgres.process() if victim == "postgres" else demo_processes.recorded(self.folder)[victim]
        if leader is None:
            return []
        if way == "main":
            return [leader]
        if victim == "postgres":
            family = [one for one in map(Process.of, _children(leader.pid)) if one]
            backends = [one for one in family if b"ltc_app" in Path(f"/proc/{one.pid}/cmdline").read_bytes()]
            return backends[:1] if way == "one" else [leader, *family]
        family = leader.session()
        others = [one for one in family if one != leader]
        return [random.choice(others)] if way == "one" and others else family

    def leaders(self) -> dict[str, Process]:
        """Everybody who leads a part of the demo now."""
        found = dict(demo_processes.recorded(self.folder))
        for name, process in (("postgres", self.postgres.process()), ("redis", self.redis_server.process())):
            if process:
                found[name] = process
        return found

    def kill(self, victim: str, way: str, moment: Callable[[], None]) -> list[Process]:
        """Kill -9 when `moment` returns; whom it hit."""
        hit = self.processes(victim, way)
        moment()
        for process in hit:
            process.send(signal.SIGKILL)
        if victim == "runner" and self.runner:
            self.runner.wait()
        wait_until(lambda: not any(process.alive for process in hit), 5)
        return hit


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if entry.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def _ticks(process: Process) -> int:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _idle(process: Process) -> bool:
    """True when it uses no time: a spare that has loaded everything only waits."""
    try:
        before = _ticks(process)
        time.sleep(0.5)
        return before > 50 and _ticks(process) == before
    except OSError:
        return False


def settings(folder: Path) -> dict[str, str]:
    """The secrets of a demo, for commands beside it."""
    return dict(json.loads((folder / "secrets.json").read_text(encoding="utf-8")))
