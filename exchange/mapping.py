"""The mapping file: which column means what, how words are spelt, in which currency and on which tax basis."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from core.errors import Refused

# For each kind of file: the columns it may have, the required ones first.
COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "customers": (("name",), ("industry", "country", "parent", "tax_id")),
    "products": (("name",), ("spec", "price")),
    "people": (("name",), ("manager", "department")),
    "deals": (
        ("key", "owner", "stage"),
        ("title", "product", "customer", "opened_on", "closed_on", "amount"),
    ),
}
STAGES = ("lead", "guidance", "won", "lost")
# The keys of a mapping file, and what each holds.
_TOP: dict[str, type] = {
    "source": str,
    "encoding": str,
    "delimiter": str,
    "date_format": str,
    "currency": str,
    "exchange_rates": list,
    "tax": dict,
    "department": str,
    "files": dict,
    "aliases": dict,
    "industries": dict,
    "stages": dict,
    "defaults": dict,
}
_DEFAULTS = {"lead_source": "history", "lost_reason": "other", "payment_event": "date", "receipt_method": "transfer"}


@dataclass(frozen=True)
class FileMapping:
    """One file: its path and column by meaning."""

    kind: str
    path: Path
    columns: dict[str, str]


@dataclass(frozen=True)
class Mapping:
    """Everything a run needs to know beside the rows themselves."""

    source: str
    encoding: str
    delimiter: str
    date_format: str
    currency: str
    tax_basis: str
    tax_code: str
    department: str
    files: dict[str, FileMapping]
    stages: dict[str, str]
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    industries: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    exchange_rates: list[tuple[date, Decimal]] = field(default_factory=list)

    def word(self, meaning: str, text: str) -> str:
        """The word as it should be spelt."""
        return self.aliases.get(meaning, {}).get(text, text)

    def day(self, text: str) -> date:
        """A date in the file's own format; ValueError where it is none."""
        return datetime.strptime(text, self.date_format).date()


def read_mapping(path: Path, folder: Path) -> Mapping:
    """Read and check a mapping file; Refused lists everything wrong with it."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {error}") from error
    if not isinstance(raw, dict):
        raise Refused(f"{path}: a mapping of keys is expected")
    reasons = list(_problems(raw, folder))
    if reasons:
        raise Refused([f"{path.name}: {reason}" for reason in reasons])
    raw = {key: value for key, value in raw.items() if value is not None}
    tax = raw.get("tax", {})
    return Mapping(
        source=str(raw["source"]),
        encoding=raw.get("encoding", "utf-8"),
        delimiter=raw.get("delimiter", ","),
        date_format=raw.get("date_format", "%Y-%m-%d"),
        currency=raw["currency"],
        tax_basis=tax.get("basis", "gross"),
        tax_code=str(tax.get("code", "13")),
        department=raw.get("department", "sales"),
        files={
            kind: FileMapping(kind, folder / entry["path"], {name: str(at) for name, at in entry["columns"].items()})
            for kind, entry in raw["files"].items()
        },
        stages={str(word): stage for word, stage in raw["stages"].items()},
        aliases={name: {str(a): str(b) for a, b in words.items()} for name, words in raw.get("aliases", {}).items()},
        industries={str(word): code for word, code in raw.get("industries", {}).items()},
        defaults={**_DEFAULTS, **raw.get("defaults", {})},
        exchange_rates=[(row["from_on"], Decimal(str(row["rate"]))) for row in raw.get("exchange_rates", [])],
    )


def _problems(raw: dict[str, Any], folder: Path) -> Iterator[str]:
    """Everything wrong with a mapping file, so that nothing has been taken in when it is found."""
    for key in ("source", "currency", "files", "stages"):
        if not raw.get(key):
            yield f"“{key}” is missing"
    for key in sorted(set(raw) - set(_TOP), key=str):
        yield f"unknown key “{key}”"
    misshapen = [key for key, shape in _TOP.items() if raw.get(key) is not None and not isinstance(raw[key], shape)]
    for key in misshapen:
        yield f"“{key}” has the wrong shape"
    if misshapen:
        return
    yield from _format_problems(raw)
    yield from _word_problems(raw)
    yield from _file_problems(raw.get("files") or {}, folder)


def _word_problems(raw: dict[str, Any]) -> Iterator[str]:
    """What the words of the files stand for."""
    if (raw.get("tax") or {}).get("basis", "gross") not in ("gross", "net"):
        yield "tax.basis must be “gross” or “net”"
    for word, stage in (raw.get("stages") or {}).items():
        if stage not in STAGES:
            yield f"stages.{word}: “{stage}” is none of {', '.join(STAGES)}"
    for meaning, words in (raw.get("aliases") or {}).items():
        if not isinstance(words, dict):
            yield f"aliases.{meaning} has the wrong shape"
    for key in sorted(set(raw.get("defaults") or {}) - set(_DEFAULTS)):
        yield f"defaults: unknown key “{key}”"


def _format_problems(raw: dict[str, Any]) -> Iterator[str]:
    """How the files are written: encoding, delimiter, dates, rates."""
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,30}", raw.get("source") or "-"):
        yield "“source” has 1 to 30 letters a-z, digits, - or _: it is part of the numbers of what is taken in"
    try:
        codecs.lookup(raw.get("encoding") or "utf-8")
    except LookupError:
        yield f"unknown encoding “{raw['encoding']}”"
    if len(raw.get("delimiter") or ",") != 1:
        yield "“delimiter” must be one character"
    form, day = raw.get("date_format") or "%Y-%m-%d", date(2024, 12, 31)
    try:
        read = datetime.strptime(day.strftime(form), form).date()
    except ValueError:
        read = None
    if read != day:
        yield f"“date_format”: {form} does not tell day, month and year"
    for number, row in enumerate(raw.get("exchange_rates") or [], 1):
        if not isinstance(row, dict) or not isinstance(row.get("from_on"), date) or not _is_rate(row.get("rate")):
            yield f"exchange_rates, row {number}: “from_on” (a date) and “rate” (a number above 0) are needed"


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9


def _file_problems(files: dict[str, Any], folder: Path) -> Iterator[str]:
    if "deals" not in files:
        yield "files.deals is missing"
    for kind, entry in files.items():
        if kind not in COLUMNS:
            yield f"files.{kind}: unknown kind of file"
            continue
        required, optional = COLUMNS[kind]
        columns = entry.get("columns") if isinstance(entry, dict) else None
        if not isinstance(columns, dict) or not isinstance(entry.get("path"), str):
            yield f"files.{kind}: “path” and “columns” are needed"
            continue
        for name in required:
            if name not in columns:
                yield f"files.{kind}.columns: “{name}” is missing"
        for name in sorted(set(columns) - set(required) - set(optional), key=str):
            yield f"files.{kind}.columns: unknown meaning “{name}”"
        if not (folder / entry["path"]).is_file():
            yield f"files.{kind}: {entry['path']} is not in {folder}"
