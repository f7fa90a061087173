"""The campaign: chapter after chapter; one that fails is told, and does not keep the others from being run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ltc.faults import audit, disk, outage
from ltc.faults.clients import Ledger
from ltc.faults.demo import Demo
from ltc.faults.kills import VICTIMS, Round, Victim, campaign
from ltc.faults.load import Load
from ltc.faults.mailbox import Mailbox
from ltc.faults.report import Figures
from ltc.local.console import say

CHAPTERS = (*(victim.name for victim in VICTIMS), "outage", "disk")
# Seconds on a machine with nothing else to do.
START, COMPARE, OUTAGE, DISK = 30, 15, 90, 60


@dataclass
class Plan:
    """What is to be done: which chapters, how many kills each, how many clients, how long Redis stays away."""

    chapters: list[str]
    rounds: dict[str, int]
    clients: int
    seconds: float

    @property
    def victims(self) -> list[Victim]:
        """Whom it kills."""
        return [victim for victim in VICTIMS if victim.name in self.chapters]

    def takes(self) -> float:
        """About how many seconds, on a machine with nothing else to do."""
        total = START + COMPARE if self.victims else 0.0
        for victim in self.victims:
            total += victim.takes * self.rounds[victim.name]
        total += OUTAGE + self.seconds if "outage" in self.chapters else 0
        return total + (DISK if "disk" in self.chapters else 0)


@dataclass
class Campaign:
    """One run of a plan."""

    plan: Plan
    demo: Demo
    mailbox: Mailbox
    path: Path
    figures: Figures = field(default_factory=Figures)
    begun: float = field(default_factory=time.time)

    def run(self) -> None:
        """Every chapter; what was found by then is on disk after each of them, and after each kill."""
        say(f"  {', '.join(self.plan.chapters)}: about {self.plan.takes() / 60:.0f} minutes when nothing else runs")
        if self.plan.victims:
            with self._chapter("kills"):
                self._kills()
        if "outage" in self.plan.chapters:
            with self._chapter("outage"):
                outage.run(self.demo, self.figures, self._compare, clients=self.plan.clients, seconds=self.plan.seconds)
        if "disk" in self.plan.chapters:
            with self._chapter("disk"):
                disk.run(self.demo, self.figures)
        self.figures.over = True
        self._save()

    def _kills(self) -> None:
        """Everything that is killed, under the load of all clients, and the comparison afterwards."""
        ledger = Ledger()
        try:
            with self._chapter("the demo"):
                self.demo.start()
                self.demo.await_whole()
            with Load(self.demo, self.plan.clients, ledger):
                for victim in self.plan.victims:
                    rounds = self.plan.rounds[victim.name]
                    with self._chapter(f"{victim.name} × {rounds}"):
                        self.demo.revive()
                        campaign(self.demo, victim, rounds, ledger, self._note)
            with self._chapter("comparing"):
                self.demo.revive()
                self._compare(ledger)
        finally:
            self.figures.count(ledger, self.mailbox)
            self.demo.stop()

    def _note(self, result: Round) -> None:
        self.figures.rounds.append(result)
        self._save()

    def _compare(self, ledger: Ledger) -> None:
        """Everything that does not hold; a question that cannot be asked is a fault, too."""
        asks: dict[str, Callable[[], list[str]]] = {
            "writes": lambda: audit.writes(self.demo, ledger),
            "log": lambda: audit.log(self.demo),
            "files": lambda: audit.files(self.demo, self.demo.folder / "media", self.begun),
            "notices": lambda: audit.notices(self.demo),
            "mails": lambda: audit.mails(self.demo, self.mailbox, self.begun),
            "verify": lambda: audit.verify(self.demo),
        }
        for name, ask in asks.items():
            try:
                self.figures.problems += ask()
            except Exception as error:
                self.figures.problems.append(f"{name} could not be compared: {error!r}")
        self.figures.problems += [f"answered 500: {path}" for path in ledger.broken[:5]]
        self.figures.problems += ledger.ended
        if not ledger.taken:
            self.figures.problems.append("nothing was written at all")

    @contextmanager
    def _chapter(self, name: str) -> Iterator[None]:
        """Tell when it begins and how long it took; what breaks it off is a fault, and the next one comes."""
        begun = time.monotonic()
        say(f"→ {name} …")
        try:
            yield
        except Exception as error:
            self.figures.problems.append(f"{name}: broken off: {error!r}")
            say(f"✗ {self.figures.problems[-1]}")
        finally:
            self.figures.seconds[name] = round(time.monotonic() - begun, 1)
            self._save()
        say(f"✓ {name}: {self.figures.seconds[name]:.1f} s")

    def _save(self) -> None:
        self.figures.minutes = (time.time() - self.begun) / 60
        self.figures.save(self.path)
