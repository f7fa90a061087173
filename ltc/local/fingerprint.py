"""What a prepared database depends on: when it is unchanged, neither demo nor tests prepare it again."""

import hashlib
from pathlib import Path

from ltc.local.paths import REPO

DATABASE = (
    "*/migrations/*.py",
    "*/guards.py",
    "ltc/catalogue/**/*",
    "ltc/defaults/**/*",
    "*/management/commands/load_*.py",
    "ltc/management/commands/prepare.py",
    "requirements/base.txt",
)
STATIC = ("static/**/*", "*/static/**/*", "requirements/base.txt")


def digest(files: list[Path]) -> str:
    """One hash over the names and contents of files."""
    result = hashlib.sha256()
    for path in sorted(files):
        result.update(str(path.relative_to(REPO)).encode() + b"\0" + path.read_bytes() + b"\0")
    return result.hexdigest()


def _sources(patterns: tuple[str, ...]) -> list[Path]:
    """Files of the checkout itself: what lies in hidden folders was made by the runner."""
    found = [path for pattern in patterns for path in REPO.glob(pattern) if path.is_file()]
    return [path for path in found if not path.relative_to(REPO).parts[0].startswith(".")]


def of_database() -> str:
    """Changes with every migration, default, step, guard and loader."""
    return digest(_sources(DATABASE))


def of_static_files() -> str:
    """Changes with every static file, built ones too."""
    return digest(_sources(STATIC))
