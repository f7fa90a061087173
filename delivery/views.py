"""Pages of delivery: orders with their plan, deliverables, acceptances, changes and early starts."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from delivery import forms
from delivery.models import (
    Acceptance,
    ChangeOrder,
    Deliverable,
    DeliveryOrder,
    EarlyStart,
    Milestone,
    Risk,
    Shipment,
    StatusReport,
    WorkRecord,
)
from delivery.services import acceptance, change, deliverable, early, order
from process import access, show
from process.outlet import Outlet
from process.shapes import Act, Action, Cell, Lines, Row, Table

TEAM = ("fr", "owner", "member")
RISKERS = (*TEAM, "ar", "sr", "pfc")
SHIPPING = ("in_progress", "in_acceptance")


def rows_of(found: Any, model: type[models.Model], names: tuple[str, ...]) -> tuple[list[Any], list[Row]]:
    """Columns and rows of plain children, by field names."""
    columns = [show.column(model, name) for name in names]
    return columns, [Row([show.cell(one, name) for name in names]) for one in found]


def records_of(found: Any, model: type[Any], names: tuple[str, ...]) -> tuple[list[Any], list[Row]]:
    """Columns and rows of records, each leading to its page."""
    columns = [show.column(model, name) for name in names]
    return columns, [Row([show.cell(one, name) for name in names], url=one.get_absolute_url()) for one in found]


class OrderOutlet(Outlet):
    """Delivery orders: what is promised, how far it is, what stands in the way."""

    model = DeliveryOrder
    services = order
    form = forms.OrderForm
    edit_form = forms.OrderEditForm
    verb_forms = {"accept": forms.AcceptOrderForm}
    acts = {
        "report": Act(_("Report status"), forms.ReportForm, who=TEAM),
        "add_milestone": Act(_("Add milestone"), forms.MilestoneForm, who=TEAM),
        "finish_milestone": Act(_("Milestone reached"), forms.FinishMilestoneForm, who=TEAM),
        "add_shipment": Act(_("Ship goods"), forms.ShipmentForm, who=(*TEAM, "stockkeeper"), states=SHIPPING),
        "sign_for_goods": Act(_("Goods signed for"), forms.SignForGoodsForm, who=TEAM),
        "add_work_record": Act(_("Record work"), forms.WorkForm, who=TEAM),
        "add_risk": Act(_("Add risk"), forms.RiskForm, who=RISKERS),
        "close_risk": Act(_("Close risk"), forms.CloseRiskForm, who=RISKERS),
        "offer_next": Act(_("Offer again"), who=("@may_offer_again",), states=("accepted", "closed")),
    }
    icon = "truck-delivery"
    columns = ("code", "title", "project", "contract", "planned_end_on", "owner", "state")
    panel_columns = ("code", "title", "planned_end_on", "owner", "state")
    related = ("owner", "project", "contract")
    facts = (
        (_("Delivery"), ("project", "contract", "book", "owner", "scope", "promises")),
        (
            _("Dates"),
            ("planned_start_on", "planned_end_on", "kickoff_on", "accepted_on", "warranty_from", "warranty_until"),
        ),
    )
    board_states = ("planned", "in_progress", "in_acceptance", "accepted", "suspended")
    sorts = {"code": ("code", "id"), "end": ("planned_end_on", "id")}
    create_label = _("New delivery order")
    empty_text = _("A delivery order opens when delivery takes a contract over, or when an early start is permitted.")

    def stats(self, record: DeliveryOrder, user: User) -> list[dict[str, Any]]:
        goals = list(record.milestones.all())
        done = sum((one.weight for one in goals if one.done_on), start=0)
        late = sum(one.is_late() for one in goals)
        last = record.reports.first()
        risks = [one.weight for one in record.risks.filter(closed_on=None)]
        tone = {"off_track": "bad", "at_risk": "warn"}.get(last.health, "good") if last else "warn"
        return [
            {"label": _("Progress"), "value": f"{done:.0f} %", "tone": "bad" if late else ""},
            {"label": _("Late milestones"), "value": str(late), "tone": "bad" if late else ""},
            {
                "label": _("Status"),
                "value": last.get_health_display() if last else _("no report yet"),
                "sub": last.on.isoformat() if last else "",
                "tone": tone,
            },
            {"label": _("Highest risk"), "value": str(max(risks, default=0)), "sub": "/ 25"},
        ]

    def tables(self, record: DeliveryOrder, user: User) -> list[Table]:
        """The plan and what happened; what is empty and cannot be added to is left out."""
        actor = Actor.of(user)
        risk = ("kind", "text", "weight", "measure", "holder", "closed_on")
        found = [
            self._children(record, actor, Milestone, "add_milestone", ("name", "weight", "planned_on", "done_on")),
            self._records(record, Deliverable, record.deliverables.order_by("pk"), _("Deliverables")),
            self._records(record, Acceptance, record.acceptances.order_by("pk"), _("Acceptances")),
            self._children(record, actor, Shipment, "add_shipment", ("on", "carrier", "text", "signed_on", "signer")),
            self._children(record, actor, WorkRecord, "add_work_record", ("on", "kind", "text", "by")),
            self._children(record, actor, StatusReport, "report", ("on", "health", "text", "by")),
            self._children(record, actor, Risk, "add_risk", risk),
            self._records(record, ChangeOrder, record.change_orders.order_by("pk"), _("Change orders")),
        ]
        return [table for table in found if table.rows or table.add_url]

    def _children(
        self, record: DeliveryOrder, actor: Actor, model: type[models.Model], act: str, names: tuple[str, ...]
    ) -> Table:
        """A table of plain rows with the act that adds one."""
        found = model._default_manager.filter(order=record)
        keys = [name for name in names if name in ("by", "kind", "holder") and model._meta.get_field(name).is_relation]
        columns, rows = rows_of(found.select_related(*keys)[:200] if keys else found[:200], model, names)
        offered = self.acts[act]
        may = record.state in (offered.states or record.states.open) and access.may_any(offered.who, record, actor)
        return Table(
            model._meta.verbose_name_plural,
            columns,
            rows,
            id=act.replace("_", "-"),
            add_url=self.url("verb", record.pk, act) if may else "",
            add_label=offered.label,
            add_modal=True,
            empty_text=_("Nothing here yet."),
        )

    def _records(self, record: DeliveryOrder, model: type[Any], found: Any, title: Any) -> Table:
        columns, rows = records_of(found, model, ("code", "title", "state"))
        return Table(title, columns, rows, empty_text=_("Nothing here yet."))

    def actions(self, record: DeliveryOrder, user: User) -> list[Action]:
        if record.state == "closed" or not access.may_any(TEAM, record, Actor.of(user)):
            return []
        case = f"?case={record.case_id}&order={record.pk}"
        found = [
            Action(_("New deliverable"), f"{DeliverableOutlet().url('new')}{case}"),
            Action(_("New acceptance"), f"{AcceptanceOutlet().url('new')}{case}"),
        ]
        if record.contract_id:
            found.append(
                Action(_("New change order"), f"{ChangeOutlet().url('new')}{case}&contract={record.contract_id}")
            )
        return found


class DeliverableOutlet(Outlet):
    """Deliverables: what was given to the customer and what the customer said."""

    model = Deliverable
    services = deliverable
    form = forms.DeliverableForm
    edit_form = forms.DeliverableEditForm
    verb_forms = {
        "submit": forms.SubmittedForm,
        "accept": forms.AnswerForm,
        "accept_with_remarks": forms.RemarksForm,
        "reject": forms.AnswerForm,
        "clear": forms.ClearForm,
    }
    icon = "package"
    columns = ("code", "title", "order", "quantity", "due_on", "owner", "state")
    panel_columns = ("code", "title", "due_on", "state")
    related = ("owner", "order")
    facts = (
        (_("Deliverable"), ("order", "milestone", "description", "quantity", "due_on", "owner")),
        (_("Answer"), ("submitted_on", "answered_on", "signer", "remarks", "remarks_due_on", "cleared_on")),
    )
    sorts = {"code": ("code", "id"), "due": ("due_on", "id")}
    create_label = _("New deliverable")
    empty_text = _("Everything the customer is to receive and to accept, one by one.")


def release_rows(record: Acceptance) -> list[dict[str, Any]]:
    """The shares of a draft as its form takes them."""
    return [{"term": one.term_id, "share_percent": one.share_percent} for one in record.releases.all()]


class AcceptanceOutlet(Outlet):
    """Acceptances: the customer's signatures and what each released."""

    model = Acceptance
    services = acceptance
    form = forms.AcceptanceForm
    edit_form = forms.AcceptanceEditForm
    verb_forms = {"sign": forms.SignForm}
    lines = {
        "releases": Lines(
            forms.ReleaseForm, _("Releases of payment terms"), read=release_rows, add_label=_("Add release")
        )
    }
    icon = "checkbox"
    columns = ("code", "title", "kind", "order", "signed_on", "owner", "state")
    panel_columns = ("code", "kind", "signed_on", "state")
    related = ("owner", "order", "kind")
    facts = (
        (_("Acceptance"), ("order", "kind", "is_final", "scope", "criteria", "planned_on", "owner")),
        (_("Signature"), ("signed_on", "signer", "result", "seal", "remarks", "remarks_due_on", "net_recognised")),
    )
    sorts = {"code": ("code", "id"), "signed": ("signed_on", "id")}
    create_label = _("New acceptance")
    empty_text = _("An acceptance releases exactly its share of the payment terms when the customer signs it.")

    def tables(self, record: Acceptance, user: User) -> list[Table]:
        found = record.releases.select_related("term__event")
        columns = [
            show.column(type(record).releases.rel.related_model, name)
            for name in ("term", "share_percent", "gross_amount")
        ]
        rows = [
            Row([Cell(str(one.term)), Cell(f"{one.share_percent:.2f} %", cls="num"), show.cell(one, "gross_amount")])
            for one in found
        ]
        return [Table(_("Releases of payment terms"), columns, rows, empty_text=_("It releases no payment term."))]


