"""Pages of customer guidance."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from guidance import services
from guidance.filters import GuidancePlanFilter
from guidance.forms import (
    ActivityForm,
    ChangeRequirementForm,
    ChangeStakeholderForm,
    FinishActivityForm,
    FinishStepForm,
    JudgeForm,
    NewPlanForm,
    PlanForm,
    RequirementForm,
    StakeholderForm,
)
from guidance.models import TEAM, Activity, GuidancePlan, Requirement, Stakeholder
from process import access, show
from process.outlet import Outlet
from process.shapes import Act, Column, Row, Table

RUNNING = services.RUNNING
STANCE_COLOURS = {-2: "red", -1: "orange", 0: "secondary", 1: "lime", 2: "green"}


class GuidancePlanOutlet(Outlet):
    """Guidance plans: who decides, what is needed, what was agreed."""

    model = GuidancePlan
    services = services
    form = NewPlanForm
    edit_form = PlanForm
    filterset = GuidancePlanFilter
    icon = "compass"
    columns = ("code", "title", "project", "owner", "need_confirmed", "solvable", "state")
    related = ("owner", "project")
    facts = (
        (_("Guidance"), ("project", "owner", "goals")),
        (_("Exit conditions"), ("need_confirmed", "budget_plausible", "solvable", "baseline_at")),
    )
    acts = {
        "add_activity": Act(_("Plan an activity"), ActivityForm, who=TEAM, states=RUNNING),
        "finish_activity": Act(_("Log the result"), FinishActivityForm, who=TEAM, states=RUNNING),
        "finish_step": Act(_("Next step done"), FinishStepForm, who=TEAM, states=RUNNING),
        "add_stakeholder": Act(_("Add stakeholder"), StakeholderForm, who=TEAM, states=RUNNING),
        "change_stakeholder": Act(_("Change stakeholder"), ChangeStakeholderForm, who=TEAM, states=RUNNING),
        "add_requirement": Act(_("Add requirement"), RequirementForm, who=TEAM, states=RUNNING),
        "change_requirement": Act(_("Change requirement"), ChangeRequirementForm, who=TEAM, states=RUNNING),
        "judge": Act(_("Say whether it can be solved"), JudgeForm, who=("sr",), states=RUNNING),
    }
    board_states = ("planned", "in_progress", "concluded")
    create_label = _("New guidance plan")
    empty_text = _("A plan opens when the solution manager takes an approved project over.")
    panel_columns = ("code", "title", "owner", "state")

    def tables(self, record: Any, user: User) -> list[Table]:
        """Activities, the people who decide, and the requirements."""
        may_add = record.state in RUNNING and access.may_any(TEAM, record, Actor.of(user))
        return [
            self._activities(record, may_add),
            self._stakeholders(record, may_add),
            self._requirements(record, may_add),
        ]

    def _table(self, record: Any, title: Any, columns: list[Column], rows: list[Row], act: str, **more: Any) -> Table:
        label = self.acts[act].label
        url = self.url("verb", record.pk, act) if more.pop("may_add") else ""
        return Table(title, columns, rows, add_url=url, add_label=label, add_modal=True, **more)

    def _activities(self, record: GuidancePlan, may_add: bool) -> Table:
        names = ("on", "kind", "goal", "attendees", "holder", "result", "next_step", "next_step_on", "step_done_on")
        columns = [show.column(Activity, name) for name in names]
        rows = []
        for one in record.activities.select_related("kind", "holder")[:100]:
            row = Row([show.cell(one, name) for name in names])
            if one.is_overdue:
                late = row.cells[names.index("next_step_on")]
                late.cls, late.sub = "neg", str(_("Overdue"))
            rows.append(row)
        empty = _("No visit, workshop or call is planned yet.")
        return self._table(
            record, _("Activities"), columns, rows, "add_activity", id="activities", may_add=may_add, empty_text=empty
        )

    def _stakeholders(self, record: GuidancePlan, may_add: bool) -> Table:
        names = ("name", "job", "role", "stance", "last_contact_on")
        columns = [show.column(Stakeholder, name) for name in names]
        rows = []
        for one in record.stakeholders.select_related("role")[:100]:
            row = Row([show.cell(one, name) for name in names])
            row.cells[names.index("stance")].badge = STANCE_COLOURS[one.stance]
            rows.append(row)
        empty = _("Who decides, who influences, who uses it?")
        return self._table(
            record,
            _("Stakeholders"),
            columns,
            rows,
            "add_stakeholder",
            id="stakeholders",
            may_add=may_add,
            empty_text=empty,
        )

    def _requirements(self, record: GuidancePlan, may_add: bool) -> Table:
        names = ("number", "statement", "priority", "source", "answer", "effort_days")
        columns = [show.column(Requirement, name) for name in names]
        rows = [Row([show.cell(one, name) for name in names]) for one in record.requirements.all()[:300]]
        note = _("Frozen as the baseline.") if record.baseline_at else ""
        empty = _("Nothing is written down of what the customer needs.")
        return self._table(
            record,
            _("Requirements"),
            columns,
            rows,
            "add_requirement",
            id="requirements",
            may_add=may_add,
            empty_text=empty,
            note=note,
        )
