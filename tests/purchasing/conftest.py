"""A deal with a budget of 1,000 for hardware and 500 for subcontracts."""

import pytest

from accounts.models import User
from finance.models import CostBook
from tests.factories.finance import line, make_book, make_budget


@pytest.fixture
def book(sales: User, delivery: User, pfc: User, director: User) -> CostBook:
    """The deal's book."""
    made = make_book(sales, seats={"fr": delivery, "pfc": pfc, "director": director})
    lines = [line("material.hardware", 1000), line("subcontract.service", 500)]
    make_budget(made, by=delivery, decider=pfc, lines=lines)
    return CostBook.objects.get(pk=made.pk)
