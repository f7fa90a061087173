"""The published L3 catalogue as the doors read it: once per process and version, never per act."""

import time
from dataclasses import dataclass, field

from process.models import ProcessVersion, StepDefinition

# A newly published version is seen by every process within this many seconds.
_FRESH_SECONDS = 5.0


@dataclass
class Catalogue:
    """The current version's steps, by the actions that end them, start them, and by stage."""

    version_id: int | None = None
    read_at: float = 0.0
    by_action: dict[str, StepDefinition] = field(default_factory=dict)
    starts: dict[str, list[StepDefinition]] = field(default_factory=dict)
    who: dict[str, list[str]] = field(default_factory=dict)
    steps: list[StepDefinition] = field(default_factory=list)


_current = Catalogue()


def current() -> Catalogue:
    """The catalogue in force, re-read when a newer version may have been published."""
    global _current
    now = time.monotonic()
    if _current.read_at and now - _current.read_at < _FRESH_SECONDS:
        return _current
    version_id = ProcessVersion.objects.order_by("-number").values_list("pk", flat=True).first()
    if version_id != _current.version_id or not _current.read_at:
        _current = _load(version_id)
    _current.read_at = now
    return _current


def forget() -> None:
    """Read the catalogue again at the next act (after publishing, and between tests)."""
    global _current
    _current = Catalogue()


def _load(version_id: int | None) -> Catalogue:
    found = Catalogue(version_id=version_id)
    if version_id is None:
        return found
    found.steps = list(StepDefinition.objects.filter(version_id=version_id).order_by("position"))
    for step in found.steps:
        for action in step.verbs:
            found.by_action[action] = step
        for action in step.starts_on:
            found.starts.setdefault(action, []).append(step)
        found.who.update(step.who)
    return found


def who_for(action: str) -> list[str]:
    """Who may do `action` (`lead.qualify`) by the catalogue; empty where it is silent."""
    return current().who.get(action, [])
