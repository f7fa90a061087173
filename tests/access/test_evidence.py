"""The evidence pack tells its reader no more than the pages do: nothing hidden, and nothing of cost."""

import io
from typing import Any
from zipfile import ZipFile

import pytest

from projects import services
from tests.access.eyes import Eyes, eyes, stands_in
from tests.access.test_cost import PASSING, change_every_cost, first_difference
from tests.access.test_pages import WALKING
from tests.access.world import World


def pack(project: Any, reader: Eyes) -> dict[str, str]:
    """The files of a pack as text, by name; seals and hashes left out, as they say nothing."""
    file, _digest = services.export_evidence(project, by=reader.user)
    with file, ZipFile(io.BytesIO(file.read())) as archive:
        found = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    return {name: PASSING.sub("", text) for name, text in found.items()}


@pytest.mark.parametrize("name", WALKING)
def test_a_pack_names_nothing_hidden(world: World, name: str) -> None:
    reader, looked_at = eyes(world, name), 0
    for deal in world.deals.values():
        if not reader.sees(deal.project):
            continue
        looked_at += 1
        for path, text in pack(deal.project, reader).items():
            words = [*reader.forbidden, *reader.forbidden_companies]
            assert [word for word in words if stands_in(word, path + text)] == [], path
    assert looked_at


def test_a_pack_without_the_right_to_cost_does_not_depend_on_cost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, readers = world.deals["own"].project, [eyes(world, name) for name in ("legal", "pfc")]
    before = [pack(project, reader) for reader in readers]
    change_every_cost(monkeypatch)
    after = [pack(project, reader) for reader in readers]
    (hidden, told), (hidden_after, told_after) = before, after
    sizes = {"manifest.json"}  # of files whose hashes differ for their seals, not for what they tell
    differ = {path for path in hidden.keys() | hidden_after.keys() if hidden.get(path) != hidden_after.get(path)}
    assert {
        path: first_difference((0, hidden.get(path, "")), (0, hidden_after.get(path, ""))) for path in differ - sizes
    } == {}
    assert any(told[path] != told_after[path] for path in told), "whoever may see cost sees another"
    assert any(path.startswith("records/finance.costsheet/") for path in told)
    assert not any(path.startswith("records/finance.costsheet/") for path in hidden)
