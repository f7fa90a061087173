"""授权: which rule decides on a document. The lowest layer's first rule whose every dimension fits its figures.

Where a rule asks for letters of authority, it decides only if somebody in its role holds one that covers the document.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Department, User
from approvals.models import AuthorityRule, LetterLine, Limits
from core.money import format_money
from process.models import StageRecord

# From the best class to the worst, as customers are rated.
CREDIT_CLASSES = ("A", "B", "C", "D", "frozen")


@dataclass(frozen=True)
class Dimension:
    """One figure that limits who may decide: `limit` is the rule's field, `measure` the document's word for it."""

    limit: str
    measure: str
    label: Any
    unit: str = ""
    at_least: bool = False
    # Told to those with the right to cost only.
    is_cost: bool = False

    def value(self, measures: Mapping[str, Any]) -> Any:
        """The document's figure, None where it is not known; an amount counts by its size, credited or billed."""
        found = measures.get(self.measure)
        if found in (None, ""):
            return None
        if self.unit == "class":
            return CREDIT_CLASSES.index(found) if found in CREDIT_CLASSES else None
        return abs(Decimal(found)) if self.unit == "money" else Decimal(found)

    def limit_of(self, limits: Limits) -> Any:
        """What a rule or a letter says, as it is compared; None where it says nothing."""
        found = getattr(limits, self.limit)
        if self.unit == "class":
            return CREDIT_CLASSES.index(found) if found else None
        return found

    def fits(self, limits: Limits, measures: Mapping[str, Any]) -> bool:
        """Whether the figure stays within a rule or a letter; what is not known fits no limit."""
        limit = self.limit_of(limits)
        if limit is None:
            return True
        value = self.value(measures)
        if value is None:
            return False
        return bool(value >= limit if self.at_least else value <= limit)

    def distance(self, limits: Limits, measures: Mapping[str, Any]) -> Decimal:
        """How far the figure lies beyond the limit, as a share of it; what is not known is farthest."""
        limit, value = self.limit_of(limits), self.value(measures)
        if value is None:
            return Decimal("Infinity")
        return abs(Decimal(value) - Decimal(limit)) / max(abs(Decimal(limit)), Decimal(1))

    def text(self, value: Any) -> str:
        """A figure or a limit in words: 1,000,000.00, 25 %, 90 days, B."""
        if value is None:
            return _("not known")
        if self.unit == "class":
            return CREDIT_CLASSES[value]
        if self.unit == "money":
            return format_money(value)
        number = f"{Decimal(value).normalize():f}"
        return _("%(number)s days") % {"number": number} if self.unit == "days" else f"{number} {self.unit}".strip()


DIMENSIONS = (
    Dimension("up_to_amount", "gross_amount", gettext_lazy("gross amount"), "money"),
    Dimension("min_margin", "margin", gettext_lazy("margin rate"), "%", at_least=True, is_cost=True),
    Dimension("max_discount", "discount", gettext_lazy("discount"), "%"),
    Dimension("min_advance", "advance_percent", gettext_lazy("advance payment"), "%", at_least=True),
    Dimension("max_days", "payment_days", gettext_lazy("days to pay"), "days"),
    Dimension("max_funding", "funding_percent", gettext_lazy("peak funding share"), "%", is_cost=True),
    Dimension("max_overrun", "overrun_percent", gettext_lazy("overrun"), "%", is_cost=True),
    Dimension("max_deviations", "deviations", gettext_lazy("deviations")),
    Dimension("worst_credit", "credit", gettext_lazy("credit class"), "class"),
)


def hidden_from(user: User | None, record: StageRecord) -> frozenset[str]:
    """The measures of a record that a person may not be told; nobody may be told none of cost."""
    tells_cost = user is not None and record.tells_cost_to(user)
    unseen = record.hidden_from(user) if user is not None else record.cost_fields
    return frozenset(one.measure for one in DIMENSIONS if (one.is_cost and not tells_cost) or one.measure in unseen)


