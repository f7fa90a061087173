"""Compiling translations in pure Python: a machine without gettext must work."""

import os
from pathlib import Path

from ltc.local.paths import REPO

CATALOGUES = "*/LC_MESSAGES/django.po"


def compile_changed() -> int:
    """Write every .mo that is older than its .po; the number written."""
    changed = [path for path in sorted((REPO / "locale").glob(CATALOGUES)) if _outdated(path)]
    for path in changed:
        compile_file(path)
    return len(changed)


def _outdated(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def compile_file(source: Path) -> None:
    """Compile one catalogue; nobody ever reads half a file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalogue = read_po(file)
    part = source.with_name(f".{source.stem}.{os.getpid()}.mo")
    with part.open("wb") as file:
        write_mo(file, catalogue)
    os.replace(part, source.with_suffix(".mo"))


if __name__ == "__main__":
    compile_changed()
