"""`./run lint`: every static check runs, and all that fails is shown at the end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ltc.local.console import say
from ltc.local.paths import REPO, source_files

LONGEST_FILE = 600  # lines
# The settings must be readable; no check uses a server. That makemigrations finds none is no news.
ENVIRONMENT = {
    "DATABASE_URL": "postgres://lint@127.0.0.1:1/lint",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "LTC_SECRET_KEY": "lint",
    "LTC_LOG_KEY": "lint",
    "DJANGO_SETTINGS_MODULE": "ltc.settings",
    "PYTHONPATH": str(REPO),
    "PYTHONWARNINGS": "ignore::RuntimeWarning",
}
IMPORT_LINTER = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"


@dataclass(frozen=True)
class Result:
    """One check: how long it took, and what it complained about."""

    name: str
    passed: bool
    output: str
    seconds: float


def run() -> int:
    """All checks, two at a time; 1 when one failed."""
    checks: dict[str, Callable[[], tuple[bool, str]]] = {
        "mypy": _python("-m", "mypy", "."),
        "import-linter": _python("-c", IMPORT_LINTER),
        "missing migrations": _python("manage.py", "makemigrations", "--check", "--dry-run"),
        "ruff check": _python("-m", "ruff", "check", "."),
        "ruff format": _python("-m", "ruff", "format", "--check", "."),
        "translations": _python("-m", "ltc.messages", "check"),
        "file sizes": _file_sizes,
    }
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda item: _timed(*item), checks.items()))
    failed = [result for result in results if not result.passed]
    for result in failed:
        say(f"\n✗ {result.name}\n{result.output.rstrip()}")
    say(f"\n{len(results) - len(failed)} of {len(results)} checks passed" + _names(failed))
    return 1 if failed else 0


def _names(failed: list[Result]) -> str:
    return "; failed: " + ", ".join(result.name for result in failed) if failed else ""


def _timed(name: str, check: Callable[[], tuple[bool, str]]) -> Result:
    begun = time.monotonic()
    passed, output = check()
    seconds = time.monotonic() - begun
    say(f"{'✓' if passed else '✗'} {name}: {seconds:.1f} s")
    return Result(name, passed, output, seconds)


def _python(*arguments: str) -> Callable[[], tuple[bool, str]]:
    """A check done by a Python program of the environment."""

    def check() -> tuple[bool, str]:
        command = [sys.executable, *arguments]
        result = subprocess.run(
            command, cwd=REPO, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False
        )
        return result.returncode == 0, result.stdout + result.stderr

    return check


def _file_sizes() -> tuple[bool, str]:
    """A file nobody can read in one go is two files."""
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in source_files() if path.suffix == ".py"
    }
    long = [f"{path.relative_to(REPO)}: {count} lines" for path, count in lengths.items() if count > LONGEST_FILE]
    return not long, "\n".join([f"more than {LONGEST_FILE} lines:", *long])
