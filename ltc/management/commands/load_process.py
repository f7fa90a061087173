"""Publish the L3 catalogue: `./run manage load_process`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from process.services.definitions import known_people, publish, read_catalogue


class Command(BaseCommand):
    """Reads ltc/catalogue/*.yaml, checks it and publishes a new version when it differs."""

    help = "Publish the L3 steps of ltc/catalogue as a new, immutable version where they changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dir", type=Path, default=settings.BASE_DIR / "ltc" / "catalogue")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version, created = publish(read_catalogue(options["dir"], known_people()))
        except Refused as refusal:
            raise CommandError("\n".join(refusal.reasons)) from refusal
        state = "published" if created else "unchanged"
        self.stdout.write(f"process {version}: {version.steps.count()} steps, {state}")
