"""The demo's web, worker and beat as recorded on disk, so that whoever comes later can end them."""

import json
import signal
from pathlib import Path

from ltc.local.paths import private_text
from ltc.local.processes import Process, wait_until

FILE = "demo.json"
PATIENCE = 20  # seconds a worker has to finish its tasks


def record(folder: Path, processes: list[Process]) -> None:
    """Remember the processes of the running demo."""
    text = json.dumps([{"pid": process.pid, "started": process.started} for process in processes])
    private_text(folder / FILE, text)


def stop_all(leaders: list[Process]) -> int:
    """Ask all to end at once, then kill what is left of their sessions; the number of processes found."""
    found = len(_members(leaders))
    for process in leaders:
        process.send(signal.SIGTERM)
    wait_until(lambda: not any(process.alive for process in leaders), PATIENCE)
    kill_rest(leaders)
    return found


def kill_rest(leaders: list[Process]) -> None:
    """Kill every process of these sessions: without their leader, the others only hold its port and its tasks."""
    members = _members(leaders)
    for process in members:
        process.send(signal.SIGKILL)
    wait_until(lambda: not any(process.alive for process in members), 5)


def stop_left_behind(folder: Path) -> int:
    """End what a runner that was killed has left; the number of processes found."""
    path = folder / FILE
    try:
        leaders = [Process(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        return 0
    found = stop_all(leaders)
    path.unlink(missing_ok=True)
    return found


def _members(leaders: list[Process]) -> list[Process]:
    return [process for leader in leaders for process in leader.session()]
