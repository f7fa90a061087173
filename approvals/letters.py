"""Whose letter of authority covers a document today, and who comes nearest."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.deputies import Wish
from accounts.models import User
from approvals import authority
from approvals.authority import Held, Near
from approvals.models import LetterLine
from core.calendar import today

DAY = dt.timedelta(days=1)
# So many of those whose letters do not reach are named.
NEAREST = 3


def in_force(document: str, department_id: int | None) -> QuerySet[LetterLine]:
    """What the letters in force today say on a kind of document ("contracts.contract") of a department."""
    found = LetterLine.objects.filter(document=document, letter__state="in_force", during__contains=today())
    scope = Q(letter__within=None) | Q(letter__within__in=authority.upward(department_id))
    return found.filter(scope).select_related("letter__grantee")


def held(
    people: Sequence[int], document: str, department_id: int | None, measures: Mapping[str, Any], *, lock: bool = False
) -> Held:
    """Who of `people` (user ids, kept in their order) may decide by a letter on a document with these figures.

    With `lock` no letter that is looked at ends before the transaction does.
    """
    if not people:
        return Held()
    lines = in_force(document, department_id).filter(grantee__in=people)
    if lock:
        lines = lines.select_for_update(of=("letter",), no_key=True)
    # At most one a person, document and day: the database sees to it.
    of_person = {line.letter.grantee_id: line for line in lines}
    found = {pk: of_person[pk] for pk in people if pk in of_person}
    short = {pk: authority.short_of(line, measures) for pk, line in found.items()}
    near = [Near(line, short[pk]) for pk, line in found.items() if short[pk]]
    near.sort(key=lambda one: (len(one.short), sum(part.distance(one.line, measures) for part in one.short)))
    return Held({pk: line for pk, line in found.items() if not short[pk]}, tuple(near[:NEAREST]))


def may_leave_department(user: User) -> bool:
    """Whether a letter of the person, in force today or later, lets deputies come from other departments."""
    return _outside(user).exists()


def _outside(user: User) -> QuerySet[LetterLine]:
    lines = LetterLine.objects.filter(letter__grantee=user, letter__state="in_force")
    return lines.filter(letter__outside_deputies=True, letter__valid_to__gte=today())


def reasons_against(wish: Wish) -> list[str]:
    """Why a deputy would reach further than the letters of the principal.

    One from another department decides on the documents of a letter that allows it, in its days, and does nothing
    else; one for documents that the principal decides by letter stands in as long as that letter counts.
    """
    if wish.deputy.department_id != wish.principal.department_id and _outside(wish.principal).exists():
        allowed = set(_within_days(_outside(wish.principal), wish).values_list("document", flat=True))
        if not wish.documents or set(wish.documents) - allowed:
            text = _("A deputy from another department stands in only for documents of a letter that allows it.")
            return [text]
    lines = LetterLine.objects.filter(letter__grantee=wish.principal, letter__state="in_force")
    held = lines.filter(document__in=wish.documents, during__overlap=(wish.first_day, wish.last_day + DAY))
    text = _("%(letter)s counts from %(first)s to %(last)s only: a deputy does not reach further.")
    beyond = {line.letter for line in held.select_related("letter")} - {
        line.letter for line in _within_days(held, wish).select_related("letter")
    }
    return [
        text % {"letter": one.code, "first": one.valid_from, "last": one.valid_to}
        for one in sorted(beyond, key=lambda one: one.code)
    ]


def _within_days(lines: QuerySet[LetterLine], wish: Wish) -> QuerySet[LetterLine]:
    return lines.filter(during__contains=(wish.first_day, wish.last_day + DAY))


def kept(line: LetterLine) -> dict[str, Any]:
    """A letter as a request keeps it: number, row version, and how far it reached."""
    limits = {
        one.limit: str(getattr(line, one.limit)) for one in authority.DIMENSIONS if one.limit_of(line) is not None
    }
    return {"id": line.letter_id, "code": line.letter.code, "version": line.letter.row_version, "limits": limits}
