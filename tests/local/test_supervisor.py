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
from ltc.local.console import Problem
from ltc.local.paths import REPO
from ltc.local.processes import Process, wait_until
from ltc.local.services import GRACE, Services
from ltc.local.supervisor import Child, Spare, Supervisor

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
    return list(demo_processes.recorded(folder).values())


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
    soon(lambda: not any(process.alive for process in old))


def test_everybody_is_recorded_by_name(runner: "subprocess.Popen[str]", folder: Path) -> None:
    assert list(demo_processes.recorded(folder)) == ["web", "worker"]


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
    soon(lambda: not any(process.alive for process in found), GRACE + 10)
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


def minimal() -> dict[str, str]:
    """What the settings cannot do without; nothing is connected to."""
    keys = {"LTC_SECRET_KEY": "only for this test", "LTC_LOG_KEY": "only for this test"}
    return keys | {"DATABASE_URL": "postgres://127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}


def test_a_spare_becomes_what_it_is_told_and_ends_with_its_runner() -> None:
    spare = Spare({**os.environ, **minimal()})
    assert spare.prepare() and not spare.prepare()
    first = spare.process
    became = spare.become(["platform"])
    assert became is first and spare.process is None
    output, _ = became.communicate(timeout=120)
    assert (became.returncode, b"Linux" in output) == (0, True), output
    assert spare.prepare()
    waiting = spare.process
    assert waiting and waiting.stdin
    waiting.stdin.close()  # what the kernel does when the runner is killed
    assert waiting.wait(120) == 0


def test_a_service_that_cannot_start_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    class Sick:
        folder = Path("/nowhere")
        tries = 0

        def ensure(self) -> list[str]:
            self.tries += 1
            if self.tries < 3:
                raise Problem("the disk is full.")
            return ["PostgreSQL"]

    sick = Sick()
    supervisor = Supervisor(sick)
    for _ in range(3):
        supervisor.try_again = 0.0
        supervisor.turn()
    assert capsys.readouterr().out.splitlines() == [
        "runner | the disk is full.",
        "runner | PostgreSQL had died and was started again",
    ]


def test_what_the_one_before_still_says_is_printed_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    class Quiet:
        folder = Path("/nowhere")

        def ensure(self) -> list[str]:
            return []

    supervisor = Supervisor(Quiet())
    # Its own child holds the pipe open and speaks after it has died: by then the next one is at work.
    orphan = "import subprocess, sys; subprocess.Popen(['sh', '-c', 'sleep 1; echo late'])"
    child = Child("web", [sys.executable, "-c", orphan], dict(os.environ))
    supervisor.recorded = False  # nothing to tell about the folder
    supervisor.add(child)
    assert child.process and child.process.wait(10) == 0
    child.command = [sys.executable, "-c", "import time; print('next', flush=True); time.sleep(99)"]
    child.start_again()
    supervisor._look_after(child)
    end = time.monotonic() + 10
    told = ""
    while "late" not in told and time.monotonic() < end:
        supervisor._print(0.1)
        told += capsys.readouterr().out
    for _ in range(5):
        supervisor._print(0.1)
    assert "web | late" in told and "web | next" in told
    assert len(supervisor.selector.get_map()) == 1
    assert not child.output.closed
    child.process.kill()
    child.process.wait()
