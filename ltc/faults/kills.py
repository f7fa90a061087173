"""Killing with -9, again and again, and how long it takes until pages and jobs are back."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from ltc.faults.clients import Ledger
from ltc.faults.demo import PROBE, Demo
from ltc.local.console import say
from ltc.local.processes import Process, wait_until

LONGEST = 90.0  # seconds after which something counts as not back at all
STEP = 0.03
RING_AGAIN = 2.0  # seconds after which a probe that nobody did is rung once more: a worker may have died with it


@dataclass(frozen=True)
class Victim:
    """What is killed, in which ways in turn, and the seconds a round takes on a machine with nothing else to do.

    `by_hand`: nobody starts it again but a person. Those it has left go on serving until their successors take over,
    so the first answer says nothing: what is measured is the longest time without one until everything is whole.
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
    Victim("runner", takes=45.0, by_hand=True),
)
NOTICED = 2.0  # seconds until somebody who sees that the runner has died starts it again
WEB, WORKER = 3.0, 10.0  # the bars: seconds until pages answer, and until a job is done or beat gives a sign


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
    rung_at: float = 0.0
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

    def longest_silence(self, result: Round, over: threading.Event) -> None:
        """Fill in the longest time without a page, and without a job done, from the kill until `over`."""
        asks = {"web": self.demo.ready, "worker": self._one_more_job}

        def measure(name: str, answered: Callable[[], bool]) -> None:
            last, longest, more = self.killed, 0.0, True
            while more:
                more = not over.is_set()  # one look more than that: a silence at the very end counts
                if answered():
                    now = time.monotonic()
                    last, longest = now, max(longest, now - last)
                time.sleep(STEP)
            setattr(result, name, max(longest, time.monotonic() - last))

        threads = [threading.Thread(target=measure, args=ask, daemon=True) for ask in asks.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _one_more_job(self) -> bool:
        """True when another job was done since the last look; the next one is rung at once."""
        try:
            done = self.demo.jobs_done(PROBE)
            if done > self.done_before or time.monotonic() - self.rung_at > RING_AGAIN:
                self.demo.ring(PROBE)
                self.rung_at = time.monotonic()
            more, self.done_before = done > self.done_before, max(done, self.done_before)
        except Exception as error:
            if isinstance(error, RedisError | OSError) or "OperationalError" in type(error).__name__:
                return False
            raise
        return more

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
        _start_by_hand(watch, result, before)
        after = set(demo.leaders().values())
        result.orphans = sum(old.alive and old not in after for old in before.values())
    else:
        watch.observe(result)
        demo.await_whole(180)
        result.whole = time.monotonic() - watch.killed
    return result


def _start_by_hand(watch: Watch, result: Round, before: dict[str, Process]) -> None:
    """As a person would: some time later, and looking until the former family has gone."""
    over = threading.Event()
    looking = threading.Thread(target=watch.longest_silence, args=(result, over), daemon=True)
    looking.start()
    try:
        time.sleep(NOTICED)
        watch.demo.start()
        wait_until(lambda: watch.demo.leaders().get("web") not in (None, before["web"]), LONGEST)
        watch.demo.await_whole(180)
        result.whole = time.monotonic() - watch.killed
    finally:
        over.set()
        looking.join()
    result.beat = 0.0


def campaign(demo: Demo, victim: Victim, rounds: int, ledger: Ledger, note: Callable[[Round], None]) -> None:
    """All kills of one victim; each is told as it ends."""
    for number in range(rounds):
        result = once(demo, victim, victim.ways[number % len(victim.ways)], ledger)
        say(f"  {victim.name} {number + 1}/{rounds} ({result.way}): {result}")
        note(result)
