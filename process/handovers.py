"""The page of the counter: what is offered to me, what I offered."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from process import segregation, stages, visibility
from process.forms import ReturnForm, TakeForm
from process.models import Handover
from process.outlet import Outlet
from process.services import counter
from process.shapes import Fact, MenuPage, Section
from process.views.history import plain_text, value_text


class HandoverOutlet(Outlet):
    """Handovers: offered, taken, returned with gaps."""

    model = Handover
    services = counter
    columns = ("code", "title", "target", "receiver_role", "owner", "due_at", "state")
    facts = ((_("Handover"), ("source_stage", "target", "receiver_role", "owner", "due_at", "ended_at", "conditions")),)
    verb_forms = {"take": TakeForm, "return": ReturnForm}
    icon = "arrows-exchange"
    menu_pages = (
        MenuPage(_("Segregation of duties"), "process:segregation", "users-group", segregation.may_read_report),
    )

    def row(self, record: Any, columns: Any, user: Any) -> Any:
        row = super().row(record, columns, user)
        for column, cell in zip(columns, row.cells, strict=True):
            if column.key == "target":
                cell.text = stages.label(record.target)
            if column.key == "receiver_role":
                cell.text = counter.receiver_label(record.receiver_role)
        return row

    def sections(self, record: Any, user: Any) -> list[Section]:
        names = {"source_stage": stages.label(record.source_stage), "target": stages.label(record.target)}
        names["receiver_role"] = counter.receiver_label(record.receiver_role)
        found = super().sections(record, user)
        for fact, name in zip(found[0].facts, self.facts[0][1], strict=True):
            fact.value = names.get(name, fact.value)
        package = [_fact(key, value) for key, value in told(record.package, user).items()]
        if package:
            found.append(Section(_("Package"), package))
        if record.gaps:
            found.append(Section(_("Gaps"), [Fact(str(number), gap) for number, gap in enumerate(record.gaps, 1)]))
        return found


# What the packages of the stages call their contents.
CONTENTS: dict[str, Any] = {
    "accepted_on": _("accepted on"),
    "baseline_at": _("requirements fixed at"),
    "book": _("cost book"),
    "contact": _("contact"),
    "contract": _("contract"),
    "currency": _("currency"),
    "customer": _("customer"),
    "delivery_dates": _("delivery dates"),
    "deviations": _("deviations"),
    "end_user": _("end user"),
    "ends_on": _("ends on"),
    "expected_on": _("expected decision"),
    "goals": _("goals"),
    "gross_amount": _("amount incl. tax"),
    "items": _("items"),
    "lead": _("lead"),
    "lines": _("lines"),
    "need": _("need"),
    "net_amount": _("amount excl. tax"),
    "objectives": _("objectives"),
    "penalty": _("penalties"),
    "plan": _("guidance plan"),
    "project": _("project"),
    "promises": _("promises"),
    "quote": _("quote"),
    "requirements": _("requirements"),
    "risks": _("risks"),
    "scope": _("scope"),
    "solution": _("solution"),
    "stakeholders": _("stakeholders"),
    "starts_on": _("starts on"),
    "warranty_from": _("warranty from"),
    "warranty_months": _("warranty, months"),
    "warranty_until": _("warranty until"),
}


# Contents that are records, by their kinds.
RECORDS = {
    "book": "finance.costbook",
    "contract": "contracts.contract",
    "lead": "leads.lead",
    "plan": "guidance.guidanceplan",
    "project": "projects.project",
    "quote": "solutions.quote",
    "solution": "solutions.solution",
}


def told(package: dict[str, Any], user: Any) -> dict[str, Any]:
    """What of a package may be told to the reader: records in it only where they are visible."""
    keys = {
        name: (RECORDS[name], value["id"])
        for name, value in package.items()
        if name in RECORDS and isinstance(value, dict) and value.get("id")
    }
    seen = visibility.seen(keys.values(), user)
    return {name: value for name, value in package.items() if name != "owner" and keys.get(name) in {None, *seen}}


def _fact(key: str, value: Any) -> Fact:
    text = plain_text(key, _text(value))
    return Fact(CONTENTS.get(key, key.replace("_", " ")), text, wide=len(text) > 60)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        words = (
            value_text(None, name, part) for name, part in value.items() if name != "id" and part not in ("", None)
        )
        return str(value["text"]) if set(value) == {"id", "text"} else " · ".join(words)
    if isinstance(value, list):
        return "; ".join(_text(item) for item in value)
    return "" if value is None else str(value)
