"""The as-is inventory, made by its services."""

from typing import Any

from accounts.models import Department, User
from maturity.models import Practice
from maturity.services import practice as practices
from tests.people import make_user


def make_keeper() -> User:
    """Somebody of the PMO, who keeps the inventory of every department."""
    return make_user("keeper", department="pmo", roles=("pmo",))


def make_head(code: str = "sales") -> User:
    """The head of a department."""
    head = make_user("head_of", department=code, roles=("head",))
    Department.objects.filter(code=code).update(head=head)
    return head


def make_practice(step: str = "ML-2", *, department: str = "sales", by: User | None = None, **fields: Any) -> Practice:
    """How a department does a step: in LTC as it is defined, unless it is said otherwise."""
    return practices.open(
        by=by or make_keeper(),
        department=Department.objects.get(code=department),
        step=step,
        **{"medium": "ltc", "fit": 4, **fields},
    )
