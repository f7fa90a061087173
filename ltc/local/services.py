"""PostgreSQL and Redis of one folder, shared by everybody who needs them at the moment.

Every user of the services holds the lock `users` shared. Whoever can take it exclusively is alone and may
stop them. A small process, the keeper, waits for exactly that: so the services end with their last user, even
when that user was killed with -9, and what a killed runner left behind is ended too, unless somebody starts it
again within a few seconds and takes over what still serves.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ltc.local import demo_processes
from ltc.local.locks import FileLock, held
from ltc.local.paths import REPO, private_text
from ltc.local.postgres import Postgres
from ltc.local.processes import Process
from ltc.local.redis import Redis

GRACE = 10.0  # seconds in which a demo whose runner was killed may be started again without an interruption


class Services:
    """The embedded services below one folder; None where the environment names servers of its own."""

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.throwaway = throwaway
        self.postgres = None if os.environ.get("DATABASE_URL") else Postgres(folder, throwaway=throwaway)
        self.redis = None if os.environ.get("REDIS_URL") else Redis(folder, throwaway=throwaway)
        self._users: FileLock | None = None

    # -- for users

    def acquire(self) -> None:
        """Have the services running, and keep them running until `release`."""
        if self._users is None and (self.postgres or self.redis):
            self._users = FileLock(self.folder / "locks" / "users")
            self._users.shared()
            self.ensure()
            self._start_keeper()

    def ensure(self) -> list[str]:
        """Start what does not run; the names of what was started."""
        started = []
        with held(self.folder / "locks" / "start"):
            for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
                if server and not server.process():
                    server.start()
                    started.append(name)
        return started

    def release(self) -> None:
        """Stop using the services: they stop when nobody else uses them."""
        lock, self._users = self._users, None
        if lock is None:
            return
        lock.release()
        while not lock.try_exclusive():
            if lock.try_shared():  # others use them
                lock.close()
                return
            time.sleep(0.05)  # the keeper was faster and is stopping them
        if not self.kept:
            self.stop()
        lock.close()
        keeper = self._keeper()
        if keeper:
            keeper.wait(2)

    def stop(self) -> None:
        """Redis first: nothing that still writes to it may find the database gone."""
        if self.redis:
            self.redis.stop()
        if self.postgres:
            self.postgres.stop()

    # -- kept on purpose (`services up`)

    @property
    def kept(self) -> bool:
        """True when they are to stay up without a user."""
        return (self.folder / "keep").exists()

    def keep(self, stay: bool) -> None:
        """Say whether they stay up without a user."""
        path = self.folder / "keep"
        if stay:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.touch()
        else:
            path.unlink(missing_ok=True)

    # -- the keeper

    def _keeper(self) -> Process | None:
        try:
            process = Process(**json.loads((self.folder / "keeper.json").read_text()))
        except (OSError, ValueError):
            return None
        return process if process.alive else None

    def _start_keeper(self) -> None:
        with held(self.folder / "locks" / "start"):
            if self._keeper():
                return
            command = [sys.executable, "-m", "ltc.local.services", str(self.folder)]
            with (self.folder / "keeper.log").open("ab") as log:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=REPO
                )
            identity = Process.of(process.pid)
            if identity:
                text = json.dumps({"pid": identity.pid, "started": identity.started})
                private_text(self.folder / "keeper.json", text)


def keep_until_unused(folder: Path) -> None:
    """The keeper: wait until nobody uses the services, then end what is left and stop them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with FileLock(folder / "locks" / "users") as users:
        users.exclusive()
        while any(process.alive for process in demo_processes.recorded(folder).values()):
            users.release()
            time.sleep(GRACE)
            if users.try_exclusive():  # nobody came
                break
            users.exclusive()
        services = Services(folder)
        demo_processes.stop_left_behind(folder)
        if not services.kept:
            services.stop()


if __name__ == "__main__":
    keep_until_unused(Path(sys.argv[1]))
