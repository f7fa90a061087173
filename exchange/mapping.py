"""The mapping file: which column means what, how words are spelt, in which currency and on which tax basis."""

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
_TOP = {
    "source",
    "encoding",
    "delimiter",
    "date_format",
    "currency",
    "exchange_rates",
    "tax",
    "department",
    "files",
    "aliases",
    "industries",
    "stages",
    "defaults",
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
            kind: FileMapping(kind, folder / entry["path"], dict(entry["columns"]))
            for kind, entry in raw["files"].items()
        },
        stages={str(word): stage for word, stage in raw["stages"].items()},
        aliases={name: {str(a): str(b) for a, b in words.items()} for name, words in raw.get("aliases", {}).items()},
        industries={str(word): code for word, code in raw.get("industries", {}).items()},
        defaults={**_DEFAULTS, **raw.get("defaults", {})},
        exchange_rates=[(row["from_on"], Decimal(str(row["rate"]))) for row in raw.get("exchange_rates", [])],
    )


def _problems(raw: dict[str, Any], folder: Path) -> Iterator[str]:
    for key in ("source", "currency", "files", "stages"):
        if not raw.get(key):
            yield f"“{key}” is missing"
    for key in sorted(set(raw) - _TOP):
        yield f"unknown key “{key}”"
    if raw.get("tax", {}).get("basis", "gross") not in ("gross", "net"):
        yield "tax.basis must be “gross” or “net”"
    for word, stage in (raw.get("stages") or {}).items():
        if stage not in STAGES:
            yield f"stages.{word}: “{stage}” is none of {', '.join(STAGES)}"
    yield from _file_problems(raw.get("files") or {}, folder)


def _file_problems(files: dict[str, Any], folder: Path) -> Iterator[str]:
    if "deals" not in files:
        yield "files.deals is missing"
    for kind, entry in files.items():
        if kind not in COLUMNS:
            yield f"files.{kind}: unknown kind of file"
            continue
        required, optional = COLUMNS[kind]
        if not isinstance(entry, dict) or not entry.get("path") or not entry.get("columns"):
            yield f"files.{kind}: “path” and “columns” are needed"
            continue
        columns = entry["columns"]
        for name in required:
            if name not in columns:
                yield f"files.{kind}.columns: “{name}” is missing"
        for name in sorted(set(columns) - set(required) - set(optional)):
            yield f"files.{kind}.columns: unknown meaning “{name}”"
        if not (folder / entry["path"]).is_file():
            yield f"files.{kind}: {entry['path']} is not in {folder}"
