"""The archive: a tar.gz of parts, written and read as a stream, with a signed manifest at its end.

    anchors/000001           lines of the anchor file
    tables/<table>/000001…   rows as PostgreSQL's COPY writes them, a few megabytes each
    files/<path>             uploads
    manifest.json            version, migrations, columns, sequences, and name, size and sha256 of every part
    manifest.mac             HMAC-SHA256 of the manifest with LTC_LOG_KEY

So an archive that is cut off has no manifest, one that was altered does not fit it, and nobody without the key can
make another that does. The key itself, like every other secret of the installation, is not in it.
"""

import gzip
import hashlib
import hmac
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import IO, Any

FORMAT = 1
PART = 8 * 2**20  # bytes of a table or the anchors in one part: what is in memory at a time
_MANIFEST, _MAC = "manifest.json", "manifest.mac"
_LONGEST_MANIFEST = 256 * 2**20
_NAME = re.compile(r"anchors/\d{6}|tables/[a-z0-9_]+/\d{6}|files/.+")


class Unusable(Exception):
    """The archive cannot be restored; one sentence for whoever tries."""


@dataclass
class Manifest:
    """What is in an archive."""

    version: str
    made_at: str
    migrations: list[list[str]]
    tables: dict[str, list[str]] = field(default_factory=dict)  # columns, in their order in the rows
    rows: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, list[Any]] = field(default_factory=dict)  # last value, and whether it was drawn
    parts: list[tuple[str, int, str]] = field(default_factory=list)  # name, size, sha256
    format: int = FORMAT


def _mac(text: bytes, key: str) -> str:
    # A key of its own, so that no entry of the log can ever be taken for a manifest.
    own = hmac.new(key.encode(), b"ltc backup manifest", hashlib.sha256).digest()
    return hmac.new(own, text, hashlib.sha256).hexdigest()


class _Hashing:
    """A reader that hashes what passes through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.sha256.update(data)
        return data


class Writer:
    """Writes parts one after the other."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self.tar = tar
        self.manifest = manifest

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Add one part of `size` bytes."""
        reader = _Hashing(source)
        self._write(name, reader, size)
        self.manifest.parts.append((name, size, reader.sha256.hexdigest()))

    def add_stream(self, folder: str, chunks: Iterable[bytes | memoryview]) -> None:
        """Add bytes of unknown length, cut into parts."""
        buffer, number = bytearray(), 0
        for chunk in chunks:
            buffer += chunk
            while len(buffer) >= PART:
                number += 1
                self.add(f"{folder}/{number:06}", io.BytesIO(buffer[:PART]), PART)
                del buffer[:PART]
        if buffer:
            self.add(f"{folder}/{number + 1:06}", io.BytesIO(buffer), len(buffer))

    def finish(self, key: str) -> None:
        """Add the manifest and its signature."""
        text = json.dumps(asdict(self.manifest), ensure_ascii=False).encode()
        for name, data in ((_MANIFEST, text), (_MAC, _mac(text, key).encode())):
            self._write(name, io.BytesIO(data), len(data))

    def _write(self, name: str, source: Any, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self.tar.addfile(entry, source)


@contextmanager
def create(path: Path, manifest: Manifest, key: str) -> Iterator[Writer]:
    """Write an archive only its owner can read: whole, or not at all."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with (
                gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                writer = Writer(tar, manifest)
                yield writer
                writer.finish(key)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes], int]]]:
    """Every member as name, content, size; what is wrong with the file becomes one sentence."""

    def walk(packed: gzip.GzipFile, tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes], int]]:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is None:
                raise Unusable(f"{path.name} holds something that is no file: it is no backup of LTC.")
            yield entry.name, content, entry.size
        while packed.read(2**20):  # to the very end, where gzip keeps its checksum
            pass

    try:
        with gzip.open(path, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            yield walk(packed, tar)
    except FileNotFoundError as error:
        raise Unusable(f"There is no file {path}.") from error
    except EOFError as error:
        raise Unusable(f"{path.name} is cut off: copy it again, or take another backup.") from error
    except (gzip.BadGzipFile, zlib.error, tarfile.TarError) as error:
        raise Unusable(f"{path.name} is damaged, or no backup of LTC.") from error


def check(path: Path, key: str) -> Manifest:
    """Read the whole archive against its manifest; nothing of it has been used when this raises Unusable."""
    found: list[tuple[str, int, str]] = []
    ends: dict[str, bytes] = {}
    with _members(path) as members:
        for name, content, size in members:
            if name in (_MANIFEST, _MAC) and name not in ends and size <= _LONGEST_MANIFEST:
                ends[name] = content.read()
            elif ends or not _is_safe(name):
                raise Unusable(f"{path.name} holds {name!r}, which no backup of LTC does.")
            else:
                found.append((name, size, hashlib.file_digest(content, "sha256").hexdigest()))  # type: ignore[arg-type]  # read by readinto, which IO has not
    if set(ends) != {_MANIFEST, _MAC}:
        raise Unusable(f"{path.name} is cut off, or no backup of LTC: its manifest is missing.")
    if not hmac.compare_digest(_mac(ends[_MANIFEST], key).encode(), ends[_MAC]):
        raise Unusable(f"{path.name} was altered, or made with another LTC_LOG_KEY than this installation has.")
    stated = json.loads(ends[_MANIFEST])
    if stated["format"] != FORMAT:
        raise Unusable(f"{path.name} has format {stated['format']}; this LTC reads format {FORMAT}.")
    manifest = Manifest(**stated | {"parts": [tuple(part) for part in stated["parts"]]})
    if manifest.parts != found:
        pairs = zip_longest(found, manifest.parts)
        altered = next(is_ or stated for is_, stated in pairs if is_ != stated)
        raise Unusable(f"{path.name} was altered: {altered[0]} is not what the manifest says.")
    return manifest


def _is_safe(name: str) -> bool:
    """A name of ours that leads nowhere but below its folder."""
    return bool(_NAME.fullmatch(name)) and ".." not in PurePosixPath(name).parts and "\0" not in name


def parts(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of every part of a checked archive, in order."""
    with _members(path) as members:
        for name, content, _ in members:
            if name not in (_MANIFEST, _MAC):
                yield name, content
