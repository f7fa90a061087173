"""What the runner prints: steps with their durations, and problems as one plain sentence."""

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUICK = 0.3  # a step below this many seconds that changed nothing is not worth a line


class Problem(Exception):
    """Something the user can act on. Its text is one sentence that says what to do."""


def say(text: str) -> None:
    """Print one line of the runner."""
    print(text, flush=True)


@contextmanager
def step(name: str, *, quiet_when_quick: bool = False) -> Iterator[None]:
    """Name a step before it starts, and print its duration when it is over."""
    begun = time.monotonic()
    if not quiet_when_quick:
        say(f"→ {name} …")
    yield
    seconds = time.monotonic() - begun
    if not quiet_when_quick or seconds >= QUICK:
        say(f"✓ {name}: {seconds:.1f} s")


def explain(error: BaseException) -> str | None:
    """The sentence for an error whose cause lies in the machine, or None for a fault of ours."""
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, OSError):
        name = error.filename or "the data folder"
        if error.errno == errno.ENOSPC:
            return f"The disk is full: free some space for {name}, then run the same command again."
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"No right to use {name}: give it to this user, or set LTC_DATA to a folder you may write."
    return None


def fail(sentence: str) -> None:
    """Print a problem where errors belong."""
    print(f"✗ {sentence}", file=sys.stderr, flush=True)
