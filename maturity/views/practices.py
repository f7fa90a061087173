"""Pages of the as-is inventory: one current practice per department and step."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from core.text import row_key
from maturity.filters import PracticeFilter
from maturity.forms import PracticeEditForm, PracticeForm
from maturity.models import Practice
from maturity.services import practice as services
from process.outlet import Outlet
from process.shapes import MenuPage


class PracticeOutlet(Outlet):
    """The as-is inventory."""

    model = Practice
    services = services
    form = PracticeForm
    edit_form = PracticeEditForm
    filterset = PracticeFilter
    icon = "clipboard-list"
    menu_pages = (
        MenuPage(_("Digital coverage"), "maturity:coverage", "gauge"),
        MenuPage(_("Maturity"), "maturity:levels", "stairs"),
    )
    columns = ("code", "step_label", "department", "medium", "fit", "owner", "due_on", "state")
    related = ("owner", "department")
    facts = (
        (_("Step"), ("step_label", "department")),
        (_("As it is"), ("medium", "fit", "pain", "gap", "reason")),
        (_("As it will be"), ("owner", "due_on")),
    )
    sorts = {"code": ("code", "id"), "step": ("step", "id"), "end": ("due_on", "id")}
    create_label = _("Record a step")
    empty_text = _(
        "How does each department do its steps today? "
        "Fill in the spreadsheet of digital coverage, or record them one by one."
    )

    def heading(self, record: Any) -> str:
        return str(record.subject)

    def require_open(self, given: Mapping[str, Any], actor: Actor) -> None:
        """Whoever names a department must keep its inventory; who names none yet, that of any department."""
        named = given.get("department")
        key = row_key(str(getattr(named, "pk", named) or ""))
        begun = Practice(department_id=key)
        self.require(begun, "open", actor)

    def stats(self, record: Any, user: Any) -> list[dict[str, Any]]:
        """How well it fits, and in what it is done."""
        fit = f"{record.fit} / {max(Practice.Fit.values)}"
        return [
            {"label": _now("Done in"), "value": record.get_medium_display()},
            {"label": _now("Fit"), "value": fit},
        ]
