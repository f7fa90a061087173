"""Before an act: whether this person may do it, having done another one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Role
from core.errors import Barred
from process import access, catalogue
from process.machine import verbs_of
from process.models import SegregationRule, StageRecord
from process.models.case import SEATS
from process.segregation.acts import act_label, kind_of
from process.segregation.conflicts import Conflict, Deed, codes, conflicts, doers_of_others

# A verb that is one act for some and another for others (an opinion, a decision): which of them it is for this person.
meanings: dict[str, Callable[[StageRecord, Actor], str]] = {}


@dataclass
class _Known:
    """The rules in force as this process knows them, by act; read again with the catalogue."""

    read_at: float = -1.0
    by_act: dict[str, list[SegregationRule]] = field(default_factory=dict)


_known = _Known()


def forget() -> None:
    """Read the rules again at the next act."""
    global _known
    _known = _Known()


def _forbidding(act: str) -> list[SegregationRule]:
    """The rules in force by which somebody may be refused the act; no question within a few seconds of the last."""
    if _known.read_at != catalogue.read_at():
        by_act: dict[str, list[SegregationRule]] = {}
        for rule in SegregationRule.objects.filter(is_active=True, level=SegregationRule.Level.FORBID):
            by_act.setdefault(rule.first, []).append(rule)
            by_act.setdefault(rule.second, []).append(rule)
        _known.by_act, _known.read_at = by_act, catalogue.read_at()
    return _known.by_act.get(act, [])


def bars(record: StageRecord, name: str, actor: Actor | None) -> list[Barred]:
    """Why this person may not do `name` ("pay", "open") to the record: the other act of a rule was theirs."""
    return bars_of_many([record], name, actor)[0]


def barred_people(record: StageRecord, name: str) -> set[int]:
    """Whom `name` would be refused, whoever they are: nobody is asked for what they may not do."""
    act = f"{record.noun()}.{name}"
    rules = _forbidding(act)
    return doers_of_others(Deed(act, record.pk, frozenset(), record=record), rules) if rules else set()


def meant(record: StageRecord, name: str, actor: Actor) -> str:
    """The act that a verb is for this person; asked only where a rule concerns it either way."""
    means, noun = meanings.get(name), record.noun()
    if means is None or not any(_forbidding(f"{noun}.{one}") for one in (name, "review")):
        return name
    return means(record, actor)


def bars_of_many(records: Sequence[StageRecord], name: str, actor: Actor | None) -> list[list[Barred]]:
    """The same for many records of one kind, one list each; no question where no rule concerns the act."""
    act = f"{records[0].noun()}.{name}" if records else ""
    rules = _forbidding(act) if actor is not None and actor.person_ids else []
    if not rules or actor is None:
        return [[] for _record in records]
    people = actor.person_ids
    found = conflicts([Deed(act, record.pk, people, record=record) for record in records], rules)
    entries = [one.entry for broken in found for one in broken]
    if not entries:
        return [[] for _record in records]
    numbers, others = codes({(entry.kind, entry.object_id) for entry in entries}), _others(records[0], name)
    return [[_sentence(one, numbers, others) for one in broken] for broken in found]


def one_at_a_time(record: StageRecord, name: str, actor: Actor) -> None:
    """Let a person do one act after the other where a rule looks at another record than the one that is locked.

    Two acts at once, on two cases, would not see each other in the log. Asks nothing where no such rule concerns it.
    """
    rules = _forbidding(f"{record.noun()}.{name}") if actor.person_ids else []
    if any(kind_of(rule.first) != kind_of(rule.second) for rule in rules):
        with connection.cursor() as cursor:
            for pk in sorted(actor.person_ids):
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('process.segregation'), %s::integer)", [pk])


def _sentence(found: Conflict, numbers: dict[tuple[str, int], str], others: str) -> Barred:
    """Which rule, who did the other act on what and when, and who else may act."""
    text = _("Segregation of duties, “%(rule)s”: %(who)s did “%(act)s” (%(record)s) on %(day)s. %(others)s")
    entry = found.entry
    told = {
        "rule": found.rule.label,
        "who": entry.user,
        "act": act_label(entry.action),
        "record": numbers.get((entry.kind, entry.object_id), ""),
        "day": f"{timezone.localtime(entry.at):%Y-%m-%d}",
        "others": others,
    }
    return Barred(text % told, reverse("process:segregation"))


def _others(record: StageRecord, name: str) -> str:
    """Who else may do it: the roles and seats that the verb names."""
    known = name in verbs_of(type(record)) or name in ("open", "edit")
    words = access.words_for(record, name) if known else ()
    labels = {code: str(label) for code, label in SEATS.items()}
    labels |= {role.code: role.label for role in Role.objects.filter(code__in=set(words) - labels.keys())}
    roles = [labels[word] for word in words if word in labels]
    if not roles:
        return _("Another person with the right to it may do it.")
    return _("Another person may do it: %(roles)s.") % {"roles": _(", ").join(dict.fromkeys(roles))}
