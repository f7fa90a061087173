"""Reading the L3 catalogue from files and publishing it as an immutable version."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Refused
from process import catalogue, stages
from process.machine import verbs_of
from process.models import ProcessVersion, StepDefinition

_REQUIRED = ("code", "zh", "en", "accountable", "verbs")
_KNOWN = {*_REQUIRED, "consulted", "starts_on", "who", "sla_hours", "clock"}


def read_catalogue(folder: Path) -> list[dict[str, Any]]:
    """All steps of `folder`/N_stage.yaml in order; Refused names file and step for everything wrong."""
    steps: list[dict[str, Any]] = []
    reasons: list[str] = []
    known = known_actions()
    for path in sorted(folder.glob("[0-9]_*.yaml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise Refused(f"{path.name}: {error}") from error
        stage = content.get("stage", "")
        if stage not in stages.BY_CODE:
            reasons.append(_("%(file)s: unknown stage “%(stage)s”") % {"file": path.name, "stage": stage})
        for number, step in enumerate(content.get("steps", []), 1):
            place = f"{path.name}: {step.get('code', number)}"
            reasons += [f"{place}: {problem}" for problem in _problems(step, known)]
            steps.append({**step, "stage": stage})
    codes = [step.get("code") for step in steps]
    reasons += [
        _("The step %(code)s stands twice.") % {"code": code}
        for code in sorted({c for c in codes if codes.count(c) > 1})
    ]
    if reasons:
        raise Refused(reasons)
    return steps


def known_actions() -> set[str]:
    """Every action a step may be bound to: the verbs of all machines, opening, and the acts of services."""
    from process.guards import stage_models

    found = set()
    for model in stage_models():
        noun = model.noun()
        found |= {f"{noun}.{verb}" for verb in verbs_of(model)} | {f"{noun}.open", f"{noun}.offer"}
        found |= {f"{noun}.{act}" for act in model.acts_logged}
    return found


def _problems(step: dict[str, Any], known: set[str]) -> list[str]:
    problems = [_("“%(key)s” is missing") % {"key": key} for key in _REQUIRED if not step.get(key)]
    problems += [_("unknown key “%(key)s”") % {"key": key} for key in sorted(set(step) - _KNOWN)]
    actions = [*step.get("verbs", []), *step.get("starts_on", []), *step.get("who", {})]
    problems += [
        _("no machine has the verb “%(verb)s”") % {"verb": verb}
        for verb in actions
        if verb not in known and len(known) > 250
    ]  # TEMPORARY length check
    return problems


@transaction.atomic
def publish(steps: list[dict[str, Any]]) -> tuple[ProcessVersion, bool]:
    """Publish the steps as the next version, unless the version in force says the same; (version, created)."""
    digest = hashlib.sha256(json.dumps(steps, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    latest = ProcessVersion.objects.select_for_update().order_by("-number").first()
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
