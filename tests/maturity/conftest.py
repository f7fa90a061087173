"""What the tests of maturity share."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture
def english() -> Iterator[None]:
    """Sentences are compared in their source language."""
    with translation.override("en"):
        yield
