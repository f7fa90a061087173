"""The log as people read it: who did what, on which record, and what changed, in the reader's language."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from core.money import format_money
from process import show
from process.machine import verbs_of
from process.models import LogEntry
from process.models.case import SEATS
from process.outlet import Outlet, outlet_of

# Acts of services that are neither verb nor act of an outlet.
ACTIONS: dict[str, Any] = {
    "open": lazy("created"),
    "edit": lazy("changed"),
    "adopt": lazy("taken in from history"),
    "attach": lazy("added a file"),
    "seat": lazy("seat changed"),
    "offer": lazy("offered"),
    "review": lazy("gave an opinion"),
    "allocate": lazy("allocated money"),
    "release": lazy("released for payment"),
    "release_advance": lazy("released an advance"),
    "assess": lazy("assessed"),
    "plan": lazy("planned the next step"),
    "enter_stage": lazy("entered a stage"),
}
# Names in the changes that are no fields of the record.
NAMES: dict[str, Any] = {
    "opinion": lazy("opinion"),
    "conditions": lazy("conditions"),
    "stage": lazy("stage"),
    "added": lazy("added"),
    "file": lazy("file"),
    "purpose": lazy("purpose"),
    "milestone": lazy("milestone"),
    "goods": lazy("goods"),
    "shipment": lazy("shipment"),
    "signer": lazy("signer"),
    "work": lazy("work done"),
    "text": lazy("text"),
    "kind": lazy("kind"),
    "role": lazy("role"),
    "days": lazy("days"),
    "department": lazy("department"),
    "term": lazy("payment term"),
    "share": lazy("share %"),
    "allocation": lazy("allocation"),
    "met_on": lazy("met on"),
    **SEATS,
}
PURPOSES: dict[str, Any] = {
    "approved": lazy("text for review"),
    "stamped": lazy("stamped copy"),
    "certificate": lazy("certificate"),
    "goods_receipt": lazy("goods receipt"),
    "agreement": lazy("agreement"),
    "fapiao": lazy("invoice file"),
    "warranty_end": lazy("end of warranty"),
}
# Codes in the changes with the words for them, by the name of the change; upper floors add theirs.
VALUES: dict[str, dict[str, Any]] = {"purpose": PURPOSES}
# What only machines read: the chain needs it, people do not.
TECHNICAL = re.compile(r"sha256|digest|hash")
_KEY = re.compile(r"^[a-z_]+\.[a-z_]+:\d+(:\w+)*$")
# The paper of a decision repeats what stands on the record itself.
PAPER_KINDS = ("approvals.approvalrequest",)
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


def entry(found: LogEntry, *, see_cost: bool = True, on: str = "") -> dict[str, Any]:
    """One line of the timeline; `on` is the kind of the page's record, others are named and linked."""
    outlet = outlet_of(found.kind)
    states = outlet.model.states if outlet else None
    known = states and found.state_to in states.by_code
    return {
        "at": show.text_of(found.at),
        "at_iso": found.at.isoformat(),
        "who": _("System") if found.actor_kind == "system" else found.actor_name,
        "action_label": action_label(found),
        "what": _what(found, outlet) if outlet and on and found.kind != on else None,
        # The name of a job is no remark of a person.
        "note": "" if found.note.startswith("counter.") else found.note,
        "state_to": states.label(found.state_to) if known and found.state_to != found.state_from else "",
        "colour": states.colour(found.state_to) if known else "secondary",
        "changes": _changes(found, outlet, see_cost),
    }


def _what(found: LogEntry, outlet: Outlet) -> dict[str, str]:
    return {"label": str(outlet.model._meta.verbose_name), "url": outlet.url("detail", found.object_id)}


def _changes(found: LogEntry, outlet: Outlet | None, see_cost: bool) -> list[dict[str, str]]:
    hidden = outlet.model.cost_fields if outlet and not see_cost else ()
    shown = []
    for name, values in found.changes.items():
        if not isinstance(values, list) or len(values) != 2 or name in hidden or _technical(name, values[1]):
            continue
        old, new = (value_text(outlet, name, value) for value in values)
        if old != new:
            shown.append({"field": _label(outlet, name), "old": old, "new": new})
    return shown


def _technical(name: str, value: Any) -> bool:
    return bool(TECHNICAL.search(name) or (isinstance(value, str) and _KEY.match(value)))


def _field(outlet: Outlet | None, name: str) -> Any:
    try:
        return outlet.model._meta.get_field(name) if outlet else None
    except FieldDoesNotExist:
        return None


def _label(outlet: Outlet | None, name: str) -> Any:
    if outlet is not None and _field(outlet, name) is not None:
        return show.field_label(outlet.model, name)
    return NAMES.get(name) or (show.field_label(outlet.model, name) if outlet else name.replace("_", " "))


def value_text(outlet: Outlet | None, name: str, value: Any) -> str:
    """A stored value as people write it: words for codes, local time, separators in amounts."""
    if isinstance(value, dict):
        return str(value.get("text", value))
    text = "" if value is None else str(value)
    words = VALUES.get(name) or dict(getattr(_field(outlet, name), "flatchoices", None) or ())
    if text in words:
        return str(words[text])
    if text in ("True", "False"):
        return _("Yes") if text == "True" else _("No")
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