def line_rows(record: ChangeOrder) -> list[dict[str, Any]]:
    """The lines of a draft as its form takes them."""
    return [
        {"name": one.name, "tax_rate": one.tax_rate_id, "gross_amount": one.gross_amount} for one in record.lines.all()
    ]


def cost_rows(record: ChangeOrder) -> list[dict[str, Any]]:
    """The costs of a draft as its form takes them."""
    return [{"category": one.category_id, "text": one.text, "net_amount": one.net_amount} for one in record.costs.all()]


class ChangeOutlet(Outlet):
    """Change orders: value, terms, receivables and budget in one act."""

    model = ChangeOrder
    services = change
    form = forms.ChangeOrderForm
    edit_form = forms.ChangeOrderEditForm
    verb_forms = {"agree": forms.AgreeForm}
    lines = {
        "lines": Lines(forms.ChangeLineForm, _("Change of the contract"), read=line_rows, add_label=_("Add line")),
        "costs": Lines(
            forms.ChangeCostForm, _("Change of the budget"), read=cost_rows, add_label=_("Add cost"), cost=True
        ),
    }
    icon = "git-compare"
    columns = ("code", "title", "contract", "reason", "gross_amount", "net_cost", "owner", "state")
    panel_columns = ("code", "reason", "gross_amount", "state")
    related = ("owner", "contract", "reason")
    facts = (
        (_("Change"), ("contract", "order", "reason", "scope", "gross_amount", "net_amount", "net_cost", "new_end_on")),
        (_("Agreement"), ("agreed_on", "agreed_by", "effective_on", "net_recognised")),
    )
    amount_field = "gross_amount"
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    create_label = _("New change order")
    empty_text = _("A change order moves contract, payment terms, receivables and budget together, or not at all.")

    def tables(self, record: ChangeOrder, user: User) -> list[Table]:
        names = ("name", "tax_rate", "gross_amount", "net_amount", "tax_amount")
        lines = record.lines.select_related("tax_rate")
        columns, rows = rows_of(lines, lines.model, names)
        tables = [Table(_("Change of the contract"), columns, rows, empty_text=_("The value does not change."))]
        if user.has_right("see_cost"):
            costs = record.costs.select_related("category")
            columns, rows = rows_of(costs, costs.model, ("category", "text", "net_amount"))
            tables.append(Table(_("Change of the budget"), columns, rows, empty_text=_("The budget does not change.")))
        return tables


