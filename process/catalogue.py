"""The published L3 catalogue as the doors read it: once per process and version, never per act."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from process.models import Case, ProcessVersion, StepDefinition

# A newly published version is seen by every process within this many seconds.
_FRESH_SECONDS = 5.0
_MOST_CASES = 5000


@dataclass
class Catalogue:
    """One version's steps, by the actions that end them, start them, need them or their evidence, and by stage."""

    version_id: int | None = None
    by_action: dict[str, StepDefinition] = field(default_factory=dict)
    starts: dict[str, list[StepDefinition]] = field(default_factory=dict)
    who: dict[str, list[str]] = field(default_factory=dict)
    locks: dict[str, list[StepDefinition]] = field(default_factory=dict)
    evidence: dict[str, list[tuple[StepDefinition, dict[str, Any]]]] = field(default_factory=dict)
    steps: list[StepDefinition] = field(default_factory=list)


@dataclass
class _Known:
    """What this process knows: the two newest versions' ids, the catalogues it read, the versions of cases."""

    newest: tuple[int, ...] = ()
    read_at: float = 0.0
    versions: dict[int | None, Catalogue] = field(default_factory=dict)
    cases: dict[int, tuple[int | None, float]] = field(default_factory=dict)


_known = _Known()


def current() -> Catalogue:
    """The catalogue in force, re-read when a newer version may have been published."""
    newest = _newest()
    return of(newest[0] if newest else None)


def in_force() -> dict[str, StepDefinition]:
    """{code: step} of the published process, in its order."""
    return {step.code: step for step in current().steps}


def read_at() -> float:
    """When this process asked last what is in force; what is kept beside the catalogue is read again with it."""
    _newest()
    return _known.read_at


def _newest() -> tuple[int, ...]:
    now = time.monotonic()
    if not _known.read_at or now - _known.read_at >= _FRESH_SECONDS:
        _known.newest = tuple(ProcessVersion.objects.order_by("-number").values_list("pk", flat=True)[:2])
        _known.read_at = now
    return _known.newest


def of(version_id: int | None) -> Catalogue:
    """The catalogue of one version; versions never change, so each is read once."""
    if version_id not in _known.versions:
        _known.versions[version_id] = _load(version_id)
    return _known.versions[version_id]


def of_case(case_id: int | None) -> Catalogue:
    """The catalogue a case is walked by: the version it began with, or was moved to; else the one in force."""
    if case_id is None or len(_newest()) < 2:
        return current()
    read_cases([case_id])
    version_id, _read_at = _known.cases[case_id]
    return of(version_id) if version_id else current()


def read_cases(case_ids: Iterable[int]) -> None:
    """Learn the versions of many cases with one question; none where only one version was ever published."""
    if len(_newest()) < 2:
        return
    now = time.monotonic()
    fresh = {pk for pk, (_version, read_at) in _known.cases.items() if now - read_at < _FRESH_SECONDS}
    missing = set(case_ids) - fresh
    if not missing:
        return
    if len(_known.cases) > _MOST_CASES:
        _known.cases.clear()
    found = dict(Case.objects.filter(pk__in=missing).values_list("pk", "process_version_id"))
    _known.cases.update({pk: (found.get(pk), now) for pk in missing})


def forget() -> None:
    """Read everything again at the next act (after publishing, and between tests)."""
    global _known
    _known = _Known()


def forget_case(case_id: int) -> None:
    """Read the version of a case again at its next act."""
    _known.cases.pop(case_id, None)


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
        for action in step.locks:
            found.locks.setdefault(action, []).append(step)
        for item in step.evidence:
            for action in item["before"]:
                found.evidence.setdefault(action, []).append((step, item))
        found.who.update(step.who)
    return found


def who_for(action: str, case_id: int | None = None) -> list[str]:
    """Who may do `action` (`lead.qualify`) by the catalogue of the case; empty where it is silent."""
    return of_case(case_id).who.get(action, [])
