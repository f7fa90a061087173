"""Conditions that need no database: whether plain values meet a Q, as far as Python and SQL cannot disagree."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q


def holds(condition: Any, values: Mapping[str, Any]) -> bool | None:
    """Whether values by field name meet a condition; None where only the database can tell.

    Texts and truth values are compared with their like, and anything with NULL; a number, a day, an expression or a
    comparison with NULL is left to the database.
    """
    if isinstance(condition, Q):
        return _whole(condition, values)
    if not isinstance(condition, tuple):
        return None
    path, wanted = condition
    return _part(path, wanted, values)


def _whole(condition: Q, values: Mapping[str, Any]) -> bool | None:
    if condition.connector == Q.XOR:
        return None
    found = {holds(part, values) for part in condition.children}
    settles = condition.connector == Q.OR  # one part that is so settles the whole
    if settles in found:
        answer = settles
    elif None in found:
        return None
    else:
        answer = not settles
    return answer is not condition.negated


def _part(path: str, wanted: Any, values: Mapping[str, Any]) -> bool | None:
    name, _, lookup = path.partition("__")
    if name not in values:
        return None
    value = values[name]
    if lookup == "isnull":
        return (value is None) is wanted
    if lookup in ("", "exact"):
        return value == wanted if _alike(value, wanted) else None
    if lookup == "in" and isinstance(wanted, tuple | list):
        return value in wanted if all(_alike(value, one) for one in wanted) else None
    return None


def _alike(value: Any, wanted: Any) -> bool:
    return any(isinstance(value, kind) and isinstance(wanted, kind) for kind in (str, bool))
