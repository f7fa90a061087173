"""`./run manage verify_pack FILE.zip`: whether an evidence pack is whole. Exit code 1 when it is not."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from process.services.anchors import anchors_in
from projects.pack.checking import findings


class Command(BaseCommand):
    """Hashes, chain and anchors of a pack; the database is not asked."""

    help = "Check an evidence pack with LTC_LOG_KEY and LTC_ANCHOR_FILE."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        with options["file"].open("rb") as file:
            found = list(findings(file, key=settings.LTC_LOG_KEY, anchors=anchors_in(settings.LTC_ANCHOR_FILE)))
        for sentence in found:
            self.stdout.write(f"✗ {sentence}")
        if found:
            sys.exit(1)
        self.stdout.write("verify_pack: whole")
