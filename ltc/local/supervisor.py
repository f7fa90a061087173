"""The demo: services, a prepared database, web, worker and beat, watched until Ctrl-C.

Each child has its own session, so that Ctrl-C in the terminal reaches only the runner, which then ends them
in order. A child that dies is started again, out of a spare process that has loaded everything already (ltc.warm).
The runner holds the socket of the web server: while that is being replaced, browsers wait instead of failing. Every
process is recorded on disk: when the runner itself is killed, the others go on serving for some seconds, in which the
next start takes over from them one by one, so that pages answer all the time; later the keeper (see services) or the
next start ends what it left.
"""

import hashlib
import http.client
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, cast

from ltc.local import demo_processes, environment, fingerprint, setup
from ltc.local.console import Problem, explain, say, step
from ltc.local.locks import FileLock
from ltc.local.paths import REPO, data_folder
from ltc.local.processes import Process
from ltc.local.services import Services

HOST = "127.0.0.1"
STARTING = 60  # seconds the web server has to answer
PAUSE = 0.2  # between two looks at the children
LONGEST_WAIT = 10  # before a child that keeps dying is started again
SERVICE_PAUSE = 2.0  # before a service that could not start is tried again
BOTH = 12  # answers in a row: the kernel deals connections out, so both the former web server and the new one gave some
BACKLOG = 512  # connections that may wait while the web server is replaced
SETTLED = 1.5  # seconds after a start before the next spare is loaded: who was started comes first


