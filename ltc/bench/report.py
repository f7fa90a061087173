"""The table people read and the JSON machines read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltc.bench.measure import Result
from ltc.local.console import Problem, say

_HEAD = ("workload", "as", "× bare", "bar", "growth", "bar", "SQL", "bar", "DB ms", "page ms", "")


@dataclass
class Report:
    """What was found so far; written after every figure, so that an error late loses nothing."""

    path: Path
    results: list[Result] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    bulk: list[dict[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """An error ends one measurement and is reported; the others go on."""
        try:
            yield
        except (Problem, OSError) as error:
            self.failed.append(f"{name}: {error}")
            say(f"✗ {self.failed[-1]}")
        write(self)


def line(one: Result) -> str:
    """One result in a line, while the others are still measured."""
    return "  ".join(f"{head} {cell}".strip() for head, cell in zip(_HEAD[2:], _row(one)[2:], strict=True))


def table(results: list[Result]) -> str:
    """One line per workload and person."""
    rows = [_HEAD, *(_row(one) for one in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _row(one: Result) -> tuple[str, ...]:
    largest = max(one.page_ms)
    return (
        one.workload.name,
        one.who,
        f"{one.ratio:.2f}",
        f"{one.workload.ratio:g}",
        f"{max(one.growth.values()):.2f}" if one.growth else "–",
        f"{one.workload.growth:g}",
        "/".join(str(count) for count in one.statements.values()),
        str(one.workload.statements),
        f"{one.database[largest]:.1f}",
        " → ".join(f"{ms:.1f}" for ms in one.page_ms.values()),
        "; ".join(one.misses) or "✓",
    )


def write(found: Report) -> None:
    """Everything that was measured, for whoever compares two runs."""
    rows = [
        {
            "workload": one.workload.name,
            "as": one.who,
            "ratio": round(one.ratio, 3),
            "ratio_bar": one.workload.ratio,
            "growth": {str(size): round(value, 3) for size, value in one.growth.items()},
            "growth_bar": one.workload.growth,
            "statements": one.statements,
            "statements_bar": one.workload.statements,
            "database_ms": one.database,
            "bare_ms": round(one.bare_ms, 2),
            "page_ms": {str(size): round(value, 2) for size, value in one.page_ms.items()},
            "misses": one.misses,
        }
        for one in found.results
    ]
    content = {"results": rows, "bulk": found.bulk, "plans": found.plans, "failed": found.failed}
    found.path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def verdict(found: Report) -> int:
    """0 when every bar was reached, else 1, and what was missed."""
    missed = [f"{one.workload.name} as {one.who}: {', '.join(one.misses)}" for one in found.results if one.misses]
    missed += [f"{one['workload']}: {', '.join(one['misses'])}" for one in found.bulk if one["misses"]]
    missed += [*found.plans, *found.failed]
    for sentence in missed:
        say(f"✗ {sentence}")
    if not missed:
        say("✓ every bar is reached")
    return 1 if missed else 0
