"""Every operation of the API under attack: `./run fuzz`.

FUZZ_ONLY=leads,quotes narrows it to some outlets; `others` stands for what belongs to none of them.

First each operation is tried as a person would, on seeded rows, until it succeeds; then Schemathesis sends right and
wrong examples. Asked for: 90 % of the operations reach a success, no server error, no answer the schema does not know,
at least 20 examples each.
"""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from core.api.throttling import PerAddress, PerUser
from tests.fuzz import world
from tests.fuzz.attack import Attack
from tests.fuzz.explorer import Explorer
from tests.fuzz.operations import by_name

MOST_MISSED, LEAST_EXAMPLES = 0.10, 20


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The company, for the whole module; nobody is throttled."""
    for throttle in (PerUser, PerAddress):
        throttle.allow_request = lambda self, request, view: True
    with django_db_blocker.unblock():
        world.seed()
        yield


def test_every_operation_under_attack(company: None) -> None:
    only = set(filter(None, os.environ.get("FUZZ_ONLY", "").split(",")))
    targets = {name: one for name, one in by_name().items() if not only or one.outlet.plural in only}
    began = time.monotonic()
    explorer = Explorer()
    explorer.rounds(list(targets.values()))
    say(f"{len(explorer.reached)} of {len(targets)} operations of records succeed, {time.monotonic() - began:.0f} s")

    schema = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    attack = Attack(schema, targets, explorer)
    known = by_name()
    chosen = [
        one
        for one in attack.operations()
        if (name := one.definition.raw["operationId"]) in targets
        or ((not only or "others" in only) and name not in known)
    ]
    for number, operation in enumerate(chosen):
        attack.run(operation)
        if number % 25 == 24:
            say(f"{number + 1} of {len(chosen)} operations attacked, {time.monotonic() - began:.0f} s")
    report(explorer, attack)


def report(explorer: Explorer, attack: Attack) -> None:
    """The figures, and what is short of what is asked for."""
    names = list(attack.answers)
    succeeded = {
        name
        for name in names
        if name in explorer.reached or any(200 <= status < 300 for status in attack.answers[name])
    }
    examples = {name: sum(attack.answers[name].values()) for name in names}
    errors = {name: count for name in names if (count := sum(n for s, n in attack.answers[name].items() if s >= 500))}
    for name in sorted(set(names) - succeeded):
        say(f"  no success: {name}: {explorer.last.get(name, 'no record in such a state')}")
    for name, found in sorted(attack.undocumented.items()):
        say(f"  undocumented: {name}: {found}")
    for fault in dict.fromkeys(explorer.faults):
        say(f"  fault:\n{fault}")
    short = [name for name in names if examples[name] < LEAST_EXAMPLES]
    say(
        f"{len(names)} operations, {sum(examples.values())} examples (at least {min(examples.values())} each); "
        f"{len(succeeded)} reach a success ({100 * len(succeeded) / len(names):.1f} %); "
        f"{sum(errors.values()) + len(explorer.faults)} server errors; {len(attack.undocumented)} operations "
        "with an undocumented answer"
    )
    assert not explorer.faults and not errors
    assert not attack.undocumented
    assert short == []
    assert len(succeeded) >= (1 - MOST_MISSED) * len(names)


def say(text: str) -> None:
    """A line of the report, at once."""
    print(text, flush=True)
