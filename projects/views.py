"""Pages of projects: list, stage board, the one page for all departments, the ATI decision sheet."""

from typing import Any, ClassVar

from django.core.exceptions import BadRequest
from django.db.models import prefetch_related_objects
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request, actor_of
from approvals import selectors as approvals
from approvals.pages import readable
from core.money import format_money
from core.paging import Page, first_pages
from core.paging import page as page_of
from process import lanes, panels, show, stages
from process.forms import NoteForm
from process.models import CaseRecord, Seat
from process.models.case import SEATS
from process.outlet import Outlet
from process.services import definitions
from process.shapes import Act, Action, Cell, Row, Table
from process.views import detail, record_steps
from process.views.board import asked_column, sum_text, totals_of
from process.views.details import files_fragment, visible
from process.views.lists import may_open, state_views
from projects import forms, page, selectors, services
from projects.filters import ProjectFilter
from projects.models import Project, ResourceNeed
from projects.pack.answer import answer
from projects.services.team import LIVING

CARDS = 20


class ProjectOutlet(Outlet):
    """The spine: from initiation to closed."""

    model = Project
    services = services
    form = forms.ProjectForm
    filterset = ProjectFilter
    icon = "briefcase"
    columns = (
        "code",
        "title",
        "customer_name",
        "stage_label",
        "gross_amount",
        "win_probability",
        "expected_sign_on",
        "owner",
        "state",
    )
    related = ("owner", "customer", "end_user", "book", "variant", "project_type", "funding", "purchase_method")
    list_related = ("owner", "customer", "end_user")
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    board_states = stages.PROJECT_STAGES
    amount_field = "gross_amount"
    case_timeline = True
    template_detail = "projects/project_detail.html"
    create_label = _("New project")
    empty_text = _("A project begins when a qualified lead is taken over. Without a lead, open one here.")
    panel_columns = ("code", "title", "stage_label", "gross_amount", "state")
    export_lookups = {
        "stage_label": (("stage",), stages.label),
        "customer_name": (("customer__title", "end_user__title"), lambda signs, uses: signs or uses),
    }
    facts = (
        (
            _("Deal"),
            (
                "customer",
                "end_user",
                "gross_amount",
                "currency",
                "expected_sign_on",
                "win_probability",
                "variant",
                "level",
                "project_type",
                "funding",
                "purchase_method",
                "presales_net_budget",
                "target_margin",
            ),
        ),
        (_("Objectives and scope"), ("objectives", "scope", "starts_on", "ends_on", "competitors", "risks")),
    )
    verb_forms = {"suspend": forms.SuspendForm, "lose": forms.LoseForm, "cancel": forms.CancelForm}
    acts = {
        "name_triangle": Act(
            _("Name the iron triangle"), forms.TriangleForm, who=("ar", "owner", "director"), states=LIVING
        ),
        "add_resource_need": Act(
            _("Ask for resources"),
            forms.ResourceNeedForm,
            who=("ar", "sr", "fr", "owner"),
            states=("draft", "approved"),
        ),
        "confirm_resource": Act(
            _("Confirm resources"),
            forms.ConfirmResourceForm,
            who=("@is_asked_department_head",),
            states=("draft", "approved"),
        ),
        "offer_next": Act(_("Offer to the next stage"), who=("@may_offer_again",), states=("approved",)),
        "reassign": Act(
            _("Give to another account manager"),
            forms.ReassignForm,
            who=("director", "@heads_owner"),
            states=Project.edit_states,
        ),
        "move_process": Act(
            _("Move to the process in force"),
            NoteForm,
            who=definitions.MOVERS,
            states=("draft", "approved", "suspended"),
        ),
        "step_back": Act(
            _("Back to an earlier stage"),
            forms.StepBackForm,
            who=("@may_step_back",),
            states=("approved", "suspended"),
            danger=True,
        ),
    }
    # The view asked for; set on the instance that serves one request.
    chosen: ClassVar[str] = ""

    def page_queryset(self, user: User) -> Any:
        """With its stages and the people it asks for."""
        return selectors.for_page(super().page_queryset(user))

    def kept(self, record: Any) -> list[CaseRecord]:
        """What the case keeps of its records, asked once for head, stage bar and what is open."""
        if "_kept" not in record.__dict__:
            record.__dict__["_kept"] = selectors.kept_rows(record)
        found: list[CaseRecord] = record.__dict__["_kept"]
        return found

    def kept_row(self, record: Any) -> CaseRecord | None:
        """The case's row about the project."""
        return next((row for row in self.kept(record) if row.kind == record.record_kind()), None)

    def stagebar(self, record: Any) -> list[dict[str, Any]]:
        """Where the deal stands."""
        return selectors.stages_of(record, self.kept(record))

    def actions(self, record: Any, user: User) -> list[Action]:
        """The decision sheet on one page; what proves how the deal went, as a file."""
        return [
            Action(_("Decision sheet"), record.sheet_url()),
            Action(_("Evidence pack"), reverse("projects:evidence-pack", args=[record.pk])),
        ]

    def tables(self, record: Any, user: User) -> list[Table]:
        """Whom the project asks for, while it is being decided."""
        prefetch_related_objects([record], selectors.NEEDS)
        needs = list(record.resource_needs.all())
        if not needs and record.stage != "initiation":
            return []
        return [resource_table(needs)]

    def context(self, record: Any, user: User) -> dict[str, Any]:
        """The panels in the reader's order, and what is open."""
        view = self.chosen if self.chosen in page.VIEWS else page.first_view(record, user)
        waiting = selectors.open_records(record, self.kept(record), user)
        return {
            **page.context(record, user, view),
            "waiting": waiting,
            "next_act": next((one for one in waiting if one.mine and one.url), None),
        }

    def stats(self, record: Any, user: User) -> list[dict[str, Any]]:
        """Value and chance, from the contract on its money; margin and cost for those who may see them."""
        amount = format_money(record.gross_amount, record.currency) if record.gross_amount is not None else "–"
        chance = f"{record.win_probability} %" if record.win_probability is not None else "–"
        signed = _now("signature expected %(day)s") % {"day": show.text_of(record.expected_sign_on)}
        shown = [
            {"label": _now("Expected amount"), "value": amount},
            {"label": _now("Win probability"), "value": chance, "sub": signed},
        ]
        shown = panels.figures(record.record_kind(), record.case_id, user) or shown
        if not user.has_right("see_cost") or record.book is None:
            return shown
        margin = selectors.estimate_margin(record)
        tone = "bad" if margin is not None and margin < 0 else ""
        spent, budget = record.book.net_cost, record.presales_net_budget
        note = _now("presales budget %(amount)s") % {"amount": format_money(budget)} if budget is not None else ""
        percent = f"{margin} %" if margin is not None else "–"
        return [
            *shown,
            {"label": _now("Estimated margin"), "value": percent, "tone": tone},
            {"label": _now("Cost to date"), "value": format_money(spent), "sub": note},
        ]


