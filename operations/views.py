"""Pages of operations: agreements with their installed base, inspections, tickets with their clocks."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from operations import forms
from operations.models import Inspection, InstalledItem, ServiceAgreement, Ticket
from operations.services import agreement, inspection, ticket
from process import access, show
from process.outlet import Outlet
from process.shapes import Act, Action, Column, Lines, Row, Table

DESK = ("service", "owner", "@is_service_desk")
NEEDERS = (*DESK, "ar", "sr", "fr", "member")


class AgreementOutlet(Outlet):
    """Service agreements: warranty, service, renewal."""

    model = ServiceAgreement
    services = agreement
    form = forms.AgreementForm
    edit_form = forms.AgreementEditForm
    verb_forms = {"renew": forms.RenewForm}
    acts = {
        "add_item": Act(_("Add installed item"), forms.ItemForm, who=DESK),
        "confirm_warranty_end": Act(
            _("Confirm warranty end"),
            forms.WarrantyEndForm,
            who=(*DESK, "fr", "pfc"),
            states=("in_warranty", "in_service"),
        ),
        "raise_lead": Act(
            _("New need: make a lead"), forms.LeadForm, who=NEEDERS, states=tuple(ServiceAgreement.states.by_code)
        ),
    }
    icon = "shield-check"
    columns = ("code", "title", "customer", "cover", "warranty_until", "service_until", "owner", "state")
    panel_columns = ("code", "cover", "warranty_until", "service_until", "state")
    related = ("owner", "customer", "cover")
    facts = (
        (_("Agreement"), ("project", "customer", "contract", "order", "previous", "cover", "scope", "owner")),
        (
            _("Dates"),
            ("warranty_from", "warranty_until", "warranty_ended_on", "service_until", "gross_yearly_amount", "book"),
        ),
    )
    sorts = {"code": ("code", "id"), "warranty": ("warranty_until", "id"), "service": ("service_until", "id")}
    create_label = _("New service agreement")
    empty_text = _("An agreement opens when operations take an accepted delivery over.")

    def stats(self, record: ServiceAgreement, user: User) -> list[dict[str, Any]]:
        end = record.warranty_until if record.state == "in_warranty" else record.service_until
        left = (end - today()).days if end else None
        waiting = record.tickets.filter(state__in=Ticket.states.active).count()
        return [
            {
                "label": _("Days left"),
                "value": "–" if left is None else str(left),
                "sub": end.isoformat() if end else "",
                "tone": "warn" if left is not None and left <= 30 else "",
            },
            {"label": _("Open tickets"), "value": str(waiting), "tone": "warn" if waiting else "good"},
        ]

    def tables(self, record: ServiceAgreement, user: User) -> list[Table]:
        names = ("name", "serial", "quantity", "place", "warranty_until")
        columns = [show.column(InstalledItem, name) for name in names]
        rows = [Row([show.cell(one, name) for name in names]) for one in record.items.all()[:200]]
        may = record.is_open and access.may_any(DESK, record, Actor.of(user))
        items = Table(
            _("Installed base"),
            columns,
            rows,
            add_url=self.url("verb", record.pk, "add_item") if may else "",
            add_label=_("Add installed item"),
            add_modal=True,
            empty_text=_("What the customer uses stands here, each with its serial number and its warranty."),
        )
        return [items, *(_own(record, one) for one in (TicketOutlet, InspectionOutlet))]

    def actions(self, record: ServiceAgreement, user: User) -> list[Action]:
        if record.state in record.states.ends:
            return []
        case = f"?agreement={record.pk}"
        found = [Action(_("New ticket"), f"{TicketOutlet().url('new')}{case}")]
        if access.may_any(DESK, record, Actor.of(user)):
            found.append(Action(_("Plan inspection"), f"{InspectionOutlet().url('new')}{case}"))
        return found


def _own(record: ServiceAgreement, outlet: type[Outlet]) -> Table:
    """The agreement's tickets or inspections, newest first."""
    model = outlet.model
    columns = [show.column(model, name) for name in ("code", "title", "state")]
    found = model._default_manager.filter(agreement=record).order_by("-pk")[:50]
    rows = [Row([show.cell(one, column.key) for column in columns], url=one.get_absolute_url()) for one in found]
    return Table(model._meta.verbose_name_plural, columns, rows, empty_text=_("Nothing here yet."))


