"""Checking a pack, from the file alone: its hashes, its chain, its anchors. No database is asked."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

from process.services.log import seal

CHUNK = 1 << 20


def findings(file: IO[bytes], *, key: str = "", anchors: Iterable[dict[str, Any] | None] = ()) -> Iterator[str]:
    """What is wrong with a pack, in sentences; nothing when it is whole.

    With `key` (LTC_LOG_KEY) the seal of every entry that is told whole is computed again. `anchors` are heads kept
    outside: those of other cases are passed over.
    """
    try:
        with ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            yield from _members(archive, manifest)
            macs: dict[int, str] = {}
            yield from _entries(archive, manifest["chain"], key, macs)
            own = map(json.loads, archive.open("anchors.jsonl"))
            yield from _anchored(manifest["chain"], macs, [*own, *anchors])
    except (BadZipFile, KeyError, ValueError) as error:
        yield _("This is no whole evidence pack: %(error)s") % {"error": error}


def _members(archive: ZipFile, manifest: dict[str, Any]) -> Iterator[str]:
    named = {one["path"]: one["sha256"] for one in manifest["members"]}
    there = {name for name in archive.namelist() if name != "manifest.json"}
    for path in sorted(there ^ named.keys()):
        text = _("%(path)s is missing.") if path in named else _("%(path)s is not in the manifest.")
        yield text % {"path": path}
    for path in sorted(there & named.keys()):
        digest = hashlib.sha256()
        with archive.open(path) as member:
            while part := member.read(CHUNK):
                digest.update(part)
        if digest.hexdigest() != named[path]:
            yield _("%(path)s was altered.") % {"path": path}
    for one in manifest["files"]:
        if not one["intact"]:
            yield _("%(name)s was altered or lost after it was added.") % {"name": one["name"]}


def _entries(archive: ZipFile, chain: dict[str, Any], key: str, macs: dict[int, str]) -> Iterator[str]:
    """Whether the chain has no gap, ends at its head, and its seals are ours; `macs` learns them by number."""
    before, number = "", 0
    for line in archive.open("log.jsonl"):
        entry = json.loads(line)
        number += 1
        if entry["seq"] != number:
            yield _("Entry %(number)s of the log is missing.") % {"number": number}
            return
        if key and "withheld" not in entry and seal(before, entry, key) != entry["mac"]:
            yield _("Entry %(number)s of the log was altered.") % {"number": number}
        before = macs[number] = entry["mac"]
    if (number, before) != (chain["length"], chain["head"]):
        yield _("The log does not end at its head.")


def _anchored(chain: dict[str, Any], macs: dict[int, str], anchors: Iterable[dict[str, Any] | None]) -> Iterator[str]:
    for anchor in anchors:
        if anchor is None or anchor["case"] != chain["case"] or anchor["seq"] > chain["length"]:
            continue
        if macs.get(anchor["seq"]) != anchor["mac"]:
            text = _("Entry %(number)s is not the one anchored on %(day)s.")
            yield text % {"number": anchor["seq"], "day": anchor["at"]}
