"""授权试算: which rule would decide, and whom it would ask, before anything is submitted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals import authority, selectors
from approvals.models import AuthorityRule, Decision
from process import lanes
from process.models import StageRecord
from process.models.case import CASE_ONLY

# So many names say who is meant; a role may be held by hundreds.
SHOWN = 5


@dataclass(frozen=True)
class Asked:
    """One opinion or decision a rule asks for: in which role, of whom, of how many in all."""

    kind: Decision.Kind
    role: str
    label: str
    names: list[str]
    count: int
    # The letters by which they decide, name by name; empty where the rule asks for none.
    letters: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Project finance: Li Ming (LA-2026-000003), Zhao Qiang and 3 more."""
        if not self.count:
            return _("%(role)s of the project") % {"role": self.label}
        names = [f"{name} ({code})" for name, code in zip(self.names, self.letters, strict=False)] or self.names
        return _("%(role)s: %(names)s") % {"role": self.label, "names": several(names, self.count)}


def several(names: Collection[str], count: int) -> str:
    """The first of `count` names in words: Li Ming, Zhao Qiang and 3 more."""
    text = _(", ").join(names)
    if count <= len(names):
        return text
    return _("%(names)s and %(count)s more") % {"names": text, "count": count - len(names)}


@dataclass(frozen=True)
class Answer:
    """What would happen: the rules held against the figures, and whom the one that reaches asks."""

    judgement: authority.Judgement
    asked: list[Asked]
    measures: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()

    def gaps(self, tried: authority.Tried) -> list[str]:
        """Why a rule does not reach, as far as the reader may know."""
        return tried.gaps(self.measures, self.hidden)


def of_figures(document: str, department_id: int | None, measures: Mapping[str, Any]) -> Answer:
    """For a kind of document ("contracts.contract") of a department with these figures; nobody sits on its seats."""
    question = selectors.Question(department_id)

    def held(rule: AuthorityRule, role: str) -> authority.Held:
        if role in CASE_ONLY:
            return authority.Held(is_open=True)
        return selectors.held_in(role, question, document, measures)

    judgement = authority.judge(document, department_id, measures, held)
    return Answer(judgement, _asked(judgement, question, ()), measures)


def of_record(record: StageRecord, user: User) -> Answer:
    """For a record as it stands, were this person to submit it now."""
    measures, submitters = record.measures(), selectors.submitters_of(record, Actor.of(user))
    judgement = selectors.judgement_of(record, measures, submitters)
    return Answer(judgement, _asked(judgement, record, submitters), measures, authority.hidden_from(user, record))


def _asked(
    judgement: authority.Judgement, record: "StageRecord | selectors.Question", submitters: Collection[int]
) -> list[Asked]:
    rule = judgement.rule
    if rule is None:
        return []
    roles = [*((Decision.Kind.REVIEW, role) for role in rule.reviewers), (Decision.Kind.DECISION, rule.decider)]
    # Nobody sits on the seats of a project that does not exist, and nobody stands in for them.
    vacant = CASE_ONLY if isinstance(record, selectors.Question) else ()
    people = [
        [] if role in vacant else selectors.asked_as(role, rule.fallback, record, submitters) for _kind, role in roles
    ]
    if judgement.lines:
        people[-1] = list(judgement.lines)
    words = {selectors.HEAD: _("department head"), **lanes.labels({role for _kind, role in roles} - {selectors.HEAD})}
    shown = User.objects.in_bulk({pk for found in people for pk in found[:SHOWN]})
    asked = [
        Asked(kind, role, words.get(role, role), [str(shown[pk]) for pk in found[:SHOWN]], len(found))
        for (kind, role), found in zip(roles, people, strict=True)
    ]
    asked[-1].letters.extend(judgement.lines[pk].letter.code for pk in people[-1][:SHOWN] if judgement.lines)
    return asked