AgreementOutlet.lines = {"items": Lines(forms.ItemLineForm, _("Installed base"), add_label=_("Add installed item"))}


class InspectionOutlet(Outlet):
    """Inspections: planned visits and what they found."""

    model = Inspection
    services = inspection
    form = forms.InspectionForm
    edit_form = forms.InspectionEditForm
    verb_forms = {"perform": forms.PerformForm}
    acts = {
        "raise_lead": Act(_("New need: make a lead"), forms.LeadForm, who=DESK, states=tuple(Inspection.states.by_code))
    }
    icon = "clipboard-check"
    columns = ("code", "title", "agreement", "planned_on", "performed_on", "owner", "state")
    panel_columns = ("code", "planned_on", "performed_on", "state")
    related = ("owner", "agreement")
    facts = (
        (_("Inspection"), ("agreement", "planned_on", "checklist", "owner")),
        (_("Result"), ("performed_on", "findings", "advice")),
    )
    sorts = {"code": ("code", "id"), "planned": ("planned_on", "id")}
    create_label = _("Plan inspection")
    empty_text = _("Regular visits find faults before the customer does, and needs before the competitor does.")


class TicketOutlet(Outlet):
    """Tickets: what the customer reported, with the clocks of what we promised."""

    model = Ticket
    services = ticket
    form = forms.TicketForm
    edit_form = forms.TicketEditForm
    verb_forms = {
        "assign": forms.AssignForm,
        "resolve": forms.ResolveForm,
        "close": forms.CloseTicketForm,
        "merge": forms.MergeForm,
    }
    acts = {
        "raise_lead": Act(_("New need: make a lead"), forms.LeadForm, who=DESK, states=tuple(Ticket.states.by_code))
    }
    icon = "lifebuoy"
    columns = ("code", "title", "agreement", "kind", "priority", "resolve_due_at", "owner", "state")
    panel_columns = ("code", "title", "priority", "resolve_due_at", "state")
    related = ("owner", "agreement", "kind")
    facts = (
        (_("Report"), ("agreement", "item", "kind", "priority", "reported_at", "reporter", "description", "owner")),
        (
            _("Clocks"),
            (
                "clock",
                "response_due_at",
                "responded_at",
                "arrive_due_at",
                "restore_due_at",
                "resolve_due_at",
                "waiting_since",
                "paused_hours",
            ),
        ),
        (_("Result"), ("resolved_at", "closed_at", "solution", "satisfaction", "merged_into")),
    )
    board_states = ("new", "assigned", "in_progress", "waiting", "resolved")
    sorts = {"code": ("code", "id"), "due": ("resolve_due_at", "id"), "priority": ("priority", "id")}
    create_label = _("New ticket")
    empty_text = _("Faults, questions and complaints of customers, each with its promise of response and resolution.")

    row_decorates = True

    def row(self, record: Ticket, columns: list[Column], user: User) -> Row:
        """A broken promise stands out."""
        row = super().row(record, columns, user)
        for column, cell in zip(columns, row.cells, strict=True):
            if column.key == "resolve_due_at" and record.is_open and record.is_overdue:
                cell.cls, cell.sub = "neg", str(_("Overdue"))
        return row

    def stats(self, record: Ticket, user: User) -> list[dict[str, Any]]:
        now = timezone.now()
        ended = record.resolved_at or now
        return [
            _promise(_("Respond by"), record.response_due_at, record.responded_at, now),
            _promise(_("Resolve by"), record.resolve_due_at, record.resolved_at, now),
            {"label": _("Time used"), "value": f"{ticket.used_percent(record, ended)} %"},
        ]


def _promise(label: Any, due: dt.datetime | None, kept: dt.datetime | None, now: dt.datetime) -> dict[str, Any]:
    """One promise with whether it was kept."""
    late = due is not None and (kept or now) > due
    words = _("kept") if kept else _("running")
    return {
        "label": label,
        "value": show.text_of(due),
        "sub": _("missed") if late else words,
        "tone": "bad" if late else "",
    }
