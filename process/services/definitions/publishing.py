"""Publishing the L3 catalogue as immutable versions; what was edited here is never overwritten."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.duties import require_duty
from accounts.models import Duty, User
from core.errors import Refused
from process import catalogue, stages
from process.models import ProcessVersion, StepDefinition
from process.services.definitions.checking import (
    Company,
    doubles,
    known_actions,
    known_company,
    loose_ends,
    problems_of,
    unbound_controls,
)
from process.services.definitions.reading import Source, read_artefacts, read_file, shape_problems

Steps = list[dict[str, Any]]
_COLUMNS = ("code", "stage", "zh", "en", "accountable", "verbs")


@dataclass(frozen=True)
class Difference:
    """A step that two catalogues see differently; `kind` is added, removed or changed, `keys` what changed."""

    code: str
    kind: str
    keys: tuple[str, ...] = ()


@dataclass
class Delivery:
    """What became of a delivered catalogue: the version in force, and where delivery and own edits differ."""

    version: ProcessVersion
    created: bool = False
    taken: list[Difference] = field(default_factory=list)
    kept: list[Difference] = field(default_factory=list)


def read_catalogue(folder: Path, company: Company | None = None) -> Steps:
    """All steps of `folder`/N_stage.yaml in order; Refused names file, line and step for everything wrong.

    With the company, people, departments and what enforces the controls are checked too: publishing needs that.
    """
    sources: list[Source] = []
    reasons: list[str] = []
    actions = known_actions()
    for path in sorted(folder.glob("[0-9]_*.yaml")):
        file = read_file(path)
        reasons += file.problems
        if file.stage not in stages.BY_CODE:
            reasons.append(_("%(file)s: unknown stage “%(stage)s”") % {"file": path.name, "stage": file.stage})
        for source in file.sources:
            source.step = {**source.step, "stage": file.stage}
            if source.shaped:
                reasons += [f"{source.place}: {says}" for says in _meaning(source.step, actions, company)]
        sources += file.sources
    if not sources:
        reasons.append(_("There is no catalogue in %(folder)s.") % {"folder": folder})
    reasons = reasons or doubles(sources) or loose_ends([one.step for one in sources], read_artefacts(folder))
    if reasons:
        raise Refused(reasons)
    return [source.step for source in sources]


def _meaning(step: dict[str, Any], actions: set[str], company: Company | None) -> list[str]:
    problems = problems_of(step, actions, company)
    return problems + unbound_controls(step) if company is not None else problems


def check(steps: Steps, artefacts: Steps) -> list[str]:
    """Everything that forbids publishing these steps, each sentence with the code of its step."""
    actions, company = known_actions(), known_company()
    reasons = []
    for step in steps:
        shape = shape_problems({key: value for key, value in step.items() if key != "stage"})
        reasons += [f"{step.get('code')}: {says}" for says in shape or _meaning(step, actions, company)]
    return reasons or doubles(Source(step, "") for step in steps) or loose_ends(steps, artefacts)


def digest_of(steps: Steps, artefacts: Steps) -> str:
    """The fingerprint of a catalogue."""
    text = json.dumps([steps, artefacts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: Steps, after: Steps) -> list[Difference]:
    """What changes from one catalogue to the other, step by step, in the order of the later one."""
    old, new = ({step["code"]: step for step in steps} for steps in (before, after))
    found = []
    for code, step in new.items():
        if code not in old:
            found.append(Difference(code, "added"))
        elif step != old[code]:
            keys = tuple(key for key in {**old[code], **step} if old[code].get(key) != step.get(key))
            found.append(Difference(code, "changed", keys))
    return found + [Difference(code, "removed") for code in old if code not in new]


def require_editor(by: User) -> None:
    """Rules are kept by the system administrator; NotAllowed for anybody else."""
    require_duty(by, Duty.SYSTEM)


def lock_catalogue() -> ProcessVersion | None:
    """The version in force, with every other publisher waiting until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('process.publish'))")
    return ProcessVersion.objects.order_by("-number").first()


