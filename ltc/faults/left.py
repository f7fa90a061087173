"""What a campaign that was killed has left, and the small process that ends it.

The campaign holds a lock as long as it lives. Its guard waits for that lock: so whatever ends the campaign, even
kill -9, its demo, its Redis and its small disk end with it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ltc.local import demo_processes
from ltc.local.console import Problem
from ltc.local.locks import FileLock
from ltc.local.paths import REPO, private_text
from ltc.local.processes import Process, wait_until
from ltc.local.redis import Redis
from ltc.local.services import Services

PATIENCE = 60  # seconds a runner has to end in order
FILE = "runner.json"


def record(folder: Path, pid: int) -> None:
    """Remember the runner of the demo in this folder."""
    runner = Process.of(pid)
    if runner:
        private_text(folder / FILE, json.dumps({"pid": runner.pid, "started": runner.started}))


def end(folder: Path) -> None:
    """End the demo of this folder, whatever happened to its runner: nothing of it stays."""
    try:
        runner = Process(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        pass
    else:
        runner.stop(signal.SIGINT, seconds=PATIENCE)
        (folder / FILE).unlink(missing_ok=True)
    demo_processes.stop_left_behind(folder)
    Services(folder).stop()


def outage_folder(folder: Path) -> Path:
    """Where the Redis lies that is taken away."""
    return folder / "outage"


def disk_folder(folder: Path) -> Path:
    """Where the small file system is mounted."""
    return folder.with_name(f"{folder.name}-disk")


def unmount(place: Path) -> None:
    """Take a file system away, as soon as nobody works on it."""
    command = ["umount", str(place)]
    wait_until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, 30)


def end_all(folder: Path) -> None:
    """End everything that a campaign in this folder has started."""
    disk = disk_folder(folder)
    for place in (folder, disk):
        if (place / "pg.json").exists():
            end(place)
    if (outage_folder(folder) / "redis.json").exists():
        Redis(outage_folder(folder)).stop()
    for place in (disk / "media", disk):
        if place.is_mount():
            unmount(place)


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """One campaign at a time in a folder, and a guard beside it."""
    with FileLock(_lock(folder)) as lock:
        # The guard of a campaign that was killed may still be at work.
        if not wait_until(lock.try_exclusive, PATIENCE):
            raise Problem("A campaign already runs from this folder: stop it first, or set LTC_DATA to another folder.")
        end_all(folder)
        guard = subprocess.Popen(
            [sys.executable, "-m", "ltc.faults.left", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=REPO,
        )
        try:
            yield
        finally:
            lock.release()
            guard.wait(2 * PATIENCE)


def _lock(folder: Path) -> Path:
    return folder / "locks" / "campaign"


def guard(folder: Path) -> None:
    """Wait until the campaign is over, then end what it has left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with FileLock(_lock(folder)) as lock:
        lock.exclusive()
        end_all(folder)


if __name__ == "__main__":
    for name in ("DATABASE_URL", "REDIS_URL"):  # what it ends is embedded
        os.environ.pop(name, None)
    guard(Path(sys.argv[1]))
