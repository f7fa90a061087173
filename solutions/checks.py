"""What stands in the way of ATB, of a bid, of a win: every reason at once, each with its link."""

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from approvals import selectors as approvals
from core.errors import Reason
from core.money import format_money
from process.models import Reviewed
from projects.selectors import current_estimate
from solutions.selectors import current_quote

if TYPE_CHECKING:
    from solutions.models import Quote, Solution, Tender

ENDED_TENDERS = ("lost", "voided", "abandoned")


def _verb(record: "Quote | Solution | Tender", verb: str) -> str:
    return reverse(f"solutions:{record.noun()}-verb", args=[record.pk, verb])


def package_gaps(solution: "Solution") -> list[Reason]:
    """The bid package: reviewed design, approved quote, bid estimate, deviations, FR, deposit."""
    edit = reverse("solutions:solution-edit", args=[solution.pk])
    reasons = [
        Reason(text, edit)
        for given, text in (
            (solution.approach, _("The approach is missing.")),
            (solution.scope, _("Scope and deliverables are missing.")),
            (solution.deviations, _("The deviations are missing: write “none” where there is none.")),
        )
        if not given.strip()
    ]
    if solution.technical_review_at is None:
        text = _("The technical review by somebody other than the designer is missing.")
        reasons.append(Reason(text, _verb(solution, "technical_review")))
    reasons += _quote_part(solution)
    reasons += _estimate_part(solution)
    if "fr" not in solution.project.seat_holder_ids():
        team = reverse("projects:project-verb", args=[solution.project_id, "name_triangle"])
        reasons.append(Reason(_("No delivery manager (FR) is named."), team))
    return reasons + _deposit_part(solution)


def _quote_part(solution: "Solution") -> list[Reason]:
    quote = current_quote(solution)
    if quote is not None:
        return [Reason(text, quote.get_absolute_url()) for text in quote.still_valid()]
    begun = solution.quotes.filter(state__in=("draft", "in_review")).order_by("-pk").first()
    if begun is not None:
        return [Reason(_("The quote %(code)s is not approved yet.") % {"code": begun.code}, begun.get_absolute_url())]
    return [Reason(_("There is no quote yet."), solution.new_quote_url())]


def _estimate_part(solution: "Solution") -> list[Reason]:
    project = solution.project
    sheet = current_estimate(project)
    new = f"{reverse('finance:cost-sheet-new')}?case={solution.case_id}"
    if sheet is None:
        return [Reason(_("There is no bid estimate yet."), new)]
    if sheet.state != "approved":
        return [
            Reason(_("The estimate %(code)s is not approved yet.") % {"code": sheet.code}, sheet.get_absolute_url())
        ]
    if project.approved_at and sheet.approved_at and sheet.approved_at < project.approved_at:
        return [Reason(_("The estimate is older than ATI: the bid needs its own version."), new)]
    return []


def _deposit_part(solution: "Solution") -> list[Reason]:
    tenders = solution.project.tenders.filter(needs_deposit=True, deposit__isnull=True).exclude(state__in=ENDED_TENDERS)
    text = _("Tender %(code)s requires a deposit that is not asked for yet.")
    return [Reason(text % {"code": tender.code}, _verb(tender, "request_deposit")) for tender in tenders]


def package_changes(solution: "Solution") -> list[Reason]:
    """Quote and estimate must still be those that ATB decided upon."""
    reasons = []
    here = _verb(solution, "revise")
    quote, sheet = current_quote(solution), current_estimate(solution.project)
    if quote is None or quote.pk != solution.quote_id:
        reasons.append(Reason(_("The quote is no longer the one decided at ATB: revise and submit again."), here))
    if sheet is None or sheet.pk != solution.estimate_id:
        reasons.append(Reason(_("The estimate is no longer the one decided at ATB: revise and submit again."), here))
    return reasons


def unmet_conditions(record: Reviewed) -> list[Reason]:
    """Conditions of the last approval that nobody has met."""
    link = record.get_absolute_url()
    return [
        Reason(_("Condition not met: %(text)s") % {"text": one.conditions}, link, f"condition:{one.pk}")
        for one in approvals.open_conditions(record)
    ]


