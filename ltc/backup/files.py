"""Uploads and anchors: read into an archive, and put in place when the database stands."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ltc.backup.archive import Writer

_STAGING = ".restoring"


def dump_anchors(writer: Writer, path: Path) -> None:
    """The anchor file, read before the database: an anchor younger than the rows would look like a loss."""
    if path.exists():
        with path.open("rb") as file:
            writer.add_stream("anchors", iter(lambda: file.read(2**20), b""))


def dump_uploads(writer: Writer, folder: Path) -> None:
    """Every file below the folder, read after the database: files are only added, so all that rows name is there."""
    for path in _files(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue  # taken away meanwhile: no row of the snapshot may name it
        with file:
            writer.add(f"files/{path.relative_to(folder).as_posix()}", file, os.fstat(file.fileno()).st_size)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink() and path.relative_to(folder).parts[0] != _STAGING:
            yield path


def in_use(folder: Path, anchors: Path) -> bool:
    """True when uploads or anchors are there already."""
    return next(_files(folder), None) is not None or (anchors.exists() and anchors.stat().st_size > 0)


class Staging:
    """Files of an archive beside their place, until the database has taken its rows."""

    def __init__(self, folder: Path, anchors: Path) -> None:
        self.folder = folder
        self.anchors = anchors
        self.staging = folder / _STAGING

    def __enter__(self) -> "Staging":
        shutil.rmtree(self.staging, ignore_errors=True)
        (self.staging / "files").mkdir(parents=True, mode=0o750)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)

    def take_upload(self, name: str, content: IO[bytes]) -> None:
        """One upload, by its path below the folder."""
        target = self.staging / "files" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(content, file, 2**20)

    def take_anchors(self, content: IO[bytes]) -> None:
        """One more part of the anchor file."""
        with (self.staging / "anchors").open("ab") as file:
            shutil.copyfileobj(content, file, 2**20)

    def put_in_place(self) -> None:
        """The old files go, the new ones come; on one disk, so it is renaming."""
        for path in self.folder.iterdir():
            if path.name not in (_STAGING, "lost+found"):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for path in (self.staging / "files").iterdir():
            os.replace(path, self.folder / path.name)
        self.anchors.unlink(missing_ok=True)
        if (self.staging / "anchors").exists():
            self.anchors.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.staging / "anchors", self.anchors)
