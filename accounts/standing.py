"""What a person is in the company today: roles, rights, whom they act for, which departments they see. One question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

# One statement, because every page of every person asks it. The deputy's day is the company's day.
_SQL = """
WITH RECURSIVE mine AS (
    SELECT role.code, role.rights, role.duty, role.requires_second_factor
    FROM accounts_role role JOIN accounts_user_roles held ON held.role_id = role.id
    WHERE held.user_id = %(user)s AND role.is_active
), deputising AS (
    SELECT principal_id, documents FROM accounts_delegation
    WHERE %(deputises)s AND deputy_id = %(user)s AND during @> %(day)s::date
), acting AS (
    SELECT unnest(%(alone)s::bigint[]) AS id
    UNION
    SELECT principal_id FROM deputising WHERE documents = '{}'
), seen AS (
    SELECT id FROM accounts_department
    WHERE head_id IN (SELECT id FROM acting)
       OR (id = %(department)s AND EXISTS (SELECT FROM mine WHERE 'see_department' = ANY (rights)))
    UNION
    SELECT below.id FROM accounts_department below JOIN seen ON below.parent_id = seen.id
)
SELECT ARRAY(SELECT code FROM mine), ARRAY(SELECT unnest(rights) FROM mine),
       ARRAY(SELECT id FROM acting), ARRAY(SELECT id FROM seen),
       COALESCE((SELECT max(duty) FROM mine), ''), EXISTS (SELECT FROM mine WHERE requires_second_factor),
       ARRAY(SELECT document || ' ' || principal_id FROM deputising, unnest(documents) document)
"""


@dataclass(frozen=True)
class Standing:
    """Roles, rights, ids of the people acted for and of the departments seen with all below; administrator's duty.

    `deciding_for` holds by kind of document the ids of those acted for in opinions and decisions on it only.
    """

    role_codes: frozenset[str]
    rights: frozenset[str]
    acting_ids: frozenset[int]
    department_ids: frozenset[int]
    duty: str
    needs_second_factor: bool
    deciding_for: Mapping[str, frozenset[int]] = field(default_factory=dict)


def read(user_id: int, department_id: int | None, day: date, *, alone: int | None = None) -> Standing:
    """The standing of a person on a day; with `alone` as if the person acted for that one user only."""
    given = {
        "user": user_id,
        "department": department_id,
        "day": day,
        "alone": [user_id if alone is None else alone],
        "deputises": alone is None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, given)
        codes, rights, acting, seen, duty, needs_second_factor, limited = cursor.fetchone()
    sets = frozenset(codes), frozenset(rights), frozenset(acting), frozenset(seen)
    deciding_for: dict[str, frozenset[int]] = {}
    for one in limited:
        document, _, principal = one.partition(" ")
        deciding_for[document] = deciding_for.get(document, frozenset()) | {int(principal)}
    return Standing(*sets, duty=duty, needs_second_factor=needs_second_factor, deciding_for=deciding_for)
