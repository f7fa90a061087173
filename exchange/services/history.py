"""Taking history in: streams the files, in batches of one transaction each, and can be stopped at any moment."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from core.errors import Refused
from exchange.mapping import Mapping
from exchange.models import ImportedRow
from exchange.reading import SourceRow, check_files, rows_of
from exchange.services.deals import Deal, DealReader, DealWriter, Rejected
from exchange.services.house import check_house, ready_house
from exchange.services.parties import Parties

BATCH = 500


@dataclass
class Tally:
    """What a run did: read = imported + present + rejected."""

    total: int = 0
    read: int = 0
    imported: int = 0
    present: int = 0
    rejected: int = 0


def import_history(mapping: Mapping, rejects: Path, *, progress: Callable[[Tally], None] = lambda tally: None) -> Tally:
    """Take in all deals of a source that are not here yet; rejected rows go to the CSV file `rejects`.

    A broken file or mapping is found before anything is written (Refused with file and line). Every batch is one
    transaction with its marks, so a run that is killed goes on where it stopped and doubles nothing.
    """
    check_house(mapping)
    tally = Tally(total=check_files(mapping))
    with _alone(mapping.source):
        by = Actor.system("import_history")
        house = ready_house(mapping)
        parties = Parties(mapping, by)
        parties.take_in()
        reader = DealReader(mapping, parties)
        writer = DealWriter(mapping, house, reader, by)
        with rejects.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow([_("line"), _("key"), _("reason"), *mapping.files["deals"].columns.values()])
            seen: set[str] = set()
            for batch in _batches(rows_of(mapping, mapping.files["deals"])):
                _take(batch, reader, writer, out, tally, seen)
                progress(tally)
    return tally


def _batches(rows: Iterator[SourceRow]) -> Iterator[list[SourceRow]]:
    batch: list[SourceRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _take(
    batch: list[SourceRow], reader: DealReader, writer: DealWriter, out: Any, tally: Tally, seen: set[str]
) -> None:
    """One batch: understand, reject, write what is new. `seen` holds the keys of this run, to find doubles."""
    mapping = reader.mapping
    keys = [row["key"] for row in batch]
    with transaction.atomic():
        marks = ImportedRow.objects.filter(source=mapping.source, kind="deal", key__in=keys)
        present = set(marks.values_list("key", flat=True)) - seen
        deals: list[Deal] = []
        for row in batch:
            tally.read += 1
            try:
                if row["key"] in seen:
                    raise Rejected(_("this key stands twice in the file"))
                if row["key"] in present:
                    tally.present += 1
                else:
                    deals.append(reader.read(row))
                seen.add(row["key"])
            except Rejected as reason:
                tally.rejected += 1
                values = [row[name] for name in mapping.files["deals"].columns]
                out.writerow([row.line, row["key"], str(reason), *values])
        if deals:
            writer.write(deals)
        tally.imported += len(deals)


class _alone:
    """Two runs of one source at once would only wait for each other: the second is told so."""

    def __init__(self, source: str) -> None:
        self.key = f"import {source}"

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [self.key])
            if not cursor.fetchone()[0]:
                raise Refused(_("This source is being imported at this moment."))

    def __exit__(self, *details: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [self.key])
