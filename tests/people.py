"""The people of the tests: each has a job, as in the company."""

import itertools
from typing import Any

import pytest

from accounts.models import Department, Role, User

_numbers = itertools.count(1)


def make_user(name: str, *, department: str, roles: tuple[str, ...] = (), **fields: Any) -> User:
    """A person of a department with company roles; signs in with the password "secret-of-<username>"."""
    username = f"{name}{next(_numbers)}"
    user = User(username=username, name=name, department=Department.objects.get(code=department), **fields)
    # Hashing argon2 for every person of every test costs more than the tests: pages use force_login.
    user.set_unusable_password()
    user.save()
    user.roles.set(Role.objects.filter(code__in=roles))
    return user


PEOPLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "sales": ("sales_north", ("ar",)),
    "sales2": ("sales_south", ("ar",)),
    "solution": ("solution", ("sr",)),
    "delivery": ("implementation", ("fr",)),
    "finance": ("accounting", ("finance",)),
    "pfc": ("project_finance", ("pfc",)),
    "legal": ("legal", ("legal",)),
    "purchasing": ("purchasing", ("purchasing",)),
    "service": ("service", ("service",)),
    "director": ("management", ("director", "decision_team")),
    "director2": ("management", ("director", "decision_team")),
    "lead_manager": ("sales", ("lead_manager",)),
    "seal_keeper": ("legal", ("seal_keeper",)),
    "cashier": ("treasury", ("cashier",)),
    "stranger": ("hr", ()),
    "admin": ("it", ("sysadmin",)),
    "security": ("it", ("secadmin",)),
    "auditor": ("audit", ("auditor",)),
}


def _fixture(name: str) -> Any:
    department, roles = PEOPLE[name]

    @pytest.fixture(name=name)
    def person(db: None) -> User:
        return make_user(name, department=department, roles=roles)

    return person


sales = _fixture("sales")
sales2 = _fixture("sales2")
solution = _fixture("solution")
delivery = _fixture("delivery")
finance = _fixture("finance")
pfc = _fixture("pfc")
legal = _fixture("legal")
purchasing = _fixture("purchasing")
service = _fixture("service")
director = _fixture("director")
director2 = _fixture("director2")
lead_manager = _fixture("lead_manager")
seal_keeper = _fixture("seal_keeper")
cashier = _fixture("cashier")
stranger = _fixture("stranger")
admin = _fixture("admin")
security = _fixture("security")
auditor = _fixture("auditor")
