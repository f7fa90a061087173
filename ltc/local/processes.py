"""Processes told apart for sure: a pid alone may belong to a stranger after a crash or a reboot."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

STEP = 0.02


class Stat(NamedTuple):
    """What the kernel tells everybody about a process."""

    name: str
    state: str
    session: int
    started: str  # ticks since boot


def _stat(pid: int) -> Stat | None:
    """The kernel's line about a process, or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return Stat(name, fields[0], int(fields[3]), fields[19])


@dataclass(frozen=True)
class Process:
    """A process by pid and start time."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process that has this pid now, if any."""
        stat = _stat(pid)
        return cls(pid, stat.started) if stat and stat.state != "Z" else None

    @property
    def alive(self) -> bool:
        """True while this very process runs (a zombie does not)."""
        return Process.of(self.pid) == self

    @property
    def name(self) -> str:
        """The program's short name as the kernel knows it."""
        stat = _stat(self.pid)
        return stat.name if stat else ""

    def command_line(self) -> list[str]:
        """The arguments it was started with (readable for every user, unlike /proc/<pid>/exe)."""
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return []

    def session(self) -> "list[Process]":
        """Every living process of the session it leads: they may outlive it, and its pid is not reused so long."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            stat = _stat(int(entry.name))
            if stat and stat.session == self.pid and stat.state != "Z" and int(stat.started) >= int(self.started):
                found.append(Process(int(entry.name), stat.started))
        return found

    def send(self, number: int) -> None:
        """Send a signal; a process already gone is fine."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """True when it has ended within the time."""
        return wait_until(lambda: not self.alive, seconds)

    def stop(self, number: int = signal.SIGTERM, *, seconds: float) -> None:
        """Ask it to end, and kill it when it does not in time."""
        self.send(number)
        if not self.wait(seconds):
            self.send(signal.SIGKILL)
            self.wait(5)


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Poll `done` until it is true or the time is over."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(STEP)
    return True