def win_gaps(solution: "Solution") -> list[Reason]:
    """An accepted quote; where there were tenders, an award."""
    reasons = []
    if not solution.quotes.filter(state="accepted").exists():
        quote = current_quote(solution)
        link = quote.get_absolute_url() if quote else solution.new_quote_url()
        reasons.append(Reason(_("The customer has not accepted a quote yet."), link))
    tenders = list(solution.project.tenders.exclude(state__in=ENDED_TENDERS))
    if tenders and not any(tender.state == "awarded" for tender in tenders):
        reasons += [
            Reason(_("Tender %(code)s is not awarded yet.") % {"code": tender.code}, tender.get_absolute_url())
            for tender in tenders
        ]
    return reasons


def loss_gaps(solution: "Solution") -> list[Reason]:
    """Why it was lost, and every offer and trial that must be ended first."""
    reasons = [] if solution.lost_reason_id else [Reason(_("Please choose why it was lost."))]
    still_open = [
        *solution.quotes.filter(state__in=("in_review", "sent")),
        *solution.pocs.filter(state__in=("planned", "running")),
        *solution.project.tenders.filter(state__in=("noticed", "registered", "submitted", "opened")),
    ]
    text = _("%(record)s is still open.")
    return reasons + [Reason(text % {"record": record}, record.get_absolute_url()) for record in still_open]


def quote_gaps(quote: "Quote") -> list[Reason]:
    """Lines, a price, a last valid day, the project's currency."""
    edit = reverse("solutions:quote-edit", args=[quote.pk])
    texts = list(quote.still_valid())
    if not quote.lines.exists():
        texts.append(_("The quote has no lines."))
    elif quote.gross_amount <= 0:
        texts.append(_("The quote amounts to nothing."))
    if quote.currency != quote.solution.project.currency:
        texts.append(_("The quote's currency is not that of the project."))
    return [Reason(text, edit) for text in texts]


def tender_gaps(tender: "Tender") -> list[Reason]:
    """What must stand before a bid leaves the house: ATB, review, deposit, price."""
    edit = reverse("solutions:tender-edit", args=[tender.pk])
    reasons = []
    solution = tender.solution
    if solution is None:
        reasons.append(Reason(_("The tender names no solution."), edit))
    elif solution.state not in ("approved", "tendered"):
        reasons.append(Reason(_("The gate %(gate)s is not passed.") % {"gate": "ATB"}, solution.get_absolute_url()))
    if tender.documents_review_at is None:
        text = _("The bid documents are not reviewed by somebody else yet.")
        reasons.append(Reason(text, _verb(tender, "review_documents")))
    return reasons + _deposit_gaps(tender) + _price_gaps(tender, edit)


def _deposit_gaps(tender: "Tender") -> list[Reason]:
    from solutions.models.tender import DEPOSIT_OUT

    if not tender.needs_deposit:
        return []
    if tender.deposit is None:
        return [Reason(_("The deposit is not asked for yet."), _verb(tender, "request_deposit"))]
    if tender.deposit.state not in DEPOSIT_OUT:
        return [Reason(_("The deposit is not paid yet."), tender.deposit.get_absolute_url())]
    return []


def _price_gaps(tender: "Tender", edit: str) -> list[Reason]:
    ours = tender.our_gross_amount
    if ours is None:
        return [Reason(_("Our price is missing."), edit)]
    reasons = []
    if tender.ceiling_gross_amount is not None and ours > tender.ceiling_gross_amount:
        text = _("Our price lies above the ceiling of %(ceiling)s.")
        reasons.append(Reason(text % {"ceiling": format_money(tender.ceiling_gross_amount)}, edit))
    quote = tender.solution.quote if tender.solution else None
    if quote is not None and quote.gross_amount != ours:
        text = _("Our price is not the %(decided)s decided at ATB.")
        reasons.append(Reason(text % {"decided": format_money(quote.gross_amount)}, edit))
    return reasons
