"""`./run manage import_history DIR --mapping FILE`: take in the deals of a former system."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from exchange.mapping import read_mapping
from exchange.services.history import Tally, import_history


class Command(BaseCommand):
    """Streams, shows progress, may be stopped and run again; rejected rows go to a CSV with reasons."""

    help = "Take in customers, products, people and deals from CSV files, as a mapping file describes them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--mapping", type=Path, required=True)
        parser.add_argument("--rejected", type=Path, help="where rejected rows go (default: LTC_DATA/imports)")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            mapping = read_mapping(options["mapping"], options["folder"])
            rejects: Path = options["rejected"] or settings.LTC_DATA / "imports" / f"{mapping.source}-rejected.csv"
            rejects.parent.mkdir(parents=True, exist_ok=True)
            tally = import_history(mapping, rejects, progress=self._progress)
        except Refused as refusal:
            raise CommandError("\n".join(refusal.reasons)) from refusal
        earlier = f" (and {tally.present} earlier)" if tally.present else ""
        self.stdout.write(
            f"read {tally.read} = imported {tally.imported}{earlier} + rejected {tally.rejected}, "
            f"{time.monotonic() - started:.1f} s"
        )
        if tally.rejected:
            self.stdout.write(f"rejected rows with reasons: {rejects}")

    def _progress(self, tally: Tally) -> None:
        share = 100 * tally.read // max(tally.total, 1)
        self.stdout.write(f"  {share:3d} %  {tally.read}/{tally.total}")
        self.stdout.flush()
