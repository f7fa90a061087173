"""The deal that finance's tests play with."""

import pytest

from accounts.models import User
from finance.models import CostBook
from tests.factories.finance import make_book


@pytest.fixture
def book(sales: User, solution: User, delivery: User, pfc: User, director: User) -> CostBook:
    """A deal with its triangle, project finance and a director."""
    return make_book(sales, seats={"sr": solution, "fr": delivery, "pfc": pfc, "director": director})