def short_of(limits: Limits, measures: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """The dimensions in which a rule or a letter does not reach the figures."""
    return tuple(one for one in DIMENSIONS if not one.fits(limits, measures))


@dataclass(frozen=True)
class Near:
    """A letter in force that does not cover a document, and in which dimensions not."""

    line: LetterLine
    short: tuple[Dimension, ...]

    def text(self, measures: Mapping[str, Any], hidden: Collection[str]) -> str:
        """Whose letter it is, and how much it is short of."""
        gaps = "; ".join(_gap(one, self.line, measures, hidden) for one in self.short)
        letter = self.line.letter
        return _("nearest %(who)s, %(letter)s: %(gaps)s") % {"who": letter.grantee, "letter": letter.code, "gaps": gaps}


@dataclass(frozen=True)
class Held:
    """Who of those in a role holds a letter that covers a document, and by which line; else who comes nearest.

    `is_open`: nobody sits on the seat yet, so there are no letters to be looked at.
    """

    lines: Mapping[int, LetterLine] = field(default_factory=dict)
    near: tuple[Near, ...] = ()
    is_open: bool = False


# Asks for the letters in a role, for the documents a rule is held against: (rule, role) → letters.
Letters = Callable[[AuthorityRule, str], Held]


@dataclass(frozen=True)
class Tried:
    """A rule held against a document, with the dimensions in which it does not reach.

    `held` says whose letters were looked at where all figures fit and the rule asks for letters.
    """

    rule: AuthorityRule
    short: tuple[Dimension, ...] = ()
    held: Held | None = None

    @property
    def reaches(self) -> bool:
        """Whether the rule decides."""
        return not self.short and (self.held is None or bool(self.held.lines) or self.held.is_open)

    def gaps(self, measures: Mapping[str, Any], hidden: Collection[str] = ()) -> list[str]:
        """Each dimension that does not fit, with figure and limit but for those that are `hidden` from the reader."""
        found = [_gap(one, self.rule, measures, hidden) for one in self.short]
        if self.reaches or self.short or self.held is None:
            return found
        near = [one.text(measures, hidden) for one in self.held.near]
        return [_("nobody who would decide holds a letter of authority that covers this"), *near]


@dataclass(frozen=True)
class Judgement:
    """Every rule looked at, from the lowest layer up; the last of them decides when it reaches."""

    tried: list[Tried] = field(default_factory=list)

    @property
    def rule(self) -> AuthorityRule | None:
        """The rule that decides; None where a gap is left."""
        last = self.tried[-1] if self.tried else None
        return last.rule if last is not None and last.reaches else None

    @property
    def lines(self) -> Mapping[int, LetterLine]:
        """Who decides by which line of a letter, by user id; empty where no letter is asked for."""
        held = self.tried[-1].held if self.rule is not None else None
        return held.lines if held is not None else {}


def _gap(dimension: Dimension, limits: Limits, measures: Mapping[str, Any], hidden: Collection[str]) -> str:
    names = {"dimension": dimension.label}
    if dimension.measure in hidden:
        return _("%(dimension)s beyond the limit") % names
    names |= {"value": dimension.text(dimension.value(measures)), "limit": dimension.text(dimension.limit_of(limits))}
    if dimension.at_least:
        return _("%(dimension)s %(value)s, from %(limit)s") % names
    return _("%(dimension)s %(value)s, up to %(limit)s") % names


def limits(found: Limits) -> list[str]:
    """What a rule or a letter asks for, dimension by dimension, in words."""
    said = []
    for one in DIMENSIONS:
        limit = one.limit_of(found)
        if limit is not None:
            text = _("%(dimension)s from %(limit)s") if one.at_least else _("%(dimension)s up to %(limit)s")
            said.append(text % {"dimension": one.label, "limit": one.text(limit)})
    return said


def judge(
    document: str, department_id: int | None, measures: Mapping[str, Any], letters: Letters | None = None
) -> Judgement:
    """Hold the rules for a kind of document ("contracts.contract") against its figures.

    Rules of the own department come first, then those of the departments above it, then the company's; within a
    layer by their position. The first whose every dimension fits decides. One that asks for letters does so only
    where `letters` finds one in its role; where no rule is left, those in the fallback roles are looked at.
    """
    tried: list[Tried] = []
    for rule in _in_order(document, department_id):
        short = short_of(rule, measures)
        held = letters(rule, rule.decider) if letters and rule.needs_letter and not short else None
        tried.append(Tried(rule, short, held))
        if tried[-1].reaches:
            return Judgement(tried)
    for place, one in enumerate(tried):
        if letters is None or one.held is None:
            continue
        held = letters(one.rule, one.rule.fallback)
        if held.lines:
            return Judgement([*tried[:place], *tried[place + 1 :], Tried(one.rule, held=held)])
        tried[place] = Tried(one.rule, held=Held(near=tuple(dict.fromkeys((*one.held.near, *held.near)))))
    return Judgement(tried)


def _in_order(document: str, department_id: int | None) -> Iterator[AuthorityRule]:
    """The rules for a kind of document, from the own department's to the company's."""
    rules = list(AuthorityRule.objects.filter(document=document, is_active=True).select_related("department"))
    layered = any(rule.department_id for rule in rules)
    for layer in (*(upward(department_id) if layered else ()), None):
        yield from (rule for rule in rules if rule.department_id == layer)


def upward(department_id: int | None) -> list[int]:
    """The department and those above it, nearest first."""
    if department_id is None:
        return []
    parents = dict(Department.objects.values_list("pk", "parent_id"))
    found: list[int] = []
    while department_id in parents and department_id not in found:
        found.append(department_id)
        department_id = parents[department_id]
    return found