def resource_table(needs: list[ResourceNeed]) -> Table:
    """Department, role, days and the promise."""
    names = ("department", "role", "days", "confirmed_by", "confirmed_at")
    columns = [show.column(ResourceNeed, name) for name in names]
    rows = [Row([show.cell(need, name) for name in names]) for need in needs]
    return Table(_("Resources"), columns, rows, empty_text=_("Ask the departments for people before ATI."))


def project_page(request: Request, pk: int) -> HttpResponse:
    """One page for all departments; `?view=` puts the panels of AR, SR or FR first."""
    outlet = ProjectOutlet()
    outlet.chosen = request.GET.get("view", "")
    return detail(outlet)(request, pk)


def first_screen(request: Request, pk: int) -> HttpResponse:
    """What stands on the first screen, in one answer: the panels named by `?panel=`, the checklist and the files."""
    outlet = ProjectOutlet()
    record: Any = visible(outlet, request, pk)
    shown = {one["name"]: one for one in page.panels_for(record, request.user)}
    asked = request.GET.getlist("panel")
    if not set(asked) <= shown.keys() or len(asked) > 1 + page.OPEN_PANELS:
        raise BadRequest(_now("Unknown panel."))
    parts = [{"slot": shown[name]["slot"], "content": panels.draw(shown[name]["url"], request)} for name in asked]
    parts.append({"slot": page.CHECKLIST, "content": record_steps.fragment(outlet, record, request)})
    parts.append({"slot": "files", "content": files_fragment(outlet, record, request)})
    return render(request, "projects/_first_screen.html", {"parts": parts})


def evidence_pack(request: Request, pk: int) -> FileResponse:
    """The evidence pack of a project, for those who may see it."""
    record: Any = visible(ProjectOutlet(), request, pk)
    file, digest = services.export_evidence(record, by=actor_of(request))
    return answer(file, digest, record.code)


# The board by stage --------------------------------------------------------------------------------
def _cards(outlet: Outlet, stage: str, found: Page[Any]) -> tuple[list[dict[str, Any]], str]:
    shown = []
    for record in found.rows:
        card = outlet.card(record) | {"badge": record.state_label, "badge_colour": record.state_colour}
        card["sub"] = f"{record.code} {record.customer_name}".strip()
        shown.append(card)
    more = f"{outlet.url('board')}?column={stage}&cursor={found.next_cursor}" if found.next_cursor else ""
    return shown, more


