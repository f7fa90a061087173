"""Whether a catalogue makes sense: its verbs, people and artefacts are there, and every control is enforced."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils.translation import gettext as _

from accounts.models import Department, Role
from process.guards import stage_models
from process.machine import verbs_of
from process.models.case import SEATS
from process.services.definitions.reading import Source

# What a control may be bound to beside the kernel's own kinds: upper floors add theirs ({kind: is there such a name}).
binders: dict[str, Callable[[str], bool]] = {}


@dataclass(frozen=True)
class Company:
    """Whom a step may name: words for people, and departments."""

    people: frozenset[str]
    departments: frozenset[str]


def known_company() -> Company:
    """Seats, the company's roles and what the doors understand; and the company's departments."""
    roles = Role.objects.values_list("code", flat=True)
    people = {"anyone", "owner", "submitter", "approver", "system", *SEATS, *roles}
    return Company(frozenset(people), frozenset(Department.objects.values_list("code", flat=True)))


def known_actions() -> set[str]:
    """Every action a step may be bound to: the verbs of all machines, opening, and the acts of services."""
    found = set()
    for model in stage_models():
        noun = model.noun()
        found |= {f"{noun}.{verb}" for verb in verbs_of(model)} | {f"{noun}.open", f"{noun}.offer"}
        found |= {f"{noun}.{act}" for act in model.acts_logged}
    return found


def problems_of(step: dict[str, Any], actions: set[str], company: Company | None) -> list[str]:
    """Everything wrong with the meaning of one step whose shape is right; people only where the company is known."""
    who = step.get("who") or {}
    evidence = step.get("evidence") or []
    before = [verb for item in evidence for verb in item["before"]]
    bound = [*step["verbs"], *step.get("starts_on", []), *step.get("locks", []), *before, *who]
    problems = [_("no machine has the verb “%(verb)s”") % {"verb": verb} for verb in bound if verb not in actions]
    named = [step["accountable"], *step.get("consulted", []), *(word for words in who.values() for word in words)]
    named += [step["owner"]] if "owner" in step else []
    if company is not None:
        unknown = [word for word in named if word not in company.people]
        problems += [_("nobody is called “%(word)s”") % {"word": word} for word in unknown]
        if step.get("department") and step["department"] not in company.departments:
            problems.append(_("there is no department “%(word)s”") % {"word": step["department"]})
    if not step["verbs"] and not step.get("by_hand"):
        problems.append(_("“%(key)s” is missing") % {"key": "verbs"})
    if step.get("locks") and not step.get("by_hand"):
        problems.append(_("only a step done by hand may lock verbs"))
    for item in evidence:
        problems += _evidence_problems(item)
    return problems


def _evidence_problems(item: dict[str, Any]) -> list[str]:
    """Evidence must be something the record of its verbs can show."""
    models = {model.noun(): model for model in stage_models()}
    found = [models[noun] for verb in item["before"] if (noun := verb.split(".")[0]) in models]
    missing = [name for model in found for name in item.get("field", []) if not model.has_field(name)]
    if "record" in item and item["record"]["kind"] not in {model.record_kind() for model in models.values()}:
        missing.append(item["record"]["kind"])
    if "check" in item and not _is_check(item["check"]):
        missing.append(item["check"])
    return [_("there is no “%(name)s” to show as evidence") % {"name": name} for name in missing]


def unbound_controls(step: dict[str, Any]) -> list[str]:
    """Controls whose enforcement is not there (一张皮: what is written is what is enforced)."""
    return [
        _("nothing enforces the control “%(control)s” (%(by)s)") % {"control": control["en"], "by": control["by"]}
        for control in step.get("controls", [])
        if not is_bound(control["by"], step)
    ]


def is_bound(by: str, step: dict[str, Any]) -> bool:
    """Whether what enforces a control exists: a check, a constraint, a machine's people, evidence, an alert, a page."""
    kind, _colon, name = by.partition(":")
    if kind == "evidence":
        return name in {item["code"] for item in step.get("evidence", [])}
    if kind == "lock":
        return name in step.get("locks", [])
    binder = binders.get(kind) or _BINDERS.get(kind)
    return binder is not None and binder(name)


def _is_check(name: str) -> bool:
    """A method that a verb of the record asks before it is fired: "contract.sign_checks"."""
    noun, _dot, method = name.partition(".")
    asked = {
        check
        for model in stage_models()
        if model.noun() == noun
        for spec in verbs_of(model).values()
        for check in spec.checks
    }
    return method in asked


def _is_constraint(name: str) -> bool:
    return any(name == one.name for model in apps.get_models() for one in model._meta.constraints)


def _is_who(name: str) -> bool:
    """A verb that not everybody may fire."""
    noun, _dot, verb = name.partition(".")
    found = [verbs_of(model).get(verb) for model in stage_models() if model.noun() == noun]
    return any(spec is not None and "anyone" not in spec.who for spec in found)


def _is_task(name: str) -> bool:
    module, _dot, function = name.rpartition(".")
    try:
        return hasattr(import_module(module), function)
    except (ImportError, ValueError):
        return False


def _is_page(name: str) -> bool:
    assert get_resolver().url_patterns  # all addresses are read first
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


_BINDERS: dict[str, Callable[[str], bool]] = {
    "check": _is_check,
    "constraint": _is_constraint,
    "who": _is_who,
    "alert": _is_task,
    "report": _is_page,
}


def doubles(sources: Iterable[Source]) -> list[str]:
    """A code stands for one step, and an act ends one step only."""
    steps = [source.step for source in sources]
    codes = Counter(step["code"] for step in steps)
    verbs = Counter(verb for step in steps for verb in step["verbs"])
    found = [_("The step %(code)s stands twice.") % {"code": code} for code, times in codes.items() if times > 1]
    text = _("“%(verb)s” ends more than one step.")
    return found + [text % {"verb": verb} for verb, times in verbs.items() if times > 1]


def loose_ends(steps: Iterable[dict[str, Any]], artefacts: Iterable[dict[str, Any]]) -> list[str]:
    """An output is somebody's input or marked terminal; an input is somebody's output or comes from outside."""
    known = {one["id"]: one for one in artefacts}
    made = {name: step["code"] for step in steps for name in step.get("output", [])}
    used = {name: step["code"] for step in steps for name in step.get("input", [])}
    found = [
        _("%(code)s: there is no artefact “%(name)s”") % {"code": code, "name": name}
        for name, code in {**made, **used}.items()
        if name not in known
    ]
    found += [
        _("%(code)s: nobody takes up “%(name)s”, and it is not marked terminal") % {"code": code, "name": name}
        for name, code in made.items()
        if name in known and name not in used and not known[name].get("terminal")
    ]
    found += [
        _("%(code)s: nobody makes “%(name)s”, and it is not marked external") % {"code": code, "name": name}
        for name, code in used.items()
        if name in known and name not in made and not known[name].get("external")
    ]
    return found
