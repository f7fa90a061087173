"""Keeping the table of the segregation of duties: by the security administrator alone, every change with its reason."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.duties import require_duty
from accounts.models import Duty, SecurityEntry, User
from accounts.services import enter
from core.errors import Refused, Stale
from process import segregation
from process.models import SegregationRule

# After this time every process knows a rule (process.catalogue reads again within five seconds).
KNOWN_AFTER = dt.timedelta(seconds=10)


@transaction.atomic
def add(*, by: Actor | User, note: str = "", **values: Any) -> SegregationRule:
    """Put a rule into the table: `first` and `second` name the two acts, the rest is what `change` takes.

    Raises NotAllowed for everybody but the security administrator, Refused with every reason.
    """
    actor = require_duty(by, Duty.SECURITY)
    rule = SegregationRule(**values)
    rule.position = rule.position or SegregationRule.objects.count() + 1
    _check(rule, note)
    return _keep(rule, actor, note, {name: ["", getattr(rule, name)] for name in ("first", "second", *rule.KEPT)})


@transaction.atomic
def change(
    rule: SegregationRule, *, by: Actor | User, note: str = "", version: int | None = None, **changes: Any
) -> SegregationRule:
    """Change words, consequence or force of a rule, never its two acts; `note` says why.

    Raises NotAllowed for everybody but the security administrator, Stale when `version` is no longer the current row
    version, Refused with every reason.
    """
    actor = require_duty(by, Duty.SECURITY)
    row = SegregationRule.objects.select_for_update().get(pk=rule.pk)
    if version is not None and version != row.row_version:
        raise Stale({str(_("version")): (version, row.row_version)})
    unknown = set(changes) - set(SegregationRule.KEPT)
    if unknown:
        raise AttributeError(f"{', '.join(sorted(unknown))} of a rule never changes")
    changed = {name: [getattr(row, name), value] for name, value in changes.items() if getattr(row, name) != value}
    for name, (_old, new) in changed.items():
        setattr(row, name, new)
    _check(row, note)
    if not changed:
        return row
    row.row_version += 1
    return _keep(row, actor, note, changed)


def _check(rule: SegregationRule, note: str) -> None:
    """Everything that is wrong with a rule, and a reason that is missing, in one refusal."""
    reasons = [] if note.strip() else [_("Please give a reason.")]
    known = segregation.acts()
    unknown = [act for act in (rule.first, rule.second) if act not in known]
    reasons += [_("There is no act “%(act)s”.") % {"act": act} for act in unknown]
    if not unknown and not segregation.meet(rule.first, rule.second):
        one, other = (segregation.act_label(act) for act in (rule.first, rule.second))
        reasons.append(
            _("“%(one)s” and “%(other)s” never meet: their records do not belong together.")
            % {"one": one, "other": other}
        )
    _date(rule)
    try:
        rule.full_clean()
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            label = "" if name == "__all__" else f"{rule._meta.get_field(name).verbose_name}: "
            reasons += [f"{label}{message}" for message in messages]
    if reasons:
        raise Refused(reasons)


def _date(rule: SegregationRule) -> None:
    """A rule forbids from the moment on at which every process knows it; one that does not forbid has no such day."""
    if not rule.forbids:
        rule.forbidden_since = None
    elif rule.forbidden_since is None:
        rule.forbidden_since = timezone.now() + KNOWN_AFTER


def _keep(rule: SegregationRule, actor: Actor, note: str, changes: dict[str, list[Any]]) -> SegregationRule:
    rule.save()
    enter(
        SecurityEntry.Event.SEGREGATION_CHANGED,
        by=actor,
        details={"rule": rule.pk, "zh": rule.zh, "en": rule.en, "reason": note, "changes": changes},
    )
    segregation.forget()
    transaction.on_commit(segregation.forget)
    return rule


def load(rows: list[dict[str, Any]]) -> int:
    """Seed the table of a company that has none; returns how many rules were made. What is there is never touched."""
    if SegregationRule.objects.exists():
        return 0
    for row in rows:
        add(by=Actor.system("load_defaults"), note="ltc/defaults/segregation_rules.yaml", **row)
    return len(rows)
