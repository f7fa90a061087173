"""Requests one by one, turn and turn about; the median of a round, the worst of three rounds.

Growth is the median of what each request cost beside the one just before it at the smallest size, so that a slow second
of the machine meets both. Every timed page comes after a bare page of the same server: a server that has slept since
its last answer is slower by a millisecond, whatever it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from ltc.bench.client import Client
from ltc.bench.workloads import BARE, Ask, Workload

OK = frozenset({200})
_WARM = 3
# A page quicker than this is asked this many times as often: a millisecond of noise is a tenth of it.
_QUICK, _OFTEN = 20.0, 3


@dataclass
class Site:
    """One size: its server, and what the people visit there."""

    size: int
    port: int
    visits: dict[str, Any]
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        """The connection of a person, or of somebody who has not signed in."""
        if who not in self.clients:
            session = self.visits[who]["session"] if who in self.visits else ""
            self.clients[who] = Client(self.port, session)
        return self.clients[who]


@dataclass
class Result:
    """What one workload cost one person."""

    workload: Workload
    who: str
    ratio: float
    growth: dict[int, float]
    statements: dict[int, int]
    database: dict[int, float]
    bare_ms: float
    page_ms: dict[int, float]

    @property
    def misses(self) -> list[str]:
        """The bars that were not reached."""
        bar, found, largest = self.workload, [], max(self.page_ms)
        if round(self.ratio, 2) > bar.ratio:
            found.append(f"cost {self.ratio:.2f} > {bar.ratio}")
        if max(self.statements.values()) > bar.statements:
            found.append(f"{max(self.statements.values())} statements > {bar.statements}")
        worst = max(self.growth.values(), default=0.0)
        if round(worst, 2) > bar.growth:
            found.append(f"growth {worst:.2f} > {bar.growth}")
        if bar.database and self.database[largest] > bar.database:
            found.append(f"database {self.database[largest]:.0f} ms > {bar.database:.0f}")
        return found


def measure(workload: Workload, who: str, sites: list[Site], samples: int, rounds: int) -> Result:
    """A workload as one person, at every size, beside the bare page at the smallest."""
    turns = [_Turns(workload, "nobody" if workload.anonymous else who, who, site) for site in sites]
    bare = Ask(BARE[workload.bare])
    if min([turn.warm() for turn in turns]) < _QUICK:
        samples *= _OFTEN
    counted = [turn.count() for turn in turns]
    ratios, growths, times = [], [], []
    for _round in range(rounds):
        took: list[list[float]] = [[] for _ in range(len(turns) + 1)]
        for _sample in range(samples):
            for place, (site, turn) in enumerate(zip(sites, turns, strict=True), 1):
                woken = site.client(who).expect(bare, OK).took
                if place == 1:
                    took[0].append(woken)
                took[place].append(turn.take())
        middle = [median(one) for one in took]
        times.append(middle)
        ratios.append(middle[1] / middle[0])
        growths.append([growth(took[1], one) for one in took[2:]])
    return Result(
        workload,
        who,
        max(ratios),
        {site.size: max(one[place] for one in growths) for place, site in enumerate(sites[1:])},
        {site.size: answer.statements for site, answer in zip(sites, counted, strict=True)},
        {site.size: answer.database for site, answer in zip(sites, counted, strict=True)},
        median(one[0] for one in times),
        {site.size: median(one[place] for one in times) for place, site in enumerate(sites, 1)},
    )


def growth(small: list[float], large: list[float]) -> float:
    """How many times as long the larger company's page took: the median over pairs of neighbouring requests."""
    return median(one / other for one, other in zip(large, small, strict=True))


class _Turns:
    """The requests of one workload to one site, one after the other."""

    def __init__(self, workload: Workload, client: str, who: str, site: Site) -> None:
        self.workload, self.client = workload, site.client(client)
        self.visit = {**site.visits[who], "source": site.visits["source"]}
        self.numbers = self._numbers()

    def _numbers(self) -> Iterator[int]:
        number = int(self.visit.get("turns", 0))
        while True:
            yield number
            number += 1

    def _ask(self) -> Ask:
        return self.workload.asks(self.visit, next(self.numbers))

    def warm(self) -> float:
        """An even number of times: what is laid aside is taken up again. Returns the quickest."""
        return min(self.take() for _time in range(_WARM + _WARM % 2))

    def count(self) -> Any:
        """The worst of four, because a page sometimes looks whether the catalogue is still the newest."""
        found = [self.client.expect(self._ask(), self.workload.answers, count=True) for _time in range(4)]
        fewest = sorted(found, key=lambda answer: answer.statements)
        return fewest[len(fewest) // 2]

    def take(self) -> float:
        """One sample."""
        return self.client.expect(self._ask(), self.workload.answers).took