class Spare:
    """A process that has loaded Django, gunicorn and Celery and becomes whoever is needed first."""

    def __init__(self, environ: dict[str, str], sockets: Sequence[int] = ()) -> None:
        self.environ = environ
        self.sockets = sockets
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> bool:
        """Have one loading; True when there was none."""
        if self.process and self.process.poll() is None:
            return False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ltc.warm"],
            cwd=REPO,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.sockets,
        )
        return True

    def become(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        """Turn it into `python -m <command>`; one that still loads does so as soon as it has."""
        while True:
            self.prepare()
            process, self.process = self.process, None
            assert process and process.stdin
            try:
                with process.stdin as line:
                    line.write(json.dumps(command).encode() + b"\n")
            except BrokenPipeError:  # it died this moment
                continue
            process.stdin = None
            return process

    def dismiss(self) -> None:
        """End it: it was never needed."""
        if self.process:
            self.process.kill()
            self.process.wait()


@dataclass
class Child:
    """One program of the demo, started again whenever it dies."""

    name: str
    command: Sequence[str]
    environ: dict[str, str]
    spare: Spare | None = field(default=None, repr=False)  # its command is then what follows `python -m`
    process: "subprocess.Popen[bytes] | None" = None
    identity: Process | None = None
    begun: float = 0.0
    wait: float = 0.0
    pending: bytes = field(default=b"", repr=False)

    def start(self) -> None:
        """Start it in a session of its own, its output in our hands."""
        self.process = (
            self.spare.become(self.command)
            if self.spare
            else subprocess.Popen(
                self.command,
                cwd=REPO,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
        self.identity = Process.of(self.process.pid)
        self.begun = time.monotonic()

    @property
    def output(self) -> IO[bytes]:
        """Where it prints to."""
        assert self.process and self.process.stdout
        return self.process.stdout

    def dead(self) -> bool:
        """True when it has ended; this also takes it off the kernel's list."""
        return self.process is None or self.process.poll() is not None

    def due(self) -> bool:
        """True when it may start again: at once after a long life, later and later when it keeps dying."""
        if time.monotonic() - self.begun > LONGEST_WAIT:
            self.wait = 0.0
        return time.monotonic() - self.begun >= self.wait

    def start_again(self) -> None:
        """Start it and be more patient the next time."""
        self.wait = min(max(1.0, self.wait * 2), LONGEST_WAIT)
        self.start()

    def print_output(self, output: IO[bytes]) -> bool:
        """Print what came out of it, or of the one before it, each line with its name; False when nothing more can."""
        try:
            part = os.read(output.fileno(), 65536)
        except BlockingIOError:
            return True
        *lines, self.pending = (self.pending + part).split(b"\n")
        for line in lines:
            say(f"{self.name:>6} | {line.decode(errors='replace')}")
        return bool(part)


def _figures(folder: Path) -> Path:
    """Where web processes keep their figures: in memory, since a full disk under a mapped file kills (SIGBUS)."""
    memory = Path("/dev/shm")
    name = f"ltc-metrics-{os.geteuid()}-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    return memory / name if os.access(memory, os.W_OK) else folder / "run" / name


def children(listener: socket.socket, folder: Path) -> list[Child]:
    """Web, worker and beat."""
    figures = _figures(folder)
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    environ = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPO)}
    environ.pop("DATABASE_OWNER_URL", None)  # what serves requests has no business with the owner's rights
    environ |= {
        "LTC_LOG_LEVEL": environ.get("LTC_LOG_LEVEL") or "WARNING",  # as few lines as can be
        "PROMETHEUS_MULTIPROC_DIR": str(figures),  # must be known before the figures are loaded
        "PYTHONWARNINGS": "ignore:You're running the worker",
        "CELERY_SKIP_CHECKS": "1",  # Django's checks of the code were made by `prepare`; here they cost a second
    }
    descriptor = listener.fileno()
    web = f"gunicorn --graceful-timeout 10 --bind fd://{descriptor}"
    celery = "celery --quiet -A ltc.celery"
    worker = f"{celery} worker --loglevel WARNING --concurrency 2 --without-mingle --without-gossip"
    beat = [*celery.split(), "beat", "--loglevel", "WARNING", "--pidfile=", "--schedule"]
    spare = Spare(environ, [descriptor])
    return [
        Child("web", web.split(), environ, spare),
        Child("worker", worker.split(), environ, spare),
        Child("beat", [*beat, str(folder / "celerybeat-schedule")], environ, spare),
    ]


class Supervisor:
    """Starts the children, prints what they say, starts the dead again, ends all in order.

    `left`: by name, who still serves after the end of a runner that was killed; each goes once its successor is there.
    """

    def __init__(self, services: Services, port: int = 0, left: dict[str, Process] | None = None) -> None:
        self.services = services
        self.port = port
        self.left = left or {}
        self.leave_by = 0.0
        self.family: list[Child] = []
        self.selector = selectors.DefaultSelector()
        self.asked_to_stop = False
        self.trouble = ""  # what keeps a service from starting, as it was told
        self.try_again = 0.0
        self.recorded = True

    def stop_on_signals(self) -> None:
        """Ctrl-C, TERM and a closed terminal all end the demo in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def add(self, child: Child) -> None:
        """Start a child and look after it."""
        child.start()
        self.family.append(child)
        self._look_after(child)

    def turn(self) -> None:
        """One round: print, look after the services, start the dead again."""
        self._print(PAUSE)
        if time.monotonic() >= self.try_again:
            self._ensure_services()
        for child in self.family:
            if child.dead() and child.due():
                self._start_again(child)
        self._see_off()
        self._prepare_spare()

    def take_over(self, worker: Child) -> None:
        """Ask the former family to go once the new worker has its pool and takes jobs; what they are at in a second is
        asked for, or done, again."""
        end = time.monotonic() + STARTING
        while self.left and not self.asked_to_stop and time.monotonic() < end:
            if worker.identity and len(worker.identity.session()) > 1:
                break
            self.turn()
        for process in self.left.values():
            process.send(signal.SIGTERM)
        self.leave_by = time.monotonic() + demo_processes.PATIENCE_WITH_LEFT

    def _see_off(self) -> None:
        """Forget who of the former family has gone, and kill who has been asked long enough."""
        if not self.left or not self.leave_by:
            return
        if time.monotonic() > self.leave_by:
            demo_processes.kill_rest(list(self.left.values()), seconds=0)
        gone = [name for name, process in self.left.items() if not process.session()]
        for name in gone:
            del self.left[name]
        if gone:
            self._record()

    def _ensure_services(self) -> None:
        """Start a dead service again. One that cannot start (a full disk) is tried again and again: it is no reason
        to take the pages away, which say so themselves."""
        try:
            for name in self.services.ensure():
                say(f"runner | {name} had died and was started again")
            self.trouble = ""
        except (Problem, OSError) as error:
            sentence = explain(error)
            if sentence is None:
                raise
            if sentence != self.trouble:
                say(f"runner | {sentence}")
            self.trouble, self.try_again = sentence, time.monotonic() + SERVICE_PAUSE

    def _prepare_spare(self) -> None:
        if time.monotonic() - max((child.begun for child in self.family), default=0.0) < SETTLED:
            return
        for spare in {child.spare for child in self.family if child.spare}:
            if spare.prepare() or not self.recorded:
                self._record()

    def stop(self) -> None:
        """Web, worker and beat first, so that nothing writes any more when the services stop."""
        leaders = [child.identity for child in self.family if child.identity]
        leaders += self.left.values()
        for leader in leaders:
            leader.send(signal.SIGTERM)
        end = time.monotonic() + demo_processes.PATIENCE
        while time.monotonic() < end and not all(child.dead() for child in self.family):
            self._print(0.05)
        demo_processes.kill_rest(leaders)
        for spare in {child.spare for child in self.family if child.spare}:
            spare.dismiss()
        shutil.rmtree(_figures(self.services.folder), ignore_errors=True)
        (self.services.folder / demo_processes.FILE).unlink(missing_ok=True)

    def _print(self, seconds: float) -> None:
        for key, _ in self.selector.select(timeout=seconds):
            output = cast("IO[bytes]", key.fileobj)
            if not key.data.print_output(output):
                self.selector.unregister(output)
                output.close()

    def _start_again(self, child: Child) -> None:
        code = child.process.returncode if child.process else None
        say(f"runner | {child.name} ended with {code} and is started again")
        if child.identity:
            demo_processes.kill_rest([child.identity], seconds=0)
        self._print(0)
        child.start_again()
        self._look_after(child)

    def _look_after(self, child: Child) -> None:
        os.set_blocking(child.output.fileno(), False)
        self.selector.register(child.output, selectors.EVENT_READ, child)
        self._record()

    def _record(self) -> None:
        known = {f"former {name}": process for name, process in self.left.items()}
        known |= {child.name: child.identity for child in self.family if child.identity}
        spares = [child.spare.process for child in self.family if child.spare and child.spare.process]
        spare = Process.of(spares[0].pid) if spares else None
        try:
            demo_processes.record(self.services.folder, known | ({"spare": spare} if spare else {}), self.port)
        except OSError as error:  # a full disk: the processes matter more than the list of them
            if self.recorded:
                say(f"runner | {explain(error) or error}")
            self.recorded = False
        else:
            self.recorded = True


def demo(set_up: Callable[[], None]) -> int:
    """Run the demo until it is asked to stop."""
    begun, folder = time.monotonic(), data_folder()
    with FileLock(folder / "locks" / "demo") as lock:
        if not lock.try_exclusive():
            raise Problem("The demo already runs from this folder: stop it first, or set LTC_DATA to another folder.")
        services, port = Services(folder), _port()
        left = demo_processes.left_serving(folder, port) if _prepared(services) else {}
        if not left:
            _end_left(folder)
        listener = _listen(port, beside=bool(left))
        set_up()
        try:
            with step("PostgreSQL and Redis"):
                services.acquire()
            if left and not demo_processes.left_serving(folder, port):  # it died, or the keeper was faster
                _end_left(folder)
                left = {}
                listener.listen(BACKLOG)
            environment.fill(os.environ, services)
            _prepare(services)
            return _watch(Supervisor(services, port, left), listener, begun)
        finally:
            listener.close()
            _end_left(folder)
            with step("PostgreSQL and Redis stopped", quiet_when_quick=True):
                services.release()


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Problem(f"PORT must be a number between 1 and 65535, not {text!r}.")
    return int(text)


def _end_left(folder: Path) -> None:
    left = demo_processes.stop_left_behind(folder)
    if left:
        say(f"✓ ended {left} processes left by a demo that was killed")


def _listen(port: int, *, beside: bool = False) -> socket.socket:
    """The socket the web server answers on; it outlives the web server.

    `beside` one that a killed runner has left: the kernel gives it connections only once the new web server listens.
    """
    try:
        if not beside:  # a port that may be shared is no longer known to be free when it could be taken
            socket.create_server((HOST, port)).close()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((HOST, port))
        if not beside:
            listener.listen(BACKLOG)
    except OSError as error:
        text = f"Port {port} is taken: stop the program that uses it, or choose another: PORT=8001 ./run demo."
        raise Problem(text) from error
    return listener


def _stamp(services: Services) -> Path | None:
    """Inside the cluster's folder, so that it goes when the data goes."""
    return services.postgres.data / "ltc-prepared" if services.postgres else None


def _prepared(services: Services) -> bool:
    """True when this very data has been prepared by this very code."""
    stamp, manifest = _stamp(services), services.folder / "static" / "staticfiles.json"
    return bool(stamp and stamp.exists() and stamp.read_text() == _wanted() and manifest.exists())


def _wanted() -> str:
    return f"{fingerprint.of_database()} {fingerprint.of_static_files()}"


def _prepare(services: Services) -> None:
    """Migrate, seed and collect static files, unless this very data has been prepared by this very code."""
    if _prepared(services):
        return
    logins, stamp, wanted = services.folder / "sign-ins.txt", _stamp(services), _wanted()
    with step("database, demo company and static files"):
        environ = dict(os.environ)
        environment.become_owner(environ)
        command = [sys.executable, "manage.py", "prepare", "--demo", "--verbosity", "0", "--sign-ins", str(logins)]
        setup.run(command, "The database could not be prepared (see above).", environ, lines=30)
    if stamp:
        stamp.write_text(wanted)


def _watch(supervisor: Supervisor, listener: socket.socket, begun: float) -> int:
    supervisor.stop_on_signals()
    port = listener.getsockname()[1]
    web, worker, beat = children(listener, supervisor.services.folder)
    try:
        with step("web server"):
            supervisor.add(web)
            _await(supervisor, lambda: _listens(listener))
            _await(supervisor, lambda: all(_answers(port) for _time in range(BOTH if supervisor.left else 1)))
        supervisor.add(worker)
        supervisor.take_over(worker)
        supervisor.add(beat)
        if not supervisor.asked_to_stop:
            _print_welcome(port, time.monotonic() - begun)
        while not supervisor.asked_to_stop:
            supervisor.turn()
    finally:
        with step("web, worker and beat stopped"):
            supervisor.stop()
    return 0


def _await(supervisor: Supervisor, done: Callable[[], bool]) -> None:
    end = time.monotonic() + STARTING
    while not supervisor.asked_to_stop and not done():
        if time.monotonic() > end:
            raise Problem(f"The web server did not answer within {STARTING} s: its own lines above say why.")
        supervisor.turn()


def _listens(listener: socket.socket) -> bool:
    """True when connections reach this very socket; beside another one, the web server says so when it is ready."""
    return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _answers(port: int) -> bool:
    """True when the web server answers anything at all."""
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _print_welcome(port: int, seconds: float) -> None:
    say(f"\nLTC runs at http://{HOST}:{port}/ ({seconds:.1f} s). Ctrl-C stops it.\n")
    sign_ins = data_folder() / "sign-ins.txt"
    if sign_ins.exists():
        say(sign_ins.read_text(encoding="utf-8"))
