"""pytest plugin: browser tests use the machine's own chromium, and are skipped in one line where there is none."""

import os
import shutil
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no chromium was found (install one, or set LTC_CHROMIUM): browser tests were skipped"
# As root there is no sandbox; /dev/shm is small in containers; no look-ups of Google's hosts.
OPTIONS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


def find() -> str | None:
    """The path of a chromium on this machine."""
    names = [os.environ["LTC_CHROMIUM"]] if os.environ.get("LTC_CHROMIUM") else NAMES
    return next((path for path in map(shutil.which, names) if path), None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it once when browser tests could not run."""
    if find() is None:
        terminalreporter.write_line(MISSING, yellow=True)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser to use; without one the test is skipped."""
    path = find()
    if path is None:
        pytest.skip(MISSING)
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium_path: str) -> dict[str, Any]:
    """Let pytest-playwright start that chromium."""
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": OPTIONS}
