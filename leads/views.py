"""Pages of leads: list, board, the lead with its contacts, the tombstone that leads on."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request
from leads import services
from leads.filters import LeadFilter
from leads.forms import (
    FollowUpForm,
    InvalidateForm,
    LeadForm,
    MergeForm,
    NurtureForm,
    OwnerForm,
    PoolForm,
    QualifyForm,
    ReopenForm,
)
from leads.models import FollowUp, Lead
from process import access, show
from process.outlet import Outlet
from process.shapes import Act, Action, Column, Row, Table
from process.views.details import detail, visible

IN_HAND = ("assigned", "working", "nurturing")


class LeadOutlet(Outlet):
    """Leads: from the first signal to the qualified need."""

    model = Lead
    services = services
    form = LeadForm
    filterset = LeadFilter
    icon = "target-arrow"
    verb_forms = {
        "assign": OwnerForm,
        "reopen": ReopenForm,
        "pool": PoolForm,
        "nurture": NurtureForm,
        "invalidate": InvalidateForm,
        "qualify": QualifyForm,
        "merge": MergeForm,
    }
    acts = {
        "add_follow_up": Act(_("Log a contact"), FollowUpForm, who=("owner",), states=IN_HAND),
        "reassign": Act(_("Hand on to a colleague"), OwnerForm, who=("owner", "lead_manager"), states=IN_HAND),
    }
    # What was done in the days before special approvals.
    log_labels = {"waive_score": _("Waive the score")}
    columns = (
        "code",
        "title",
        "company_name",
        "source",
        "temperature",
        "gross_amount",
        "next_action_on",
        "owner",
        "state",
    )
    related = ("owner", "source", "customer", "department")
    list_related = ("owner", "source")
    facts = (
        (_("Company"), ("company_name", "customer", "contact_name", "phone", "email", "industry", "region", "tax_id")),
        (_("Need"), ("need", "product_interest", "source", "origin_text", "external_ref")),
        (
            _("Chance"),
            ("temperature", "gross_amount", "currency", "expected_on", "budget_known", "decision_maker_known"),
        ),
        (_("What comes next"), ("next_action", "next_action_on", "wake_on", "hold_reason", "first_response_due_at")),
        (
            _("Who holds it"),
            ("owner", "department", "assigned_at", "started_at", "previous_owner", "pooled_at", "pool_reason"),
        ),
        (_("How it ended"), ("invalid_reason", "merged_into")),
    )
    board_states = ("new", "assigned", "working", "nurturing", "pooled", "qualified")
    amount_field = "gross_amount"
    sorts = {
        "code": ("code", "id"),
        "company": ("company_name", "id"),
        "amount": ("gross_amount", "id"),
        "next_act": ("next_action_on", "id"),
    }
    create_label = _("New lead")
    empty_text = _("A lead is any signal that somebody may buy. Collect one; a lead manager distributes it.")
    panel_columns = ("code", "title", "owner", "state")
    row_decorates = True

    def row(self, record: Any, columns: list[Column], user: User) -> Row:
        """A late next act stands out."""
        row = super().row(record, columns, user)
        for column, cell in zip(columns, row.cells, strict=True):
            if column.key == "next_action_on" and record.is_overdue:
                cell.cls, cell.sub = "neg", str(_("Overdue"))
        return row

    def sections(self, record: Any, user: User) -> list[Any]:
        """What says nothing yet about hands and end is left out."""
        found = super().sections(record, user)
        if record.state not in ("invalid", "merged"):
            found.pop()
        return found

    def stats(self, record: Any, user: User) -> list[dict[str, Any]]:
        """How ripe it is, since when nobody has spoken, what is late."""
        late = record.is_overdue
        amount = show.text_of(record.gross_amount)
        return [
            {"label": _("Score"), "value": str(record.score)},
            {"label": _("Expected amount incl. tax"), "value": amount, "sub": record.currency},
            {"label": _("Last contact"), "value": show.text_of(record.last_contact_at)[:10]},
            {
                "label": _("Next act"),
                "value": show.text_of(record.next_action_on),
                "sub": record.next_action,
                "tone": "danger" if late else "",
            },
        ]

    def tables(self, record: Any, user: User) -> list[Table]:
        """Contacts made, and leads that were merged into this one."""
        tables = [self._follow_ups(record, user)]
        merged = list(record.merged_leads.order_by("pk")[:20])
        if merged:
            columns = [show.column(Lead, name) for name in ("code", "title", "company_name")]
            rows = [self._tombstone(lead, columns, user) for lead in merged]
            tables.append(Table(_("Merged into this lead"), columns, rows, id="merged", has_actions=True))
        return tables

    def _follow_ups(self, record: Lead, user: User) -> Table:
        columns = [
            show.column(FollowUp, name) for name in ("at", "kind", "text", "next_action", "next_action_on", "by")
        ]
        found = record.follow_ups.select_related("kind", "by")[:100]
        rows = [Row([show.cell(one, column.key) for column in columns]) for one in found]
        may_add = record.state in IN_HAND and access.may_any(("owner",), record, Actor.of(user))
        return Table(
            _("Contacts made"),
            columns,
            rows,
            id="follow-ups",
            add_url=self.url("verb", record.pk, "add_follow_up") if may_add else "",
            add_label=_("Log a contact"),
            add_modal=True,
            empty_text=_("Nobody has spoken with the customer yet."),
        )

    def _tombstone(self, lead: Lead, columns: list[Column], user: User) -> Row:
        row = Row([show.cell(lead, column.key) for column in columns], url=f"{lead.get_absolute_url()}?stay=1")
        if access.may(lead, "undo_merge", Actor.of(user)):
            row.actions = [Action(_("Undo the merge"), self.url("verb", lead.pk, "undo_merge"), modal=True)]
        return row

    def card(self, record: Any) -> dict[str, Any]:
        """The company under the title, and the next act."""
        card = super().card(record)
        card["sub"] = " · ".join(filter(None, [record.code, record.company_name]))
        return card


def lead_page(outlet: LeadOutlet) -> Any:
    """The lead's page; a merged lead leads to its survivor, unless `?stay=1` asks for the tombstone itself."""
    show_page = detail(outlet)

    def view(request: Request, pk: int) -> HttpResponse:
        if not request.GET.get("stay"):
            record: Any = visible(outlet, request, pk)
            if record.state == "merged":
                return redirect(record.merged_into)
        return show_page(request, pk)

    return view
