"""授权试算: which rule would decide, and whom it would ask, before anything is submitted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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

    @property
    def text(self) -> str:
        """Project finance: Li Ming, Zhao Qiang and 3 more."""
        if not self.count:
            return _("%(role)s of the project") % {"role": self.label}
        return _("%(role)s: %(names)s") % {"role": self.label, "names": several(self.names, self.count)}


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
    judgement = authority.judge(document, department_id, measures)
    question = selectors.Question(department_id)
    asked = _asked(judgement.rule, question, ()) if judgement.rule else []
    return Answer(judgement, asked, measures)


def of_record(record: StageRecord, user: User) -> Answer:
    """For a record as it stands, were this person to submit it now."""
    measures = record.measures()
    judgement = authority.judge(record.record_kind(), record.department_id, measures)
    submitters = selectors.submitters_of(record, Actor.of(user))
    asked = _asked(judgement.rule, record, submitters) if judgement.rule else []
    return Answer(judgement, asked, measures, authority.hidden_from(user, record))


def _asked(rule: AuthorityRule, record: "StageRecord | selectors.Question", submitters: Collection[int]) -> list[Asked]:
    roles = [*((Decision.Kind.REVIEW, role) for role in rule.reviewers), (Decision.Kind.DECISION, rule.decider)]
    # Nobody sits on the seats of a project that does not exist, and nobody stands in for them.
    vacant = CASE_ONLY if isinstance(record, selectors.Question) else ()
    people = [
        [] if role in vacant else selectors.asked_as(role, rule.fallback, record, submitters) for _kind, role in roles
    ]
    words = {selectors.HEAD: _("department head"), **lanes.labels({role for _kind, role in roles} - {selectors.HEAD})}
    shown = User.objects.in_bulk({pk for found in people for pk in found[:SHOWN]})
    return [
        Asked(kind, role, words.get(role, role), [str(shown[pk]) for pk in found[:SHOWN]], len(found))
        for (kind, role), found in zip(roles, people, strict=True)
    ]
