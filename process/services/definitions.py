"""Reading the L3 catalogue from files and publishing it as an immutable version."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Role
from core.errors import Refused
from process import catalogue, stages
from process.machine import verbs_of
from process.models import ProcessVersion, StepDefinition
from process.models.case import SEATS

_REQUIRED = ("code", "zh", "en", "accountable", "verbs")
_LISTS = ("verbs", "consulted", "starts_on")
_KNOWN = {*_REQUIRED, *_LISTS, "who", "sla_hours", "clock"}
_CLOCKS = ("working", "natural")


def read_catalogue(folder: Path, people: set[str] | None = None) -> list[dict[str, Any]]:
    """All steps of `folder`/N_stage.yaml in order; Refused names file and step for everything wrong.

    With `people` (see known_people) the words for people are checked too; that is what publishing needs.
    """
    steps: list[dict[str, Any]] = []
    reasons: list[str] = []
    actions = known_actions()
    for path in sorted(folder.glob("[0-9]_*.yaml")):
        stage, found = _read(path)
        if stage not in stages.BY_CODE:
            reasons.append(_("%(file)s: unknown stage “%(stage)s”") % {"file": path.name, "stage": stage})
        for number, step in enumerate(found, 1):
            place = f"{path.name}: {step.get('code', number)}"
            reasons += [f"{place}: {problem}" for problem in _problems(step, actions, people)]
            steps.append({**step, "stage": stage})
    if not steps:
        reasons.append(_("There is no catalogue in %(folder)s.") % {"folder": folder})
    reasons = reasons or _doubles(steps)
    if reasons:
        raise Refused(reasons)
    return steps


def _read(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """Stage and steps of one file; Refused where it has not even this shape."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name}: {error}") from error
    steps = content.get("steps") if isinstance(content, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise Refused(_("%(file)s: “stage” and a list of “steps” are expected") % {"file": path.name})
    return str(content.get("stage", "")), steps


def _doubles(steps: list[dict[str, Any]]) -> list[str]:
    """A code stands for one step, and an act ends one step only."""
    codes = Counter(step["code"] for step in steps)
    verbs = Counter(verb for step in steps for verb in step["verbs"])
    found = [_("The step %(code)s stands twice.") % {"code": code} for code, times in codes.items() if times > 1]
    text = _("“%(verb)s” ends more than one step.")
    return found + [text % {"verb": verb} for verb, times in verbs.items() if times > 1]


def known_people() -> set[str]:
    """Every word for people that a step may use: seats, the company's roles, and what the doors understand."""
    roles = Role.objects.values_list("code", flat=True)
    return {"anyone", "owner", "submitter", "approver", "system", *SEATS, *roles}


def known_actions() -> set[str]:
    """Every action a step may be bound to: the verbs of all machines, opening, and the acts of services."""
    from process.guards import stage_models

    found = set()
    for model in stage_models():
        noun = model.noun()
        found |= {f"{noun}.{verb}" for verb in verbs_of(model)} | {f"{noun}.open", f"{noun}.offer"}
        found |= {f"{noun}.{act}" for act in model.acts_logged}
    return found


def _problems(step: dict[str, Any], actions: set[str], people: set[str] | None) -> list[str]:
    """Everything wrong with one step."""
    problems = [_("“%(key)s” is missing") % {"key": key} for key in _REQUIRED if not step.get(key)]
    problems += [_("unknown key “%(key)s”") % {"key": key} for key in sorted(set(step) - _KNOWN)]
    who = step.get("who") or {}
    lists = {key: step.get(key) or [] for key in _LISTS}
    shapes = [*((key, value, list) for key, value in lists.items()), ("who", who, dict)]
    shapes += [("who", words, list) for words in who.values()] if isinstance(who, dict) else []
    wrong = [key for key, value, shape in shapes if not isinstance(value, shape)]
    if wrong:
        return problems + [_("“%(key)s” has the wrong shape") % {"key": key} for key in dict.fromkeys(wrong)]
    bound = [str(verb) for verb in (*lists["verbs"], *lists["starts_on"], *who)]
    problems += [_("no machine has the verb “%(verb)s”") % {"verb": verb} for verb in bound if verb not in actions]
    named = [step.get("accountable", ""), *lists["consulted"], *(word for words in who.values() for word in words)]
    unknown = [word for word in map(str, named) if word and people is not None and word not in people]
    problems += [_("nobody is called “%(word)s”") % {"word": word} for word in unknown]
    return problems + _clock_problems(step)


def _clock_problems(step: dict[str, Any]) -> list[str]:
    hours, clock = step.get("sla_hours"), step.get("clock", "working")
    problems = []
    if hours is not None and (not isinstance(hours, int | float) or not 0 < hours < 10_000):
        problems.append(_("“sla_hours” must be a number of hours"))
    if clock not in _CLOCKS:
        problems.append(_("“clock” is one of %(clocks)s") % {"clocks": ", ".join(_CLOCKS)})
    return problems


@transaction.atomic
def publish(steps: list[dict[str, Any]]) -> tuple[ProcessVersion, bool]:
    """Publish the steps as the next version, unless the version in force says the same; (version, created)."""
    digest = hashlib.sha256(json.dumps(steps, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    latest = ProcessVersion.objects.order_by("-number").first()
    if latest is not None and latest.digest == digest:
        return latest, False
    version = ProcessVersion.objects.create(number=latest.number + 1 if latest else 1, digest=digest)
    StepDefinition.objects.bulk_create(
        StepDefinition(
            version=version,
            position=position,
            code=step["code"],
            stage=step["stage"],
            zh=step["zh"],
            en=step["en"],
            accountable=step["accountable"],
            consulted=step.get("consulted", []),
            verbs=step["verbs"],
            starts_on=step.get("starts_on", []),
            who=step.get("who", {}),
            sla_hours=step.get("sla_hours"),
            clock=step.get("clock", "working"),
        )
        for position, step in enumerate(steps, 1)
    )
    catalogue.forget()
    return version, True
