"""Reading the files: as a stream, row by row, each with its line number."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import Refused
from core.text import clean_text
from exchange.mapping import FileMapping, Mapping

# The longest values by meaning, as far as they fit where they are kept; whatever is not listed may have 200 characters.
LONGEST = {"people": {"name": 80, "manager": 80, "department": 80}, "products": {"name": 80, "spec": 100}}
LONGEST |= {"customers": {"name": 120, "parent": 120, "tax_id": 30, "country": 60}}
LONGEST |= {"deals": {"key": 80, "owner": 80, "product": 80, "customer": 120}}


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
    except (UnicodeError, csv.Error) as error:
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
        for row in rows_of(mapping, file):
            deals += kind == "deals"
            if kind != "deals":
                _require_short(file, row)
    return deals


def _require_short(file: FileMapping, row: SourceRow) -> None:
    """A party's name must fit; one in the deals only rejects its row."""
    for meaning, text in row.values.items():
        if too_long(file.kind, meaning, text):
            raise Refused(f"{file.path.name}, line {row.line}: {file.columns[meaning]} is too long")


def too_long(kind: str, meaning: str, text: str) -> bool:
    """Whether a value does not fit where it will be kept."""
    return len(text) > LONGEST[kind].get(meaning, 200)