def stage_board(request: Any) -> HttpResponse:
    """Running projects by stage. A stage is entered by its handover, so cards are read, not dragged."""
    outlet = ProjectOutlet()
    column = asked_column(request, stages.PROJECT_STAGES)
    visible: Any = outlet.list_queryset(request.user)
    running = visible.open()
    if column:
        cursor = request.GET.get("cursor")
        found = page_of(running.filter(stage=column), keyset=outlet.order, cursor=cursor, size=CARDS)
        shown, more = _cards(outlet, column, found)
        return render(request, "generic/_cards.html", {"cards": shown, "more_url": more})
    columns = []
    codes = stages.PROJECT_STAGES[:-1]
    totals = totals_of(outlet, running, "stage", codes, request)
    pages = first_pages(running, by="stage", values=codes, keyset=outlet.order, size=CARDS)
    for code, total, found in zip(codes, totals, pages, strict=True):
        shown, more = _cards(outlet, code, found)
        columns.append(
            {
                "state": code,
                "label": stages.label(code),
                "colour": "blue",
                "count_text": f"{total.number}+" if total.capped else str(total.number),
                "sum_text": sum_text(total, request.LANGUAGE_CODE),
                "cards": shown,
                "more_url": more,
            }
        )
    context = {
        "title": Project._meta.verbose_name_plural,
        "views": state_views(outlet, request),
        "columns": columns,
        "new_url": outlet.url("new") if may_open(outlet, request) else "",
        "new_label": outlet.create_label,
    }
    return render(request, "generic/board.html", context)


# ATI on one page -----------------------------------------------------------------------------------
def decision_sheet(request: Any, pk: int) -> HttpResponse:
    """What the deciders of ATI see: facts, estimate, people, resources, gaps and opinions on one page."""
    outlet = ProjectOutlet()
    record: Any = visible(outlet, request, pk)
    may_see_cost = request.user.has_right("see_cost")
    context = {
        "record": record,
        "title": _now("Decision sheet %(code)s") % {"code": record.code},
        "sections": outlet.sections(record, request.user),
        "figures": _figures(record, request.user),
        "estimate": _estimate(record) if may_see_cost else None,
        "seats": _triangle(record),
        "resources": resource_table(list(record.resource_needs.select_related("department", "confirmed_by"))),
        "gaps": [{"text": str(gap), "link": gap.link} for gap in record.ready()] if record.state == "draft" else [],
        "requests": _requests(record),
    }
    return render(request, "projects/decision_sheet.html", context)


def _figures(record: Project, user: User) -> list[dict[str, Any]]:
    facts = record.decision_facts(Actor.of(user))
    return [{"label": label, "value": value} for label, value in readable(facts, user, type(record))]


def _estimate(record: Project) -> Table | None:
    sheet = selectors.current_estimate(record)
    if sheet is None:
        return None
    lines = sheet.lines.select_related("category")
    columns = [show.column(lines.model, name) for name in ("category", "text", "gross_amount", "net_amount")]
    rows = [Row([show.cell(line, column.key) for column in columns]) for line in lines]
    margin = f"{sheet.margin_percent} %" if sheet.margin_percent is not None else "–"
    footer = [Cell(_now("Cost")), Cell(""), Cell(""), Cell(format_money(sheet.net_cost), cls="num")]
    note = f"{sheet.code} · {sheet.state_label} · {_now('Margin')} {margin}"
    return Table(_("Estimate"), columns, rows, footer_cells=footer, note=note)


def _triangle(record: Project) -> list[dict[str, Any]]:
    held = {one.role: one for one in Seat.objects.current().filter(case_id=record.case_id).select_related("user")}
    roles = [role for role in SEATS if role in ("ar", "sr", "fr") or role in held]
    return [
        {
            "role": SEATS[role],
            "name": str(held[role].user) if role in held else "",
            "since": show.text_of(held[role].during.lower)[:10] if role in held else "",
            "vacant": role not in held,
        }
        for role in roles
    ]


def _requests(record: Project) -> list[dict[str, Any]]:
    """Each request with its opinions, newest first."""
    labels = lanes.labels()
    return [
        {
            "code": found.code,
            "state_label": found.state_label,
            "state_colour": found.state_colour,
            "opinions": [
                {
                    "role": labels.get(one.role, one.role),
                    "kind": one.get_kind_display(),
                    "who": str(one.decided_by or ""),
                    "opinion": one.get_opinion_display() if one.opinion else "",
                    "comment": one.comment,
                    "conditions": one.conditions,
                    "at": show.text_of(one.decided_at) if one.decided_at else "",
                }
                for one in found.decisions.all()
            ],
        }
        for found in approvals.requests_of(record)
    ]
