"""Pages of solutions, quotes, tenders and proofs of concept."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.forms import MeetConditionForm
from core.money import format_money
from process.outlet import Outlet
from process.shapes import Act, Action, Table
from solutions import filters, forms, rows, selectors
from solutions.models import Poc, Quote, Solution, Tender
from solutions.models.tender import BIDDERS
from solutions.services import poc as poc_services
from solutions.services import quote as quote_services
from solutions.services import solution as solution_services
from solutions.services import tender as tender_services


class SolutionOutlet(Outlet):
    """What we offer, and the gate ATB over the whole package."""

    model = Solution
    services = solution_services
    form = forms.SolutionForm
    edit_form = forms.SolutionEditForm
    verb_forms = {"lose": forms.LossForm}
    icon = "bulb"
    columns = ("code", "title", "project", "version", "owner", "state")
    related = ("owner", "project", "quote", "technical_review_by", "estimate", "plan")
    board_states = ("draft", "in_review", "approved", "tendered")
    panel_columns = ("code", "title", "version", "owner", "state")
    facts = (
        (_("Solution"), ("project", "plan", "version", "approach", "scope", "deviations", "risks")),
        (_("Bid package"), ("quote", "technical_review", "technical_review_by", "technical_review_at")),
        (_("Outcome"), ("lost_reason", "competitor")),
    )
    acts = {
        "technical_review": Act(
            _("Technical review"), forms.TechnicalReviewForm, who=("@may_review_technically",), states=("draft",)
        ),
        "meet_condition": Act(
            _("Condition of the review is met"),
            MeetConditionForm,
            who=("@may_meet_condition",),
            states=("approved", "tendered"),
        ),
        "offer_contract": Act(_("Offer to contract"), who=("@may_offer_again",), states=("won",)),
    }
    log_labels = {"package": _("bid package put together")}
    create_label = _("New solution")
    empty_text = _("A solution begins when guidance hands over its requirement baseline.")

    def stats(self, record: Any, user: User) -> list[dict[str, Any]]:
        """The package's price and what is left of it."""
        quote = record.package_quote()
        if quote is None:
            return []
        shown = [
            {"label": _now("Gross"), "value": format_money(quote.gross_amount), "url": quote.get_absolute_url()},
            {"label": _now("Net"), "value": format_money(quote.net_amount)},
        ]
        if user.has_right("see_cost"):
            margin = quote.live_margin()
            shown.append({"label": _now("Margin"), "value": f"{margin} %" if margin is not None else "–"})
        return shown

    def sections(self, record: Any, user: User) -> list[Any]:
        """Without the outcome while there is none."""
        found = super().sections(record, user)
        return found if record.state == "lost" else found[:-1]

    def actions(self, record: Any, user: User) -> list[Action]:
        """What is begun from a solution."""
        case = f"?case={record.case_id}"
        if not record.is_open:
            return []
        return [
            Action(_("New quote"), f"{QuoteOutlet().url('new')}{case}"),
            Action(_("New proof of concept"), f"{PocOutlet().url('new')}{case}"),
            Action(_("New tender"), f"{TenderOutlet().url('new')}{case}"),
        ]

    def tables(self, record: Any, user: User) -> list[Table]:
        """Its quotes, newest first."""
        return [rows.quotes_table(list(record.quotes.order_by("-pk")[:50]))]


