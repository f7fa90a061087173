"""The log as people read it: who did what, on which record, and what changed, in the reader's language."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.money import format_money
from process import show, visibility
from process.machine import verbs_of
from process.models import LogEntry
from process.models.case import SEATS
from process.outlet import Outlet, outlet_of
from process.stages import STAGES

# Acts of services that are neither verb nor act of an outlet.
ACTIONS: dict[str, Any] = {
    "open": _("created"),
    "edit": _("changed"),
    "adopt": _("taken in from history"),
    "attach": _("added a file"),
    "seat": _("seat changed"),
    "offer": _("offered"),
    "review": _("gave an opinion"),
    "escalate": _("asked the next head too"),
    "ask_others": _("asked others: a letter of authority has ended"),
    "allocate": _("allocated money"),
    "release": _("released for payment"),
    "release_advance": _("released an advance"),
    "assess": _("assessed"),
    "plan": _("planned the next step"),
    "enter_stage": _("entered a stage"),
    "owner": _("owner changed"),
    "amend": _("amended"),
    "unrelease": _("release taken back"),
    "give_up": _("given up"),
    "freeze": _("frozen"),
    "unfreeze": _("unfrozen"),
    "forecast": _("forecast at completion"),
    "confirm_step": _("confirmed a step"),
    "move_process": _("moved to another process version"),
}
# Names in the changes that are no fields of the record.
NAMES: dict[str, Any] = {
    "opinion": _("opinion"),
    "conditions": _("conditions"),
    "stage": _("stage"),
    "added": _("added"),
    "file": _("file"),
    "purpose": _("purpose"),
    "milestone": _("milestone"),
    "goods": _("goods"),
    "shipment": _("shipment"),
    "signer": _("signer"),
    "work": _("work done"),
    "text": _("text"),
    "kind": _("kind"),
    "role": _("role"),
    "days": _("days"),
    "department": _("department"),
    "term": _("payment term"),
    "share": _("share %"),
    "allocation": _("allocation"),
    "met_on": _("met on"),
    "condition": _("condition of effect"),
    "contact": _("contact"),
    "health": _("health"),
    "risk": _("risk"),
    "lead": _("lead"),
    "net_amount": _("amount excl. tax"),
    "from_on": _("valid from"),
    "from": _("previous owner"),
    "to": _("owner"),
    "net_advance_limit": _("released before the budget"),
    "step": _("step"),
    "process_version": _("process version"),
    "special_approval": _("special approval"),
    "reminded": _("reminded"),
    "asked": _("asked too"),
    "letter": _("letter of authority"),
    "decider": _("asked to decide"),
    **SEATS,
}
PURPOSES: dict[str, Any] = {
    "approved": _("text for review"),
    "stamped": _("stamped copy"),
    "certificate": _("certificate"),
    "evidence": _("evidence"),
    "goods_receipt": _("goods receipt"),
    "agreement": _("agreement"),
    "fapiao": _("invoice file"),
    "warranty_end": _("end of warranty"),
    "letter": _("signed letter"),
}
# Codes in the changes with the words for them, by the name of the change; upper floors add theirs.
VALUES: dict[str, dict[str, Any]] = {
    "purpose": PURPOSES,
    "conditions": {"met": _("met")},
    "stage": {stage.code: stage.label for stage in STAGES},
}
# Changes that name a receipt in plain words: for those who may see the money.
MONEY = frozenset({"allocation"})
# What only machines read: the chain needs it, people do not.
TECHNICAL = re.compile(r"sha256|digest|hash")
_KEY = re.compile(r"^[a-z_]+\.[a-z_]+:\d+(:\w+)*$")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
_NUMBER = re.compile(r"^-?\d+\.\d+$")


def action_label(entry: LogEntry) -> str:
    """The act in the reader's language: the verb's label where the machine knows it."""
    name = entry.action.rpartition(".")[2]
    outlet = outlet_of(entry.kind)
    if outlet is not None:
        if name in outlet.log_labels:
            return str(outlet.log_labels[name])
        spec = verbs_of(outlet.model).get(name) or outlet.acts.get(name)
        if spec is not None:
            return str(spec.label)
    return str(ACTIONS.get(name, name.replace("_", " ")))


def entry(found: LogEntry, reader: User, *, on: str = "") -> dict[str, Any]:
    """One line of the timeline; `on` is the kind of the page's record, others are named and linked."""
    outlet = outlet_of(found.kind)
    states = outlet.model.states if outlet else None
    known = states and found.state_to in states.by_code
    return {
        "at": show.text_of(found.at),
        "at_iso": found.at.isoformat(),
        "who": _now("System") if found.actor_kind == "system" else found.actor_name,
        "action_label": action_label(found),
        "what": _what(found, outlet) if outlet and on and found.kind != on else None,
        # The name of a job is no remark of a person.
        "note": "" if found.note.startswith("counter.") else found.note,
        "state_to": states.label(found.state_to) if known and found.state_to != found.state_from else "",
        "colour": states.colour(found.state_to) if known else "secondary",
        "changes": _changes(found, outlet, reader),
    }


