"""What somebody did before, read from the log, held against the rules."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from process.models import LogEntry, SegregationRule, StageRecord
from process.segregation.acts import kind_of, links


@dataclass(frozen=True)
class Deed:
    """An act on a record: done, or about to be done (then `before` is None)."""

    act: str
    pk: int | None
    people: frozenset[int]
    before: int | None = None
    record: StageRecord | None = None


@dataclass(frozen=True)
class Conflict:
    """The other act of a rule, which one of the same people did before."""

    rule: SegregationRule
    entry: LogEntry


def conflicts(deeds: Sequence[Deed], rules: Iterable[SegregationRule]) -> list[list[Conflict]]:
    """For each deed the rules it breaks, with the last other act before it; one statement, one more per relation."""
    wanted: list[tuple[int, SegregationRule, str, set[int]]] = []
    for rule in rules:
        for act, other in ((rule.first, rule.second), (rule.second, rule.first)):
            places = [place for place, deed in enumerate(deeds) if deed.act == act]
            keys = _across([deeds[place] for place in places], kind_of(act), kind_of(other)) if places else []
            wanted += [(place, rule, other, found) for place, found in zip(places, keys, strict=True) if found]
    found = _entries(wanted, {pk for deed in deeds for pk in deed.people})
    broken: list[list[Conflict]] = [[] for _deed in deeds]
    for place, rule, other, pks in wanted:
        deed = deeds[place]
        earlier = [
            entry
            for pk in pks
            for entry in found[other, pk]
            if entry.user_id in deed.people and (deed.before is None or entry.pk < deed.before)
        ]
        if earlier:
            broken[place].append(Conflict(rule, max(earlier, key=lambda entry: entry.pk)))
    return broken


def _entries(
    wanted: list[tuple[int, SegregationRule, str, set[int]]], people: set[int]
) -> dict[tuple[str, int], list[LogEntry]]:
    """What these people did, {(act, record): entries}, of the acts that are asked for."""
    keys: dict[str, set[int]] = defaultdict(set)
    for _place, _rule, other, pks in wanted:
        keys[other] |= pks
    found: dict[tuple[str, int], list[LogEntry]] = defaultdict(list)
    if not keys:
        return found
    asked = Q()
    for act, pks in keys.items():
        asked |= Q(kind=kind_of(act), object_id__in=pks, action=act)
    for entry in LogEntry.objects.filter(asked, user_id__in=people).select_related("user"):
        found[entry.action, entry.object_id].append(entry)
    return found


def doers_of_others(deed: Deed, rules: Iterable[SegregationRule]) -> set[int]:
    """Everybody who did the other act of a rule: to none of them the deed may be left."""
    asked = Q(pk__in=[])
    for rule in rules:
        other = rule.second if rule.first == deed.act else rule.first
        [pks] = _across([deed], kind_of(deed.act), kind_of(other))
        asked |= Q(kind=kind_of(other), object_id__in=pks, action=other)
    people = LogEntry.objects.filter(asked, user__isnull=False).order_by().values_list("user_id", flat=True)
    return {pk for pk in people.distinct() if pk is not None}


def _across(deeds: list[Deed], kind: str, other: str) -> list[set[int]]:
    """For each deed the keys of the records of the other kind that its record belongs together with."""
    if kind == other:
        return [{deed.pk} if deed.pk is not None else set() for deed in deeds]
    field = links.get((kind, other))
    if field is not None and all(deed.record is not None for deed in deeds):
        held = [getattr(deed.record, f"{field}_id") for deed in deeds]
        return [{pk} if pk is not None else set() for pk in held]
    pks = {deed.pk for deed in deeds if deed.pk is not None}
    pairs: Any = ()
    if field is not None:
        pairs = rows_of(kind).filter(pk__in=pks).values_list("pk", field)
    elif (back := links.get((other, kind))) is not None and pks:
        pairs = rows_of(other).filter(**{f"{back}__in": pks}).values_list(back, "pk")
    found: dict[int | None, set[int]] = defaultdict(set)
    for mine, theirs in pairs:
        if theirs is not None:
            found[mine].add(theirs)
    return [found[deed.pk] if deed.pk is not None else set() for deed in deeds]


def rows_of(kind: str) -> QuerySet[Any]:
    """All rows of a kind, whoever asks: who broke a rule is not told by what one may see."""
    model: Any = apps.get_model(kind)
    return model._base_manager.all()


def codes(keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The numbers of records, one statement per kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for kind, pk in keys:
        wanted[kind].add(pk)
    return {
        (kind, pk): code
        for kind, pks in wanted.items()
        for pk, code in rows_of(kind).filter(pk__in=pks).values_list("pk", "code")
    }
