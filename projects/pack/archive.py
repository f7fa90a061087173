"""A ZIP on disk that is the same to the byte whenever the same is written into it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

# The first moment a ZIP can name: no file of a pack tells when it was written.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o644 << 16


@dataclass(frozen=True)
class Member:
    """A file of the archive."""

    path: str
    size: int
    sha256: str


class Archive:
    """Writes members one after the other, in parts, and keeps the hash of each."""

    def __init__(self, file: IO[bytes]) -> None:
        self.members: list[Member] = []
        self._zip = ZipFile(file, "w")

    def add(self, path: str, parts: Iterable[bytes], *, packed: bool = True) -> Member:
        """Write a member; what is packed already (pictures, PDF) is stored as it is. Nothing is held in memory."""
        info = ZipInfo(path, LONG_AGO)
        info.create_system, info.external_attr = _UNIX, _READABLE
        info.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=not packed) as member:
            for part in parts:
                member.write(part)
                digest.update(part)
                size += len(part)
        self.members.append(Member(path, size, digest.hexdigest()))
        return self.members[-1]

    def add_json(self, path: str, value: Any) -> Member:
        """Write a value as JSON that people can read too, its names in order."""
        return self.add(path, [as_json(value, indent=1), b"\n"])

    def add_lines(self, path: str, values: Iterable[Any]) -> Member:
        """Write values as JSON, one a line."""
        return self.add(path, (as_json(value) + b"\n" for value in values))

    def close(self) -> None:
        """Write the directory of the archive; nothing can be added any more."""
        self._zip.close()


def as_json(value: Any, indent: int | None = None) -> bytes:
    """A value as JSON in UTF-8, names in order; amounts, dates and words as text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent, default=str).encode()
