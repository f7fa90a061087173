"""The solution's verbs: draft, ATB over the whole bid package, bid, win or loss."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals import services as decisions
from approvals.services import approve, reject, send_back, withdraw
from approvals.services import meet as meet_condition
from core.dictionary import Term
from process.models import Handover
from process.services import counter, doors, offer
from projects.selectors import current_estimate
from solutions import selectors
from solutions.models import Solution

__all__ = [
    "approve",
    "edit",
    "lose",
    "meet_condition",
    "offer_contract",
    "open",
    "reject",
    "returned",
    "revise",
    "send_back",
    "submit",
    "submit_bid",
    "technical_review",
    "void_bid",
    "win",
    "withdraw",
]
# A change of these makes what the technical reviewer saw another thing.
REVIEWED_FIELDS = ("approach", "scope", "deviations")


@transaction.atomic
def open(*, by: Actor | User, note: str = "", **fields: Any) -> Solution:
    """Open a solution draft on its project's case. Raises NotAllowed, or Refused while another one is open."""
    solution = Solution(**fields)
    return doors.open(solution, by=by, note=note, case=solution.project.case)


@transaction.atomic
def edit(
    solution: Solution, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Solution:
    """Change the draft; what a technical reviewer has not seen must be reviewed again."""
    if any(name in changes and changes[name] != getattr(solution, name) for name in REVIEWED_FIELDS):
        changes |= {"technical_review": "", "technical_review_by": None, "technical_review_at": None}
    return doors.edit(solution, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def technical_review(
    solution: Solution, *, by: Actor | User, technical_review: str, note: str = "", version: int | None = None
) -> Solution:
    """A technical person other than the designer says what was checked and found."""
    actor = Actor.of(by)
    doors.act(
        solution,
        "technical_review",
        by=actor,
        who=("@may_review_technically",),
        states=("draft",),
        note=note,
        version=version,
        changes={"technical_review": technical_review},
    )
    solution.technical_review, solution.technical_review_by = technical_review, actor.user
    solution.technical_review_at = timezone.now()
    solution.save(update_fields=["technical_review", "technical_review_by", "technical_review_at", "updated_at"])
    return solution


@transaction.atomic
def submit(solution: Solution, *, by: Actor | User, note: str = "", version: int | None = None) -> Solution:
    """Ask for ATB: quote and estimate of the package are frozen. Raises Refused with everything still missing."""
    package = {"quote": selectors.current_quote(solution), "estimate": current_estimate(solution.project)}
    doors.edit(solution, by=by, changes=package, version=version, action="package")
    return decisions.submit(solution, by=by, note=note)


@transaction.atomic
def submit_bid(solution: Solution, *, by: Actor | User, note: str = "", version: int | None = None) -> Solution:
    """The bid lies with the customer, as ATB decided it."""
    return doors.fire(solution, "submit_bid", by=by, note=note, version=version)


@transaction.atomic
def win(solution: Solution, *, by: Actor | User, note: str = "", version: int | None = None) -> Solution:
    """The customer chose us: the account manager is offered the contract, with every promise made.

    Raises Refused without an accepted quote, with an open tender, or where the package changed since ATB.
    """
    doors.fire(solution, "win", by=by, note=note, version=version)
    _offer(solution, Actor.of(by))
    return solution


def _offer(solution: Solution, actor: Actor, note: str = "") -> Handover:
    quote = selectors.accepted_quote(solution.case_id) or solution.quote
    lines = selectors.lines_of(quote) if quote else []
    package = {
        "solution": solution,
        "quote": quote,
        "gross_amount": quote.gross_amount if quote else None,
        "net_amount": quote.net_amount if quote else None,
        "customer": solution.project.customer,
        "promises": [f"{line.name}: {line.promise}" for line in lines if line.promise],
        "delivery_dates": [f"{line.name}: {line.delivery_on}" for line in lines if line.delivery_on],
        "deviations": solution.deviations,
        "risks": solution.risks,
    }
    return offer(solution, to="contract", package=package, by=actor, receiver="ar", note=note)


@transaction.atomic
def offer_contract(solution: Solution, *, by: Actor | User, note: str = "", version: int | None = None) -> Solution:
    """Offer the won solution to the contract stage once more, after it came back with gaps."""
    actor = Actor.of(by)
    doors.act(
        solution, "offer_contract", by=actor, who=("ar", "sr", "owner"), states=("won",), note=note, version=version
    )
    counter.require_no_open(solution)
    if Handover.objects.filter(case_id=solution.case_id, target="contract", state="taken").exists():
        from core.errors import Refused

        raise Refused(_("The contract stage has taken it over already."))
    _offer(solution, actor, note)
    return solution


def returned(solution: Solution, handover: Handover, *, by: Actor | User) -> None:
    """The contract stage returned the package: its gaps are closed and it is offered again."""
    # The counter has told the owner and given the work back; the win stands.


@transaction.atomic
def lose(
    solution: Solution,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    lost_reason: Term | None = None,
    competitor: str = "",
) -> Solution:
    """The customer chose somebody else; quotes that never went out fall with it.

    Raises Refused naming every sent quote, tender and trial that must be ended first.
    """
    from solutions.services import quote as quotes

    changes = {"lost_reason": lost_reason, "competitor": competitor}
    doors.fire(solution, "lose", by=by, note=note, version=version, changes=changes)
    for quote in solution.quotes.filter(state="approved"):
        quotes.supersede(quote, by=Actor.system("solution.lose"))
    return solution


@transaction.atomic
def revise(solution: Solution, *, by: Actor | User, note: str = "", version: int | None = None) -> Solution:
    """Begin the next version; ATB no longer holds."""
    return doors.fire(solution, "revise", by=by, note=note, version=version)


@transaction.atomic
def void_bid(solution: Solution, *, note: str) -> bool:
    """A part of the package changed: ATB falls at once, or the question that is being decided. True when it did."""
    actor = Actor.system("solution.void_bid")
    solution.refresh_from_db()
    if solution.state in ("approved", "tendered"):
        doors.fire(solution, "revise", by=actor, note=note)
        return True
    return False