class QuoteOutlet(Outlet):
    """Quotes with lines of mixed tax rates."""

    model = Quote
    services = quote_services
    form = forms.QuoteForm
    edit_form = forms.QuoteEditForm
    lines = {"lines": forms.QUOTE_LINES}
    verb_forms = {"accept": forms.AcceptForm, "extend": forms.ExtendForm}
    filterset = filters.QuoteFilter
    icon = "file-invoice"
    columns = ("code", "title", "customer_name", "gross_amount", "margin_percent", "valid_until", "owner", "state")
    related = ("owner", "customer", "solution", "solution__project")
    sorts = {"code": ("code", "id"), "valid": ("valid_until", "id")}
    board_states = ("draft", "in_review", "approved", "sent")
    amount_field = "gross_amount"
    panel_columns = ("code", "gross_amount", "margin_percent", "valid_until", "state")
    facts = (
        (
            _("Quote"),
            ("solution", "customer", "revision", "is_alternative", "valid_until", "payment_terms", "delivery_terms"),
        ),
        (_("Customer's answer"), ("sent_at", "accepted_on", "customer_number")),
    )
    acts = {
        "meet_condition": Act(
            _("Condition of the review is met"),
            MeetConditionForm,
            who=("@may_meet_condition",),
            states=("approved",),
        ),
        "new_revision": Act(
            _("New revision"),
            who=("ar", "sr", "owner"),
            states=("approved", "sent", "expired", "declined", "withdrawn"),
        ),
    }
    log_labels = {"price": _("priced over the estimate")}
    create_label = _("New quote")
    empty_text = _("A quote says what the customer may buy, at which price, until when. Begin one from a solution.")

    def stats(self, record: Any, user: User) -> list[dict[str, Any]]:
        """Gross, net, discount; cost and margin for those who may see them."""
        shown = [
            {"label": _now("Gross"), "value": format_money(record.gross_amount, record.currency)},
            {"label": _now("Net"), "value": format_money(record.net_amount, record.currency)},
            {"label": _now("Discount"), "value": f"{record.discount_percent} %"},
        ]
        if user.has_right("see_cost") and record.net_cost is not None:
            margin = record.margin_percent
            percent = f"{margin} %" if margin is not None else "–"
            tone = "bad" if margin is not None and margin < 0 else ""
            shown.append({"label": _now("Cost by estimate"), "value": format_money(record.net_cost)})
            shown.append(
                {"label": _now("Margin"), "value": format_money(record.margin_amount), "sub": percent, "tone": tone}
            )
        return shown

    def tables(self, record: Any, user: User) -> list[Table]:
        """Lines, totals per tax rate, revisions."""
        lines = selectors.lines_of(record)
        return [
            rows.lines_table(lines),
            rows.totals_table(record, lines),
            rows.quotes_table(selectors.revisions_of(record), title=_now("Revisions")),
        ]


class TenderOutlet(Outlet):
    """Invitations to bid, to the minute."""

    model = Tender
    services = tender_services
    form = forms.TenderForm
    edit_form = forms.TenderEditForm
    verb_forms = {"open": forms.OpenForm, "award": forms.AwardForm, "lose": forms.TenderLossForm}
    filterset = filters.TenderFilter
    icon = "gavel"
    columns = ("code", "title", "number", "agency", "deadline_at", "our_gross_amount", "owner", "state")
    related = ("owner", "project", "solution", "deposit", "method", "documents_review_by")
    sorts = {"code": ("code", "id"), "deadline": ("deadline_at", "id")}
    board_states = ("noticed", "registered", "submitted", "opened")
    amount_field = "our_gross_amount"
    panel_columns = ("code", "number", "deadline_at", "our_gross_amount", "state")
    facts = (
        (
            _("Tender"),
            ("project", "solution", "number", "lot", "agency", "place", "method", "published_on", "questions_until_at"),
        ),
        (_("Deadlines"), ("deadline_at", "opens_at", "submitted_at", "award_notice_on", "contract_due_on")),
        (_("Price"), ("ceiling_gross_amount", "our_gross_amount", "self_score", "needs_deposit", "deposit", "winner")),
        (_("Review of the bid documents"), ("documents_review", "documents_review_by", "documents_review_at")),
    )
    acts = {
        "request_deposit": Act(
            _("Ask for the deposit"), forms.DepositForm, who=BIDDERS, states=("noticed", "registered")
        ),
        "review_documents": Act(
            _("Review the bid documents"),
            forms.DocumentsReviewForm,
            who=("@may_review_documents",),
            states=("registered",),
        ),
    }
    log_labels = {"notice": _("invitation noted")}
    create_label = _("New tender")
    empty_text = _("Note an invitation to bid here: its deadline raises alerts 48, 24 and 4 hours before.")

    def tables(self, record: Any, user: User) -> list[Table]:
        """The opening record once the bids are opened."""
        return [rows.prices_table(record)] if record.prices else []


class PocOutlet(Outlet):
    """Proofs of concept."""

    model = Poc
    services = poc_services
    form = forms.PocForm
    edit_form = forms.PocEditForm
    verb_forms = {"pass": forms.ResultForm, "fail": forms.ResultForm}
    icon = "flask"
    columns = ("code", "title", "solution", "starts_on", "ends_on", "owner", "state")
    related = ("owner", "solution")
    board_states = ("planned", "running")
    panel_columns = ("code", "title", "ends_on", "state")
    facts = ((_("Trial"), ("solution", "criteria", "agreed_with", "starts_on", "ends_on", "result", "ended_at")),)
    create_label = _("New proof of concept")
    empty_text = _("A trial shows that it works, by criteria the customer agreed to before.")
