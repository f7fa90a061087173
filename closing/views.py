"""Pages of the final accounts: the four costings as they stand, what is missing, the lessons."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request
from closing import forms, learning, selectors, services
from closing.models import Closing, ClosingLine
from core.money import format_money
from process import access, show
from process.outlet import Outlet, outlet_of
from process.shapes import Act, Cell, Column, Row, Section, Table

ACCOUNTANTS = ("pfc", "@is_accountant")


class ClosingOutlet(Outlet):
    """Final accounts 决算: provisional, then final."""

    model = Closing
    services = services
    form = forms.ClosingForm
    edit_form = forms.LessonsForm
    verb_forms = {"reopen": forms.ReopenForm}
    acts = {
        "explain": Act(_("Explain variance"), forms.ExplainForm, who=(*ACCOUNTANTS, "fr", "owner")),
        "terminate_contract": Act(
            _("Terminate contract"), forms.TerminateContractForm, who=ACCOUNTANTS, states=("draft",), danger=True
        ),
    }
    icon = "archive"
    columns = ("code", "title", "project", "kind", "gross_contract", "gross_received", "net_margin", "owner", "state")
    panel_columns = ("code", "kind", "gross_contract", "gross_received", "state")
    related = ("owner", "project")
    facts = (
        (_("Final accounts"), ("project", "kind", "provisional_on", "final_on", "locks_again_on", "settlement")),
        (_("With tax"), ("gross_contract", "gross_invoiced", "gross_received", "gross_retention")),
        (_("Without tax"), ("net_recognised", "net_cost", "net_margin", "margin_percent")),
        (_("Lessons learnt"), ("lessons",)),
    )
    amount_field = "gross_contract"
    sorts = {"code": ("code", "id"), "contract": ("gross_contract", "id")}
    create_label = _("Settle a project")
    empty_text = _("Final accounts are drafted when the last delivery is closed, or for a project that was lost.")

    def sections(self, record: Closing, user: User) -> list[Section]:
        """Until they are settled, the figures as they stand now."""
        if record.state == "draft":
            for name, value in selectors.figures(record).items():
                setattr(record, name, value)
        return super().sections(record, user)

    def tables(self, record: Closing, user: User) -> list[Table]:
        found = []
        if user.has_right("see_cost"):
            found.append(self._costings(record))
        # Whoever may settle sees the same list beside the verb.
        if record.state != "final" and not access.may_any(ACCOUNTANTS, record, Actor.of(user)):
            found.append(self._gaps(record))
        if record.kind == Closing.Type.TERMINATED:
            found.append(self._left_open(record))
        return found

    def _costings(self, record: Closing) -> Table:
        """All four costings by category; live until the accounts are settled, frozen after."""
        names = ("category", "net_estimate", "net_budget", "net_actual", "net_settlement", "cause", "explanation")
        columns = [show.column(ClosingLine, name) for name in names]
        if record.state == "draft":
            rows = [
                Row(
                    [
                        Cell(row.label),
                        *(Cell(format_money(row.amounts[name]), cls="num") for name in FIGURES),
                        Cell(),
                        Cell(),
                    ]
                )
                for row in selectors.finance.four_costings(record.book).rows
                if row.level == 0
            ]
        else:
            lines = record.lines.select_related("category", "cause")
            rows = [Row([show.cell(line, name) for name in names]) for line in lines]
        return Table(_("Four costings"), columns, rows, empty_text=_("Nothing was estimated, budgeted or spent."))

    def _left_open(self, record: Closing) -> Table:
        """What a project broken off leaves lying: it does not stand in the way, and nobody is surprised."""
        rows = []
        for one in selectors.still_open(record)[: selectors.MOST]:
            outlet = outlet_of(one.kind)
            state = outlet.model.states.label(one.state) if outlet else one.state
            url = outlet.url("detail", one.object_id) if outlet else ""
            rows.append(Row([Cell(one.code, sub=one.title), Cell(state), Cell(str(one.holder or "–"))], url=url))
        columns = [Column("record", _("Record")), Column("state", _("State")), Column("holder", _("Holder"))]
        note = _("It does not stand in the way of these accounts.")
        empty = _("Nothing is left open.")
        return Table(_("Left open"), columns, rows, id="left-open", note=note, empty_text=empty)

    def _gaps(self, record: Closing) -> Table:
        """What is missing for the next step, each with its link."""
        final = record.state == "provisional"
        gaps = record.final_checks() if final else record.settle_checks()
        columns = [Column("gap", _("Missing"))]
        rows = [Row([Cell(str(gap), url=gap.link)], url=gap.link) for gap in gaps]
        title = _("Before the accounts are final") if final else _("Before provisional accounts")
        return Table(title, columns, rows, empty_text=_("Nothing is missing."))


FIGURES = ("estimate", "budget", "actual", "settlement")


def learned(request: Request, case_id: int) -> HttpResponse:
    """What closed projects teach about the newest estimate of a deal, as a card of its costings."""
    book = learning.book_for(request.user, case_id)
    if book is None:
        raise Http404
    lesson = learning.lesson_of(book)
    empty = _("Fewer than %(number)s closed projects: nothing can be learned yet.") % {"number": learning.LEAST}
    context = {"tables": [_lesson_table(lesson)] if lesson else [], "empty_text": empty}
    return render(request, "generic/panel.html", context)


def _lesson_table(lesson: learning.Lesson) -> Table:
    columns = [
        Column("category", _("Cost category")),
        Column("number", _("Projects"), "end"),
        Column("ratio", _("Final ÷ estimate, P50 / P80"), "end"),
        Column("estimate", _("This estimate"), "end"),
        Column("p50", _("At P50"), "end"),
        Column("p80", _("At P80"), "end"),
    ]
    rows = [
        Row(
            [
                Cell(one.label),
                Cell(one.number, cls="num"),
                Cell(f"{one.ratio_p50} % / {one.ratio_p80} %", cls="num"),
                Cell(format_money(one.net_estimate), cls="num"),
                Cell(format_money(one.net_p50), cls="num neg" if one.net_p50 > one.net_estimate else "num"),
                Cell(format_money(one.net_p80), cls="num neg" if one.net_p80 > one.net_estimate else "num"),
            ]
        )
        for one in lesson.rows
    ]
    title = _("%(number)s projects: %(alike)s") % {"number": lesson.number, "alike": lesson.alike}
    return Table(title, columns, rows, empty_text=_("None of them had these categories in its estimate."))
