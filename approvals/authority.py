"""授权: which rule decides on a document. The lowest layer's first rule whose every dimension fits its figures."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Department, User
from approvals.models import AuthorityRule
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

    def limit_of(self, rule: AuthorityRule) -> Any:
        """What the rule says, as it is compared; None where it says nothing."""
        found = getattr(rule, self.limit)
        if self.unit == "class":
            return CREDIT_CLASSES.index(found) if found else None
        return found

    def fits(self, rule: AuthorityRule, measures: Mapping[str, Any]) -> bool:
        """Whether the figure stays within the rule; what is not known fits no limit."""
        limit = self.limit_of(rule)
        if limit is None:
            return True
        value = self.value(measures)
        if value is None:
            return False
        return bool(value >= limit if self.at_least else value <= limit)

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


@dataclass(frozen=True)
class Tried:
    """A rule held against a document, with the dimensions in which it does not reach."""

    rule: AuthorityRule
    short: tuple[Dimension, ...] = ()

    def gaps(self, measures: Mapping[str, Any], hidden: Collection[str] = ()) -> list[str]:
        """Each dimension that does not fit, with figure and limit but for those that are `hidden` from the reader."""
        return [_gap(one, self.rule, measures, hidden) for one in self.short]


@dataclass(frozen=True)
class Judgement:
    """Every rule looked at, from the lowest layer up; the last of them decides when it `covers`."""

    tried: list[Tried] = field(default_factory=list)

    @property
    def rule(self) -> AuthorityRule | None:
        """The rule that decides; None where a gap is left."""
        last = self.tried[-1] if self.tried else None
        return last.rule if last is not None and not last.short else None


def _gap(dimension: Dimension, rule: AuthorityRule, measures: Mapping[str, Any], hidden: Collection[str]) -> str:
    names = {"dimension": dimension.label}
    if dimension.measure in hidden:
        return _("%(dimension)s beyond the limit") % names
    names |= {"value": dimension.text(dimension.value(measures)), "limit": dimension.text(dimension.limit_of(rule))}
    if dimension.at_least:
        return _("%(dimension)s %(value)s, from %(limit)s") % names
    return _("%(dimension)s %(value)s, up to %(limit)s") % names


def limits(rule: AuthorityRule) -> list[str]:
    """What a rule asks for, dimension by dimension, in words."""
    found = []
    for one in DIMENSIONS:
        limit = one.limit_of(rule)
        if limit is not None:
            said = _("%(dimension)s from %(limit)s") if one.at_least else _("%(dimension)s up to %(limit)s")
            found.append(said % {"dimension": one.label, "limit": one.text(limit)})
    return found


def judge(document: str, department_id: int | None, measures: Mapping[str, Any]) -> Judgement:
    """Hold the rules for a kind of document ("contracts.contract") against its figures.

    Rules of the own department come first, then those of the departments above it, then the company's; within a
    layer by their position. The first whose every dimension fits decides.
    """
    rules = list(AuthorityRule.objects.filter(document=document, is_active=True).select_related("department"))
    tried: list[Tried] = []
    layered = any(rule.department_id for rule in rules)
    for layer in (*(upward(department_id) if layered else ()), None):
        for rule in rules:
            if rule.department_id != layer:
                continue
            tried.append(Tried(rule, tuple(one for one in DIMENSIONS if not one.fits(rule, measures))))
            if not tried[-1].short:
                return Judgement(tried)
    return Judgement(tried)


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
