"""Where things lie: the checkout, and the one folder that holds everything the runner makes."""

import os
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent.parent
SKIPPED = {"migrations", "node_modules", "static", "__pycache__"}


def data_folder() -> Path:
    """`$LTC_DATA`, by default `.local` in the checkout."""
    folder = Path(os.environ.get("LTC_DATA") or REPO / ".local").expanduser()
    return folder if folder.is_absolute() else Path.cwd() / folder


def source_files() -> Iterator[Path]:
    """What people have written: no migrations, nothing built or installed."""
    for folder in sorted(REPO.iterdir()):
        if folder.is_file():
            yield folder
        elif folder.name not in SKIPPED and not folder.name.startswith("."):
            found = (path for path in sorted(folder.rglob("*")) if path.is_file())
            yield from (path for path in found if not SKIPPED.intersection(path.relative_to(REPO).parts))


def private_text(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, path)
