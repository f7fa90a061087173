"""The page of the counter: what is offered to me, what I offered."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from process import stages
from process.forms import ReturnForm, TakeForm
from process.models import Handover
from process.outlet import Outlet
from process.services import counter
from process.shapes import Fact, Section


class HandoverOutlet(Outlet):
    """Handovers: offered, taken, returned with gaps."""

    model = Handover
    services = counter
    columns = ("code", "title", "target", "receiver_role", "owner", "due_at", "state")
    facts = ((_("Handover"), ("source_stage", "target", "receiver_role", "owner", "due_at", "ended_at", "conditions")),)
    verb_forms = {"take": TakeForm, "return": ReturnForm}
    icon = "arrows-exchange"

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
        package = [Fact(key, _text(value), wide=len(_text(value)) > 60) for key, value in record.package.items()]
        if package:
            found.append(Section(_("Package"), package))
        if record.gaps:
            found.append(Section(_("Gaps"), [Fact(str(number), gap) for number, gap in enumerate(record.gaps, 1)]))
        return found


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("text", value))
    if isinstance(value, list):
        return "; ".join(_text(item) for item in value)
    return str(value)
