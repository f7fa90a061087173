"""After the acts: who did both of a rule, on which records, when."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import User
from process.models import LogEntry, SegregationRule
from process.segregation.acts import kind_of, links, meet
from process.segregation.conflicts import Conflict, Deed, codes, conflicts


def may_read_report(user: User) -> bool:
    """Whether the person may read who did what: the auditor, and whoever sees all records and people's names."""
    return user.has_right("see_all") and user.has_right("see_people")


@dataclass(frozen=True)
class Scope:
    """What a report is about: one rule or one consequence, one person, days in the company's time; all where empty."""

    rule: SegregationRule | None = None
    level: str = ""
    person: User | None = None
    from_on: dt.date | None = None
    to_on: dt.date | None = None

    def rules(self) -> list[SegregationRule]:
        """The rule that is asked for, else all that are in force, with the consequence that is asked for."""
        found = [self.rule] if self.rule else list(SegregationRule.objects.filter(is_active=True))
        return [rule for rule in found if not self.level or rule.level == self.level]


def breaches(scope: Scope, rules: Iterable[SegregationRule]) -> QuerySet[LogEntry]:
    """The acts of people who had done the other act of a rule before: what the doors refuse where it is forbidden.

    Each act stands there once, whichever and however many of the rules it breaks.
    """
    parts = [_later_acts(rule, scope.person) for rule in rules if meet(rule.first, rule.second)]
    if not parts:
        return LogEntry.objects.none()
    sql, params = " UNION ".join(one for one, _given in parts), [value for _one, given in parts for value in given]
    found = LogEntry.objects.filter(pk__in=RawSQL(sql, params))
    if scope.from_on is not None:
        found = found.filter(at__gte=_midnight(scope.from_on))
    if scope.to_on is not None:
        found = found.filter(at__lt=_midnight(scope.to_on + dt.timedelta(days=1)))
    return found


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _later_acts(rule: SegregationRule, person: User | None) -> tuple[str, list[Any]]:
    """The statement that finds the later of the two acts wherever one person did both.

    The log is joined with itself, by an index that holds all it needs: asked entry by entry, whether there was another
    before, a million entries took a minute.
    """
    kind, other = kind_of(rule.first), kind_of(rule.second)
    tie, between = "b.object_id = a.object_id", ""
    for pointing, pointed, near, far in ((kind, other, "a", "b"), (other, kind, "b", "a")):
        if (pointing, pointed) in links:
            model: Any = apps.get_model(pointing)
            column = model._meta.get_field(links[pointing, pointed]).column
            between = (
                f'JOIN "{model._meta.db_table}" AS r ON r.id = {near}.object_id AND r."{column}" = {far}.object_id'
            )
            tie = "true"
    whose = "AND a.user_id = %s" if person is not None else ""
    sql = (
        "SELECT greatest(a.id, b.id) FROM process_logentry AS a "
        f"JOIN process_logentry AS b ON {tie} AND b.user_id = a.user_id {between} "
        f"WHERE a.action = %s AND b.action = %s AND a.user_id IS NOT NULL AND b.user_id IS NOT NULL {whose}"
    )
    return sql, [rule.first, rule.second, *([person.pk] if person is not None else [])]


@dataclass(frozen=True)
class Breach:
    """One act with the rules it breaks and the other acts, each with the number of its record."""

    entry: LogEntry
    code: str
    broken: list[Conflict]
    other_codes: list[str]

    def was_forbidden(self, conflict: Conflict) -> bool:
        """Whether the rule forbade it when it was done; the past is reported only."""
        since = conflict.rule.forbidden_since
        return since is not None and self.entry.at >= since


def told(entries: Sequence[LogEntry], rules: Iterable[SegregationRule]) -> list[Breach]:
    """The acts of a page with what they break: the same few statements for any number of them."""
    deeds = [
        Deed(entry.action, entry.object_id, frozenset([entry.user_id] if entry.user_id else []), before=entry.pk)
        for entry in entries
    ]
    found = conflicts(deeds, rules)
    others = [one.entry for broken in found for one in broken]
    numbers = codes({(entry.kind, entry.object_id) for entry in (*entries, *others)})

    def number(entry: LogEntry) -> str:
        return numbers.get((entry.kind, entry.object_id), "")

    return [
        Breach(entry, number(entry), broken, [number(one.entry) for one in broken])
        for entry, broken in zip(entries, found, strict=True)
    ]


def broken_since_forbidden() -> Iterator[tuple[str, str]]:
    """Acts that a rule forbade when they were done: by whatever way they passed the doors, they are found here."""
    for rule in SegregationRule.objects.filter(is_active=True, level=SegregationRule.Level.FORBID):
        found = breaches(Scope(), [rule]).filter(at__gte=rule.forbidden_since).select_related("user").order_by("pk")
        for entry in found.iterator(chunk_size=1000):
            sentence = f"{entry.action} of {entry.kind} {entry.object_id} by {entry.user} on {entry.at:%Y-%m-%d}"
            yield "segregation", f"{sentence} breaks “{rule.en}” ({rule.first}, {rule.second})"