def _what(found: LogEntry, outlet: Outlet) -> dict[str, str]:
    return {"label": str(outlet.model._meta.verbose_name), "url": outlet.url("detail", found.object_id)}


def _changes(found: LogEntry, outlet: Outlet | None, reader: User) -> list[dict[str, str]]:
    hidden = outlet.model.hidden_from(reader) if outlet else ()
    shown = []
    for name, values in found.changes.items():
        if not isinstance(values, list) or len(values) != 2 or name in hidden or _technical(name, values[1]):
            continue
        told = [value if _may_name(outlet, name, value, reader) else "" for value in values]
        old, new = (value_text(outlet, name, value) for value in told)
        if old != new:
            shown.append({"field": _label(outlet, name), "old": old, "new": new})
    return shown


def untold(found: LogEntry, reader: User) -> list[str]:
    """The names of the changes of an act that the reader may not see, or not see whole."""
    outlet = outlet_of(found.kind)
    hidden = outlet.model.hidden_from(reader) if outlet else ()
    return [
        name
        for name, values in found.changes.items()
        if name in hidden
        or not all(
            _may_name(outlet, name, value, reader) for value in (values if isinstance(values, list) else [values])
        )
    ]


def _may_name(outlet: Outlet | None, name: str, value: Any, reader: User) -> bool:
    """Whether a change may say which record it set: {"id", "text"} of one that the reader may see."""
    if name in MONEY and isinstance(value, str):
        return reader.has_right("see_money")
    model = getattr(_field(outlet, name), "related_model", None)
    if model is None or not isinstance(value, dict) or not visibility.is_scoped(model):
        return True
    key = (model._meta.label_lower, int(value.get("id") or 0))
    return key in visibility.seen([key], reader)


def _technical(name: str, value: Any) -> bool:
    return bool(TECHNICAL.search(name) or (isinstance(value, str) and _KEY.match(value)))


def _field(outlet: Outlet | None, name: str) -> Any:
    try:
        found: Any = outlet.model._meta.get_field(name) if outlet else None
    except FieldDoesNotExist:
        return None
    # What points here from elsewhere has no label.
    return None if getattr(found, "auto_created", False) else found


def _label(outlet: Outlet | None, name: str) -> Any:
    if outlet is not None and _field(outlet, name) is not None:
        return show.field_label(outlet.model, name)
    return NAMES.get(name) or (show.field_label(outlet.model, name) if outlet else name.replace("_", " "))


def value_text(outlet: Outlet | None, name: str, value: Any) -> str:
    """A stored value as people write it: words for codes, local time, separators in amounts."""
    if isinstance(value, dict):
        return str(value.get("text", value))
    text = "" if value is None else str(value)
    words = {**dict(getattr(_field(outlet, name), "flatchoices", None) or ()), **VALUES.get(name, {})}
    if text in words:
        return str(words[text])
    if text in ("True", "False"):
        return _now("Yes") if text == "True" else _now("No")
    return plain_text(name, text)


def plain_text(name: str, text: str) -> str:
    """A moment in local time, an amount with separators, a number without its last zeros; all else as it is."""
    if _MOMENT.match(text):
        try:
            return show.text_of(dt.datetime.fromisoformat(text))
        except ValueError:
            return text
    if _NUMBER.match(text):
        number = Decimal(text)
        is_money = name.startswith(("gross_", "net_", "tax_")) or name.endswith("_amount")
        return format_money(number) if is_money else f"{number.normalize():f}"
    return text
