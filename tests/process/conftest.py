"""What the tests of the kernel share."""

from collections.abc import Iterator

import pytest

from process import catalogue


@pytest.fixture(autouse=True)
def fresh_catalogue() -> Iterator[None]:
    """What a test publishes goes with its transaction: nobody may remember it."""
    catalogue.forget()
    yield
    catalogue.forget()
