"""`./run manage verify`: every invariant of the books, recomputed. Exit code 1 when one does not hold."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import BaseCommand

from billing.selectors import check_invariants as billing
from closing.selectors import check_invariants as closing
from contracts.selectors import check_invariants as contracts
from dashboard.selectors import check_invariants as dashboard
from finance.selectors import check_invariants as finance
from process.selectors import kernel_findings
from purchasing.selectors import check_invariants as purchasing

# In LTC order: the kernel first, since the rest builds on it.
CHECKS: tuple[tuple[str, Callable[[], Iterable[Any]]], ...] = (
    ("process", kernel_findings),
    ("finance", finance),
    ("purchasing", purchasing),
    ("contracts", contracts),
    ("billing", billing),
    ("closing", closing),
    ("dashboard", dashboard),
)


class Command(BaseCommand):
    """Log chains, anchors, seats, kept totals against recomputed ones, money invariants."""

    help = "Recompute every invariant and name each one that does not hold."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for area, check in CHECKS:
            before = found
            for subject, sentence in check():
                found += 1
                self.stdout.write(f"✗ {area}: {subject}: {sentence}")
            if found == before:
                self.stdout.write(f"✓ {area}")
        if found:
            self.stderr.write(f"{found} findings")
            sys.exit(1)
        self.stdout.write("verify: clean")