@transaction.atomic
def publish(
    steps: Steps,
    artefacts: Steps | None = None,
    *,
    origin: str = ProcessVersion.Origin.VENDOR,
    delivered: Steps | None = None,
    note: str = "",
    by: User | None = None,
) -> tuple[ProcessVersion, bool]:
    """Publish the steps as the next version, unless the version in force says the same; (version, created).

    `delivered` is the delivery it is based on (by default the steps themselves). Running cases keep their version.
    """
    latest = lock_catalogue()
    artefacts = (latest.artefacts if latest else []) if artefacts is None else artefacts
    digest = digest_of(steps, artefacts)
    if latest is not None and latest.digest == digest:
        return latest, False
    version = ProcessVersion.objects.create(
        number=latest.number + 1 if latest else 1,
        digest=digest,
        origin=origin,
        note=note,
        content=steps,
        artefacts=artefacts,
        delivered=steps if delivered is None else delivered,
        published_by=by,
    )
    StepDefinition.objects.bulk_create(
        StepDefinition(
            version=version,
            position=position,
            **{name: step[name] for name in _COLUMNS},
            consulted=step.get("consulted", []),
            starts_on=step.get("starts_on", []),
            who=step.get("who", {}),
            sla_hours=step.get("sla_hours"),
            clock=step.get("clock", "working"),
            content=step,
        )
        for position, step in enumerate(steps, 1)
    )
    catalogue.forget()
    return version, True


@transaction.atomic
def deliver(steps: Steps, artefacts: Steps, *, merge: bool = False) -> Delivery:
    """Take a delivered catalogue in: published where nothing was edited here, else compared three ways.

    With `merge`, steps that only the delivery changed are taken and those edited here are kept; without, an edited
    catalogue stays as it is and the differences are returned.
    """
    current = lock_catalogue()
    if current is None or current.content == current.delivered:
        version, created = publish(steps, artefacts)
        return Delivery(version, created)
    news = differences(current.delivered, steps)
    edited = {one.code for one in differences(current.delivered, current.content)}
    delivery = Delivery(
        current,
        taken=[one for one in news if one.code not in edited],
        kept=[one for one in news if one.code in edited],
    )
    if not merge or not news:
        return delivery
    merged = _merge(current, steps, delivery)
    delivery.version, delivery.created = publish(
        merged, artefacts, origin=ProcessVersion.Origin.MERGED, delivered=steps, note=_("Delivered and merged.")
    )
    return delivery


def _merge(current: ProcessVersion, steps: Steps, delivery: Delivery) -> Steps:
    """Our catalogue with the delivery's news on steps nobody edited here, in the delivery's order."""
    news = {one.code: one for one in delivery.taken}
    theirs = {step["code"]: step for step in steps}
    merged = [
        theirs.get(step["code"], step) if step["code"] in news else step
        for step in current.content
        if not (step["code"] in news and news[step["code"]].kind == "removed")
    ]
    have = {step["code"] for step in merged}
    for position, step in enumerate(steps):
        if step["code"] not in have and step["code"] in news:
            merged.insert(position, step)
    return merged


@transaction.atomic
def roll_back(version: ProcessVersion, *, by: User, note: str) -> ProcessVersion:
    """Put an earlier version in force again, as a new one with the reason; what was published stays to be seen."""
    require_editor(by)
    if not note.strip():
        raise Refused(_("Please give a reason."))
    latest = lock_catalogue()
    if latest is not None and latest.digest == version.digest:
        raise Refused(_("%(version)s says what is in force already.") % {"version": version})
    origin = ProcessVersion.Origin.ROLLBACK
    made, _created = publish(
        version.content, version.artefacts, origin=origin, delivered=version.delivered, note=note, by=by
    )
    return made
