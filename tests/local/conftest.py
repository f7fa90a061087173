"""Services of their own for these tests: nothing of the test run's services may reach them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltc.local.services import Services

OURS = ("LTC_", "DATABASE_", "REDIS_", "UV_", "PIP_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder as awkward as users make them."""
    return tmp_path / "a b" / "销售 到 回款"


@pytest.fixture
def services(folder: Path) -> Iterator[Services]:
    """Running services in that folder."""
    embedded = Services(folder)
    embedded.acquire()
    yield embedded
    embedded.release()
    embedded.keep(False)
    embedded.stop()
