"""Killing with -9, again and again, and how long it takes until pages and jobs are back."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from ltc.faults.clients import Ledger
from ltc.faults.demo import PROBE, Demo
from ltc.local.console import say
from ltc.local.processes import Process

LONGEST = 90.0  # seconds after which something counts as not back at all
STEP = 0.03


@dataclass(frozen=True)
class Victim:
    """What is killed, in which ways in turn, and the seconds a round takes on a machine with nothing else to do.

    `by_hand`: nobody starts it again but a person, so its bars are counted from what an ordinary start takes.
    """

    name: str
    ways: tuple[str, ...] = ("all",)
    takes: float = 5.0
    by_hand: bool = False


VICTIMS = (
    Victim("web", ("all", "main", "one")),
    Victim("worker", ("all", "main", "one")),
    Victim("beat", takes=6.0),
    Victim("redis", takes=3.0),
    Victim("postgres", ("main", "all", "one"), takes=3.0),
    Victim("runner", takes=13.0, by_hand=True),
)
WEB, WORKER = 3.0, 10.0  # the bars: seconds until pages answer, and until a job is done or beat gives a sign
START = "start"  # an ordinary second start, to compare with


@dataclass
class Round:
    """One kill: whom it hit and the seconds until everything was back; `whole`: until a spare stood by, too."""

    victim: str
    way: str
    hit: int
    at: str = field(default_factory=lambda: time.strftime("%H:%M:%S"))
    web: float = LONGEST
    worker: float = LONGEST
    beat: float = LONGEST
    whole: float = LONGEST
    orphans: int = 0

    def __str__(self) -> str:
        signs = f", beat {self.beat:.1f} s" if self.victim == "beat" else ""
        return f"pages {self.web:.1f} s, a job {self.worker:.1f} s{signs}; whole after {self.whole:.1f} s"


@dataclass
class Watch:
    """Looks at the demo from the moment of a kill, one thread per question."""

    demo: Demo
    done_before: int
    hit: set[Process]
    rung: bool = False
    killed: float = field(default_factory=time.monotonic)
    killed_at: float = field(default_factory=time.time)

    def observe(self, result: Round) -> None:
        """Fill in how long it took."""
        asks = {"web": self._web, "worker": self._worker, "beat": self._beat}
        if result.victim != "beat":
            asks.pop("beat")
            result.beat = 0.0
        threads = [
            threading.Thread(target=lambda name=name, ask=ask: setattr(result, name, self._until(ask)), daemon=True)
            for name, ask in asks.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _until(self, answered: Callable[[], bool]) -> float:
        while time.monotonic() - self.killed < LONGEST:
            if answered():
                return time.monotonic() - self.killed
            time.sleep(STEP)
        return LONGEST

    def _web(self) -> bool:
        """Pages answer, and not by somebody who is still to be replaced."""
        return self.demo.ready() and not self._old("web", "postgres", "redis")

    def _old(self, *names: str) -> bool:
        known = self.demo.leaders()
        return any(known.get(name) in self.hit for name in names)

    def _worker(self) -> bool:
        """A job rung after the kill is done: nobody else rings this one so often."""
        try:
            if not self.rung:
                if self._old("worker"):
                    return False
                self.demo.ring(PROBE)
                self.rung = True
            return self.demo.jobs_done(PROBE) > self.done_before
        except (RedisError, OSError):
            return False
        except Exception as error:  # kombu wraps what Redis says
            if "OperationalError" in type(error).__name__:
                return False
            raise

    def _beat(self) -> bool:
        try:
            return self.demo.beat_seen() > self.killed_at
        except (RedisError, OSError):
            return False


def once(demo: Demo, victim: Victim, way: str, ledger: Ledger) -> Round:
    """One kill of a whole demo, in the middle of somebody's write."""
    done = demo.jobs_done(PROBE)
    before = demo.leaders()
    hit = demo.kill(victim.name, way, ledger.await_a_write)
    watch, result = Watch(demo, done, set(hit)), Round(victim.name, way, len(hit))
    if victim.by_hand:
        watch.hit |= set(before.values())  # its orphans still answer, until they are ended
        demo.start()
    _await(watch, result)
    if victim.by_hand:
        after = set(demo.leaders().values())
        result.orphans = sum(old.alive and old not in after for old in before.values())
    return result


def started(demo: Demo) -> Round:
    """An ordinary start after an ordinary end, under the same load: what a start by hand is compared with."""
    done = demo.jobs_done(PROBE)
    demo.stop()
    watch, result = Watch(demo, done, set()), Round(START, "in order", 0)
    demo.start()
    _await(watch, result)
    return result


def _await(watch: Watch, result: Round) -> None:
    watch.observe(result)
    watch.demo.await_whole(180)
    result.whole = time.monotonic() - watch.killed


def starts(demo: Demo, times: int, note: Callable[[Round], None]) -> None:
    """Ordinary starts; each is told as it ends."""
    for number in range(times):
        result = started(demo)
        say(f"  ordinary start {number + 1}/{times}: {result}")
        note(result)


def campaign(demo: Demo, victim: Victim, rounds: int, ledger: Ledger, note: Callable[[Round], None]) -> None:
    """All kills of one victim; each is told as it ends."""
    for number in range(rounds):
        result = once(demo, victim, victim.ways[number % len(victim.ways)], ledger)
        say(f"  {victim.name} {number + 1}/{rounds} ({result.way}): {result}")
        note(result)
