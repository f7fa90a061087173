"""The demo's supervisor with small stand-ins for web, worker and beat; the services are real."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ltc.local import demo_processes
from ltc.local.paths import REPO
from ltc.local.processes import Process, wait_until
from ltc.local.services import Services

# A child that has a child of its own, as gunicorn and celery have.
STAND_IN = """
import subprocess, sys
print("here", flush=True)
subprocess.run([sys.executable, "-c", "import time; time.sleep(99)"])
"""
RUNNER = """
    import os, sys
    from pathlib import Path
    from ltc.local.services import Services
    from ltc.local.supervisor import Child, Supervisor
    services = Services(Path(sys.argv[1]))
    services.acquire()
    supervisor = Supervisor(services)
    supervisor.stop_on_signals()
    for name in ("web", "worker"):
        supervisor.add(Child(name, [sys.executable, "-c", sys.argv[2]], dict(os.environ)))
    print("ready", flush=True)
    while not supervisor.asked_to_stop:
        supervisor.turn()
    supervisor.stop()
    services.release()
"""


def leaders(folder: Path) -> list[Process]:
    """The processes recorded for the running demo."""
    path = folder / demo_processes.FILE
    return [Process(**entry) for entry in json.loads(path.read_text())] if path.exists() else []


def everyone(folder: Path) -> list[Process]:
    """The recorded processes with their children."""
    return [process for leader in leaders(folder) for process in leader.session()]


def soon(done: Callable[[], bool], seconds: float = 10) -> None:
    assert wait_until(done, seconds)


@pytest.fixture
def runner(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUNNER), str(folder), STAND_IN],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPO,
    )
    assert process.stdout
    while process.stdout.readline() != "ready\n":
        assert process.poll() is None
    soon(lambda: len(everyone(folder)) == 4)
    yield process
    process.kill()
    process.wait()
    soon(lambda: not (folder / "postgres" / "postmaster.pid").exists(), 40)


def test_a_dead_child_is_back_within_three_seconds_and_its_children_are_gone(
    runner: "subprocess.Popen[str]", folder: Path
) -> None:
    web = leaders(folder)[0]
    old = web.session()
    begun = time.monotonic()
    web.send(signal.SIGKILL)
    soon(lambda: leaders(folder)[0] != web and leaders(folder)[0].alive, 3)
    assert time.monotonic() - begun < 3
    assert not any(process.alive for process in old)


def test_a_dead_database_is_back(runner: "subprocess.Popen[str]", folder: Path) -> None:
    path = folder / "postgres" / "postmaster.pid"
    old = int(path.read_text().split()[0])
    os.kill(old, signal.SIGKILL)
    soon(lambda: path.exists() and path.read_text().split()[0] != str(old))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_term_end_everything_in_order(
    runner: "subprocess.Popen[str]", folder: Path, number: signal.Signals
) -> None:
    found = everyone(folder)
    runner.send_signal(number)
    output, _ = runner.communicate(timeout=30)
    assert runner.returncode == 0
    assert output.count("| here") == 2
    assert not any(process.alive for process in found)
    assert not leaders(folder)
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_a_killed_runner_leaves_nothing(runner: "subprocess.Popen[str]", folder: Path) -> None:
    found = everyone(folder)
    runner.kill()
    soon(lambda: not any(process.alive for process in found))
    soon(lambda: not (folder / "postgres" / "postmaster.pid").exists(), 20)


def test_what_a_killed_runner_and_keeper_left_is_ended_by_the_next_start(
    runner: "subprocess.Popen[str]", folder: Path
) -> None:
    found = everyone(folder)
    keeper = Process(**json.loads((folder / "keeper.json").read_text()))
    keeper.send(signal.SIGKILL)
    runner.kill()
    runner.communicate()
    assert all(process.alive for process in found)
    assert demo_processes.stop_left_behind(folder) == 4
    assert not any(process.alive for process in found)
    Services(folder).stop()
