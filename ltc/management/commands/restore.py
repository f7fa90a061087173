"""`./run manage restore FILE`: an archive of `backup` into this database and these folders."""

from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, transaction

from ltc.backup import archive, database, files


class Command(BaseCommand):
    """All or nothing: the archive is read to its end before anything changes, then rows come in one transaction."""

    help = "Restore an archive, migrate it to this code, and verify it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="throw away what is in the database and folders")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            manifest = archive.check(path, settings.LTC_LOG_KEY)
            database.refuse_newer(manifest.migrations, manifest.version)
            _refuse_in_use(replace=options["replace"])
            self.stdout.write(f"{path.name}: LTC {manifest.version} of {manifest.made_at}, whole and unaltered")
            with files.Staging(settings.MEDIA_ROOT, settings.LTC_ANCHOR_FILE) as staging:
                with transaction.atomic():
                    _load(path, manifest, staging)
                staging.put_in_place()
        except archive.Unusable as problem:
            raise CommandError(str(problem)) from problem
        except (Error, psycopg.Error) as error:
            first = str(error).split("\n", 1)[0]
            raise CommandError(f"{path.name} was not restored, nothing has changed: {first}") from error
        self.stdout.write(f"restored {sum(manifest.rows.values())} rows of {len(manifest.tables)} tables")
        database.analyze()
        cache.clear()
        call_command("prepare", stdout=self.stdout, verbosity=0)
        call_command("verify", stdout=self.stdout, stderr=self.stderr)


def _refuse_in_use(*, replace: bool) -> None:
    others = database.strangers()
    if others:
        raise archive.Unusable(
            f"{others} other connections use this database: stop web, worker and beat, then run it again."
        )
    if replace:
        return
    if not database.is_empty():
        raise archive.Unusable("This database is in use: restore into an empty one, or give --replace to lose it.")
    if files.in_use(settings.MEDIA_ROOT, settings.LTC_ANCHOR_FILE):
        raise archive.Unusable(
            f"There are files in {settings.MEDIA_ROOT} or {settings.LTC_ANCHOR_FILE}: "
            "restore into empty folders, or give --replace to lose them."
        )


def _load(path: Path, manifest: archive.Manifest, staging: files.Staging) -> None:
    """Rows into a schema of the archive's own migrations, files beside their place."""
    database.rebuild(manifest.migrations)
    with database.loading(manifest.tables) as loader:
        for (kind, table), group in groupby(archive.parts(path), key=_kind):
            if kind == "tables":
                loader.take(table, (content for _, content in group))
                continue
            for name, content in group:
                if kind == "files":
                    staging.take_upload(name.removeprefix("files/"), content)
                else:
                    staging.take_anchors(content)
        loader.set_sequences(manifest.sequences)
    lost = [table for table, count in manifest.rows.items() if loader.rows.get(table, 0) != count]
    if lost:
        raise archive.Unusable(f"{path.name} does not hold all rows of {', '.join(lost)}.")


def _kind(part: tuple[str, Any]) -> tuple[str, str]:
    """Tables part by part, everything else as it comes."""
    kind, rest = part[0].split("/", 1)
    return (kind, rest.split("/")[0]) if kind == "tables" else (kind, "")
