"""Reading the files: as a stream, row by row, each with its line number."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import Refused
from core.text import clean_text
from exchange.mapping import FileMapping, Mapping


@dataclass(frozen=True)
class SourceRow:
    """One row by meaning: the line it stands on and its cleaned values; what a file does not have is empty."""

    line: int
    values: dict[str, str]

    def __getitem__(self, meaning: str) -> str:
        return self.values.get(meaning, "")


def rows_of(mapping: Mapping, file: FileMapping) -> Iterator[SourceRow]:
    """All rows of a file, in order. Refused, with file and line, where the file itself is broken."""
    line = 1
    try:
        with file.path.open(encoding=mapping.encoding, newline="") as handle:
            reader = csv.reader(handle, delimiter=mapping.delimiter, strict=True)
            places = _places(file, next(reader, []))
            width = len(places)
            head = max(places.values(), default=0) + 1
            for cells in reader:
                line = reader.line_num
                if not any(cells):
                    continue
                if len(cells) < max(head, width):
                    raise Refused(f"{file.path.name}, line {line}: {len(cells)} columns, at least {head} are needed")
                yield SourceRow(line, {name: clean_text(cells[place]).strip() for name, place in places.items()})
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{file.path.name}, after line {line}: {error}") from error


def _places(file: FileMapping, header: list[str]) -> dict[str, int]:
    names = [name.strip().lstrip("\ufeff") for name in header]
    missing = [column for column in file.columns.values() if column not in names]
    if missing:
        raise Refused(f"{file.path.name}, line 1: no column {', '.join(missing)}")
    return {meaning: names.index(column) for meaning, column in file.columns.items()}


def check_files(mapping: Mapping) -> int:
    """Read every file once, so that a broken one changes nothing; returns the number of deals."""
    deals = 0
    for kind, file in mapping.files.items():
        for _row in rows_of(mapping, file):
            deals += kind == "deals"
    return deals
