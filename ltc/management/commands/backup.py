"""`./run manage backup [FILE]`: database, uploads and anchors in one archive."""

import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from ltc.backup import archive, database, files


class Command(BaseCommand):
    """Runs beside a working LTC: rows of one moment, then the files they name. Secrets stay outside."""

    help = "Write database, uploads and anchors to one archive, by default below LTC_DATA/backups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a name that does not exist yet, such as ltc.tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.localtime()
        path: Path = options["file"] or settings.LTC_DATA / "backups" / f"ltc-{now:%Y%m%d-%H%M%S}.tar.gz"
        if path.exists():
            raise CommandError(f"{path} is there already: choose another name.")
        manifest = archive.Manifest(version=version(), made_at=now.isoformat(), migrations=[])
        with archive.create(path, manifest, settings.LTC_LOG_KEY) as writer:
            files.dump_anchors(writer, settings.LTC_ANCHOR_FILE)
            with transaction.atomic():
                database.dump(writer)
            files.dump_uploads(writer, settings.MEDIA_ROOT)
        uploads = sum(name.startswith("files/") for name, _, _ in manifest.parts)
        self.stdout.write(
            f"{path}: {sum(manifest.rows.values())} rows of {len(manifest.tables)} tables, {uploads} files, "
            f"{path.stat().st_size / 2**20:.1f} MB. It needs this installation's LTC_LOG_KEY to be restored."
        )


def version() -> str:
    """The version of this code."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])
