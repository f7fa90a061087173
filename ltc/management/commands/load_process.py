"""Publish the L3 catalogue: `./run manage load_process`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from process.services.definitions import Difference, deliver, known_company, read_artefacts, read_catalogue


class Command(BaseCommand):
    """Reads ltc/catalogue/*.yaml and publishes it; what was edited here is compared, never overwritten."""

    help = (
        "Publish the L3 steps of ltc/catalogue as a new, immutable version where they changed. "
        "Where the process was edited here, the three-way difference is printed; "
        "--merge takes what only the delivery changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dir", type=Path, default=settings.BASE_DIR / "ltc" / "catalogue")
        parser.add_argument("--merge", action="store_true", help="publish the delivery's news on steps not edited here")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["dir"]
        try:
            steps = read_catalogue(folder, known_company())
            delivery = deliver(steps, read_artefacts(folder), merge=options["merge"])
        except Refused as refusal:
            raise CommandError("\n".join(refusal.reasons)) from refusal
        state = "published" if delivery.created else "unchanged"
        self.stdout.write(f"process {delivery.version}: {delivery.version.steps.count()} steps, {state}")
        self._print(
            "new in the delivery" if delivery.created else "new in the delivery, take it by --merge", delivery.taken
        )
        self._print("new in the delivery and edited here, kept as edited", delivery.kept)

    def _print(self, title: str, differences: list[Difference]) -> None:
        for one in differences:
            self.stdout.write(f"  {title}: {one.code} {one.kind} {', '.join(one.keys)}".rstrip())