class EarlyOutlet(Outlet):
    """Early starts: permits to begin before signature, with their exposure."""

    model = EarlyStart
    services = early
    form = forms.EarlyStartForm
    edit_form = forms.EarlyStartEditForm
    icon = "alarm"
    columns = ("code", "title", "project", "net_cap_amount", "ends_on", "owner", "state")
    panel_columns = ("code", "net_cap_amount", "ends_on", "state")
    related = ("owner", "project")
    facts = (
        (_("Permit"), ("project", "order", "reason", "scope", "net_cap_amount", "started_on", "ends_on")),
        (_("Contract"), ("expected_sign_on",)),
    )
    amount_field = "net_cap_amount"
    sorts = {"code": ("code", "id"), "end": ("ends_on", "id")}
    create_label = _("New early start")
    empty_text = _("Work or shipment before signature needs a permit with a cap and an end.")

    def stats(self, record: EarlyStart, user: User) -> list[dict[str, Any]]:
        if not user.has_right("see_cost") or record.started_on is None:
            return []
        used = record.exposure()
        percent = used * 100 / record.net_cap_amount
        tone = "bad" if percent >= 100 else "warn" if percent >= 80 else "good"
        return [
            {"label": _("Cap (excl. tax)"), "value": show.text_of(record.net_cap_amount)},
            {"label": _("Exposure"), "value": show.text_of(used), "sub": f"{percent:.0f} %", "tone": tone},
        ]
