"""What Python says of a condition is what the database says, or Python says nothing."""

from itertools import product
from typing import Any

import pytest
from django.db.models import BigIntegerField, BooleanField, CharField, DateField, F, Field, Q, Value
from django.db.models.functions import Cast

from core.conditions import holds
from core.models import Currency
from leads.models import Lead

CHECKS = {one.name: one.condition for one in Lead._meta.constraints if hasattr(one, "condition")}
KNOWN = {
    "imported": (True, False),
    "owner": (None, 7),
    "state": ("new", "working", "nurturing", "merged"),
    "merged_into": (None, 8),
    "wake_on": (None, "2030-01-01"),
}
KINDS: dict[str, Field] = {
    "imported": BooleanField(),
    "owner": BigIntegerField(),
    "state": CharField(),
    "merged_into": BigIntegerField(),
    "wake_on": DateField(),
}


def by_the_database(condition: Q, values: dict[str, Any]) -> bool:
    """The answer of PostgreSQL to the same condition about the same values."""
    known = {f"a_{name}": Cast(Value(value), KINDS[name]) for name, value in values.items()}

    def renamed(part: Any) -> Any:
        if isinstance(part, Q):
            return Q(*map(renamed, part.children), _connector=part.connector, _negated=part.negated)
        return (f"a_{part[0]}", part[1])

    return Currency.objects.filter(pk="CNY").annotate(**known).filter(renamed(condition)).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHECKS)
def test_the_checks_of_a_lead_are_answered_as_the_database_answers_them(name: str) -> None:
    told = 0
    for combination in product(*KNOWN.values()):
        values = dict(zip(KNOWN, combination, strict=True))
        answer = holds(CHECKS[name], values)
        told += answer is not None
        assert answer in (None, by_the_database(CHECKS[name], values)), values
    assert told


@pytest.mark.parametrize(
    "condition",
    [Q(n=1), Q(n__gt=0), Q(text=None), Q(text=F("n")), Q(nothing="x"), Q(text__in=["a", None]), ~Q(day="2026-01-01")],
)
def test_what_only_the_database_can_tell_is_left_to_it(condition: Q) -> None:
    assert holds(condition, {"n": 1, "text": "a", "day": None}) is None


def test_one_part_settles_a_whole_whatever_the_others_say() -> None:
    values = {"text": "a", "n": 1}
    assert holds(Q(n__gt=0) | Q(text="a"), values) is True
    assert holds(~(Q(n__gt=0) & Q(text="b")), values) is True
    assert holds(Q(n__gt=0) & Q(text="a"), values) is None
