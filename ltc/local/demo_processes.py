"""The demo's web, worker and beat as recorded on disk, so that whoever comes later can end them or take over."""

import json
import signal
from pathlib import Path
from typing import Any

from ltc.local.paths import private_text
from ltc.local.processes import Process, wait_until

FILE = "demo.json"
WEB = "web"
PATIENCE = 20  # seconds a worker has to finish its tasks
# What a killed runner left has less: jobs are done again, and a page that is cut off is asked for again.
PATIENCE_WITH_LEFT = 1


def record(folder: Path, processes: dict[str, Process], port: int) -> None:
    """Remember the processes of the running demo, by what they are, and the port they answer on."""
    known = {name: {"pid": process.pid, "started": process.started} for name, process in processes.items()}
    private_text(folder / FILE, json.dumps({"port": port, "processes": known}))


def recorded(folder: Path) -> dict[str, Process]:
    """The processes of the demo that runs, or was left behind, in this folder."""
    try:
        known = _read(folder)["processes"]
        return {name: Process(**entry) for name, entry in known.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def left_serving(folder: Path, port: int) -> dict[str, Process]:
    """What a runner that was killed has left and still answers on this port; nothing when nobody answers there."""
    found = {name: process for name, process in recorded(folder).items() if process.alive}
    return found if WEB in found and _read(folder).get("port") == port else {}


def _read(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / FILE).read_text(encoding="utf-8")))


def kill_rest(leaders: list[Process], *, seconds: float = 5) -> None:
    """Kill every process of these sessions: without their leader, the others only hold its port and its tasks.

    Waiting until they are gone is for tidiness: once the signal is sent, none of them runs another line.
    """
    members = _members(leaders)
    for process in members:
        process.send(signal.SIGKILL)
    if seconds:
        wait_until(lambda: not any(process.alive for process in members), seconds)


def stop_left_behind(folder: Path) -> int:
    """End what a runner that was killed has left; the number of processes found."""
    leaders = list(recorded(folder).values())
    found = len(_members(leaders))
    for process in leaders:
        process.send(signal.SIGTERM)
    wait_until(lambda: not any(process.alive for process in leaders), PATIENCE_WITH_LEFT)
    kill_rest(leaders)
    (folder / FILE).unlink(missing_ok=True)
    return found


def _members(leaders: list[Process]) -> list[Process]:
    return [process for leader in leaders for process in leader.session()]
