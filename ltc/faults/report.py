"""The table people read, the file programs read, and the verdict."""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from ltc.faults.clients import Ledger
from ltc.faults.kills import VICTIMS, WEB, WORKER, Round
from ltc.faults.mailbox import Mailbox
from ltc.local.console import say


@dataclass
class Figures:
    """Everything that was measured, and everything that did not hold. `over` when nothing more will come."""

    over: bool = False
    minutes: float = 0.0
    rounds: list[Round] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    cut_off: int = 0
    sent_again: int = 0
    unknown: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)
    mails: dict[str, int] = field(default_factory=dict)
    chapters: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def count(self, ledger: Ledger, mailbox: Mailbox) -> None:
        """Take over what the clients and the mail server saw."""
        self.acknowledged = dict(sorted(Counter(write.kind for write in ledger.taken).items()))
        self.sent_again = sum(write.tries > 1 for write in ledger.taken)
        self.cut_off, self.unknown, self.refused = ledger.cut_off, len(ledger.unknown), dict(ledger.refused)
        self.answers = dict(sorted(ledger.answers.items()))
        deliveries = sum(len(people) for people in mailbox.seen.values())
        self.mails = {"mails": len(mailbox.seen), "deliveries": deliveries, "hung up on": mailbox.hung_up}

    def save(self, path: Path) -> None:
        """Write everything that is known by now."""
        self.missed = missed(self)
        part = path.with_name(f".{path.name}.part")
        part.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(part, path)

    def of(self, name: str) -> list[Round]:
        """The kills of one victim."""
        return [one for one in self.rounds if one.victim == name]


def missed(figures: Figures) -> list[str]:
    """Every bar that was not reached."""
    found = []
    for victim in VICTIMS:
        rounds = figures.of(victim.name)
        for what, bar in (("web", WEB), ("worker", WORKER), ("beat", WORKER)):
            late = [getattr(one, what) for one in rounds if getattr(one, what) > bar]
            if late:
                text = f"{victim.name} killed: {what} back in {max(late):.1f} s, bar {bar:.1f} s"
                found.append(f"{text} ({len(late)} of {len(rounds)} times)")
        orphans = sum(one.orphans for one in rounds)
        if orphans:
            found.append(f"{victim.name} killed: {orphans} orphans")
    return found


def table(figures: Figures) -> str:
    """One line per victim, then what was written."""
    lines = ["killed     times  pages s: median  worst   bar   job s: median  worst   bar"]
    for victim in VICTIMS:
        rounds = figures.of(victim.name)
        if rounds:
            lines.append(f"{victim.name:<10} {len(rounds):>5}  {_columns(rounds)}")
    signs = [one.beat for one in figures.of("beat")]
    if signs:
        lines.append(f"beat gave a sign after {median(signs):.1f} s, at worst {max(signs):.1f} s, bar {WORKER:g} s")
    if figures.acknowledged:
        kinds = ", ".join(f"{kind} {count}" for kind, count in figures.acknowledged.items())
        lines.append(f"acknowledged {sum(figures.acknowledged.values())}: {kinds}")
        lines.append(
            f"cut off {figures.cut_off}, sent again and taken {figures.sent_again}, "
            f"never answered {figures.unknown}, refused {figures.refused}"
        )
        lines.append(f"answers {figures.answers}; mail {figures.mails}")
    lines += [f"{name}: {what}" for name, what in figures.chapters.items()]
    lines += [f"skipped: {reason}" for reason in figures.skipped]
    return "\n".join([*lines, f"{figures.minutes:.1f} minutes"])


def _columns(rounds: list[Round]) -> str:
    web, worker = [one.web for one in rounds], [one.worker for one in rounds]
    pages = f"{median(web):>15.1f} {max(web):>6.1f} {WEB:>5.1f}"
    return f"{pages}  {median(worker):>13.1f} {max(worker):>6.1f} {WORKER:>5.1f}"


def verdict(figures: Figures) -> int:
    """0 when everything held and every bar was reached, else 1, and the list of what did not."""
    found = [*figures.problems, *missed(figures)]
    for line in found:
        say(f"✗ {line}")
    if not found:
        say("✓ everything acknowledged is there, and every bar is reached")
    return 1 if found else 0
