"""The tender's verbs, to the minute; and the alerts before its deadline."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.dictionary import Term
from core.errors import Refused
from finance.services import deposit as deposits
from process.models import Seat
from process.services import doors
from solutions.models import Tender
from solutions.models.tender import BIDDERS

# A bid lasts until the contract: 30 days from the award notice.
CONTRACT_WITHIN_DAYS = 30
ALERT_HOURS = (48, 24, 4)


@transaction.atomic
def open(tender: Tender | None = None, *, by: Actor | User, note: str = "", **fields: Any) -> Tender:
    """Without a tender: note an invitation to bid. With one: the verb `open`, the bids were opened."""
    if tender is not None:
        return _open_bids(tender, by=by, note=note, **fields)
    made = Tender(**fields)
    return doors.open(made, by=by, note=note, case=made.project.case, action="notice")


def _open_bids(
    tender: Tender,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    prices: list[dict[str, Any]] | None = None,
) -> Tender:
    """Keep the opening record: every bidder's price."""
    rows = [
        {
            "bidder": row["bidder"],
            "gross_amount": str(row["gross_amount"]),
            "score": str(row.get("score") or ""),
        }
        for row in prices or []
    ]
    return doors.fire(tender, "open", by=by, note=note, version=version, changes={"prices": rows})


@transaction.atomic
def edit(tender: Tender, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any) -> Tender:
    """Change what is known of the tender before the bid is handed in."""
    return doors.edit(tender, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def register(tender: Tender, *, by: Actor | User, note: str = "", version: int | None = None) -> Tender:
    """We take part."""
    return doors.fire(tender, "register", by=by, note=note, version=version)


@transaction.atomic
def review_documents(
    tender: Tender, *, by: Actor | User, documents_review: str, note: str = "", version: int | None = None
) -> Tender:
    """Somebody other than the keeper of the tender has read the bid documents."""
    actor = Actor.of(by)
    doors.act(
        tender,
        "review_documents",
        by=actor,
        who=("@may_review_documents",),
        states=("registered",),
        note=note,
        version=version,
        changes={"documents_review": documents_review},
    )
    tender.documents_review, tender.documents_review_by = documents_review, actor.user
    tender.documents_review_at = timezone.now()
    tender.save(update_fields=["documents_review", "documents_review_by", "documents_review_at", "updated_at"])
    return tender


@transaction.atomic
def request_deposit(
    tender: Tender,
    *,
    by: Actor | User,
    kind_of: Term,
    form: str,
    gross_amount: Decimal,
    note: str = "",
    version: int | None = None,
) -> Tender:
    """Ask finance for the bid deposit or guarantee; it is due back after the award."""
    actor = Actor.of(by)
    doors.act(
        tender,
        "request_deposit",
        by=actor,
        who=BIDDERS,
        states=("noticed", "registered"),
        note=note,
        version=version,
        changes={"gross_amount": gross_amount},
    )
    project = tender.project
    reasons = []
    if tender.deposit_id is not None:
        reasons.append(_("The deposit is asked for already."))
    if project.customer is None:
        reasons.append(_("The project names no customer yet."))
    if reasons or project.customer is None:
        raise Refused(reasons)
    tender.deposit = deposits.open(
        by=actor,
        case=tender.case,
        title=tender.title,
        kind=kind_of,
        form=form,
        gross_amount=gross_amount,
        customer=project.customer,
        book=project.book,
        needed_on=timezone.localtime(tender.deadline_at).date(),
    )
    tender.needs_deposit = True
    tender.save(update_fields=["deposit", "needs_deposit", "updated_at"])
    return tender


@transaction.atomic
def submit(tender: Tender, *, by: Actor | User, note: str = "", version: int | None = None) -> Tender:
    """Hand the bid in; Refused after the deadline, without ATB, review, deposit or price."""
    return doors.fire(tender, "submit", by=by, note=note, version=version)


@transaction.atomic
def award(
    tender: Tender,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    award_notice_on: dt.date | None = None,
) -> Tender:
    """The notice names us; the contract is due within 30 days of it."""
    due = award_notice_on + dt.timedelta(days=CONTRACT_WITHIN_DAYS) if award_notice_on else None
    changes = {"award_notice_on": award_notice_on, "contract_due_on": due}
    return doors.fire(tender, "award", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def lose(tender: Tender, *, by: Actor | User, note: str = "", version: int | None = None, winner: str = "") -> Tender:
    """The notice names somebody else."""
    return doors.fire(tender, "lose", by=by, note=note, version=version, changes={"winner": winner})


@transaction.atomic
def void(tender: Tender, *, by: Actor | User, note: str = "", version: int | None = None) -> Tender:
    """The tender failed, or our bid was rejected as invalid."""
    return doors.fire(tender, "void", by=by, note=note, version=version)


@transaction.atomic
def abandon(tender: Tender, *, by: Actor | User, note: str = "", version: int | None = None) -> Tender:
    """We do not go on bidding."""
    return doors.fire(tender, "abandon", by=by, note=note, version=version)


def remind_of_deadlines() -> int:
    """48, 24 and 4 hours before a bid deadline everybody on the team is told, once for each."""
    now = timezone.now()
    told = 0
    near = Tender.objects.filter(
        state__in=("noticed", "registered"),
        deadline_at__gt=now,
        deadline_at__lte=now + dt.timedelta(hours=max(ALERT_HOURS)),
    )
    for tender in near.order_by("deadline_at"):
        left = (tender.deadline_at - now).total_seconds() / 3600
        hours = min(limit for limit in ALERT_HOURS if left <= limit)
        team = Seat.objects.current().filter(case_id=tender.case_id, role__in=("ar", "sr"))
        people = {*team.values_list("user_id", flat=True), *([tender.owner_id] if tender.owner_id else [])}
        told += notify(
            people,
            gettext_noop("%(tender)s: bids are due at %(moment)s"),
            key=f"tender:{tender.pk}:{tender.deadline_at:%Y%m%d%H%M}:{hours}",
            params={"tender": str(tender), "moment": timezone.localtime(tender.deadline_at).strftime("%m-%d %H:%M")},
            link=tender.get_absolute_url(),
            level="warning",
        )
    return told
