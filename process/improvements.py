"""Pages of improvements, and what the sheet of a step and the draft of the process say of them."""

from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from process import pace, show
from process.forms import AdoptForm, ConcludeForm, ImprovementForm, RealiseForm
from process.models import Improvement, StepDefinition
from process.outlet import Outlet
from process.services import improvements
from process.shapes import Cell, Column, Row, Table

# A step's sheet shows this many proposals, those still running first.
SHOWN = 20


class ImprovementOutlet(Outlet):
    """Improvements: what people propose, what the step's owner decides, what came of it."""

    model = Improvement
    services = improvements
    form = ImprovementForm
    edit_form = ImprovementForm
    verb_forms = {"accept": AdoptForm, "realise": RealiseForm, "conclude": ConcludeForm}
    icon = "bulb"
    columns = ("code", "title", "step_label", "owner", "figure", "result", "state")
    facts = (
        (_("Improvement"), ("step_label", "problem", "idea", "figure", "aim", "due_at", "owner")),
        (_("Outcome"), ("realised_by", "result")),
    )
    related = ("owner", "realised_by")
    board_states = ("proposed", "accepted", "in_force")
    sorts = {"code": ("code", "id"), "step": ("step", "id")}
    create_label = _("Propose")
    empty_text = _("Whoever walks a step knows best what is wrong with it: say so here, and its owner decides.")

    def tables(self, record: Improvement, user: User) -> list[Table]:
        return [compared(record)] if record.realised_by_id else []


def compared(record: Improvement) -> Table:
    """How the step went before the change and under it: kept with the conclusion, until then as of now."""
    since = record.realised_by
    assert since is not None
    after = pace.Pace(**record.after) if record.after else pace.under(record.step, since)
    before = pace.Pace(**record.before)
    rows = [
        Row([Cell(label), Cell(shown(getattr(before, name)), cls="num"), Cell(shown(getattr(after, name)), cls="num")])
        for name, label, shown in (
            ("done", _now("Deals that did the step"), str),
            ("median", _now("Median time"), show.hours),
            ("p90", _now("90 % within"), show.hours),
            ("in_time_percent", _now("In time"), show.percent),
        )
    ]
    columns = [
        Column("figure", _("Figure")),
        Column("before", _("90 days before %(version)s") % {"version": since}, "end"),
        Column("after", _("since %(version)s") % {"version": since}, "end"),
    ]
    return Table(_("Before and after"), columns, rows, id="compared")


def of_step(step: StepDefinition, user: User) -> Table:
    """The proposals to improve a step, those that still run first; who works here may add one."""
    order = Case(
        When(state__in=Improvement.states.active, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = Improvement.objects.filter(step=step.code).select_related("owner").order_by(order, "-pk")[:SHOWN]
    rows = [
        Row(
            [
                Cell(one.title, sub=one.code),
                Cell(show.text_of(one.owner)),
                Cell(one.state_label, badge=one.state_colour),
            ],
            url=one.get_absolute_url(),
        )
        for one in found
    ]
    return Table(
        _("Proposals to improve this step"),
        [Column("title", _("Proposal")), Column("owner", _("Proposed by")), Column("state", _("State"))],
        rows,
        id="improvements",
        add_url=f"{reverse('process:improvement-new')}?step={step.code}" if user.sees_business else "",
        add_label=_("Propose"),
        empty_text=_("Nobody has proposed a change to this step."),
    )


def adopted() -> Table:
    """What the owners of steps have adopted and no version has brought yet: for who writes the next one."""
    found = Improvement.objects.filter(state="accepted").order_by("step", "pk")[:100]
    rows = [Row([Cell(one.title, sub=one.code), Cell(one.step_label), Cell(one.idea), Cell(one.aim)]) for one in found]
    columns = [
        Column("title", _("Proposal")),
        Column("step", _("Step")),
        Column("idea", _("What should be different")),
        Column("aim", _("Target")),
    ]
    return Table(_("Adopted proposals"), columns, rows, empty_text=_("No adopted proposal waits for a version."))
