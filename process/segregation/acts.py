"""The acts that a rule can name, and which of them can meet."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from process.guards import stage_models
from process.machine import verbs_of
from process.models import StageRecord

# Acts that no machine declares, as a rule names them.
OTHER_ACTS: dict[str, Any] = {
    "open": gettext_lazy("Create"),
    "edit": gettext_lazy("Change"),
    "review": gettext_lazy("Give an opinion"),
}
# How records of one kind point to those of another: {(kind, kind pointed to): field}.
links: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class BuiltIn:
    """A pair that the code itself keeps apart, whatever the table says: shown to the auditor beside the rules."""

    title: Any
    first: Any
    second: Any


# What the apps keep apart themselves, in the order in which they are loaded.
built_in: list[BuiltIn] = []


def relate(model: type[StageRecord], field: str) -> None:
    """Say that each record of `model` belongs to the one that `field` names: a bill to its order.

    Rules may then set acts on the one against acts on the other.
    """
    target: Any = model._meta.get_field(field).related_model
    pair = (model.record_kind(), target.record_kind())
    if links.setdefault(pair, field) != field or (pair[1], pair[0]) in links:
        raise ImproperlyConfigured(f"{pair[0]} and {pair[1]} belong together by more than one field")


def meet(first: str, second: str) -> bool:
    """Whether two acts can meet: on one record, or on two that belong together."""
    one, other = kind_of(first), kind_of(second)
    return one == other or (one, other) in links or (other, one) in links


def acts_of(model: type[StageRecord]) -> dict[str, Any]:
    """{act: label} of everything a person can do to such a record through a door: `bill.pay`, `bill.open`."""
    noun, verbs = model.noun(), verbs_of(model)
    found = {f"{noun}.open": OTHER_ACTS["open"], f"{noun}.edit": OTHER_ACTS["edit"]}
    found |= {f"{noun}.{name}": spec.label for name, spec in verbs.items() if spec.who != ("system",)}
    if "approve" in verbs and "submit" in verbs:
        found[f"{noun}.review"] = OTHER_ACTS["review"]
    return found


def acts() -> dict[str, Any]:
    """{act: label} of every record."""
    return {act: label for model in stage_models() for act, label in acts_of(model).items()}


@cache
def _nouns() -> dict[str, type[StageRecord]]:
    return {model.noun(): model for model in stage_models()}


def _model_of(act: str) -> type[StageRecord] | None:
    return _nouns().get(act.partition(".")[0])


def kind_of(act: str) -> str:
    """The kind of record an act is done to; empty for one that is not there any more."""
    model = _model_of(act)
    return model.record_kind() if model else ""


def act_label(act: str) -> str:
    """An act as people say it: `bill.pay` is "Supplier bill: Pay"."""
    model = _model_of(act)
    if model is None:
        return act
    return f"{capfirst(str(model._meta.verbose_name))}: {acts_of(model).get(act, act.partition('.')[2])}"
