"""Releasing payment terms: the facts of delivery that make money payable. Called by delivery, operations, billing."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from contracts.models import Contract, PaymentTerm, TermRelease
from core.calendar import today
from core.errors import Refused
from core.money import ZERO, format_money, round_money
from process.services import act

LIVE = ("effective", "completed")


def released_percent(term: PaymentTerm) -> Decimal:
    """How much of a term is released by now, in percent."""
    return term.releases.aggregate(share=Sum("share_percent"))["share"] or Decimal(0)


@transaction.atomic
def release(
    term: PaymentTerm, *, share: Decimal, source: str, on: dt.date, by: Actor | User, note: str = ""
) -> TermRelease:
    """Release `share` percent of a term because of the fact `source`; the same source twice is one release.

    Raises Refused when the contract is not in effect, or when more than 100 % of the term would be released.
    """
    known = TermRelease.objects.filter(source=source).first()
    if known is not None:
        return known
    contract = Contract.objects.get(pk=term.contract_id)
    facts = {"term": str(term), "share": share, "source": source}
    act(contract, "release", by=by, who=("anyone",), states=LIVE, note=note, changes=facts)
    row = PaymentTerm.objects.select_for_update(of=("self",), no_key=True).get(pk=term.pk)
    before = released_percent(row)
    if share <= 0 or before + share > 100:
        text = _("%(term)s: only %(left)s %% is left to release, not %(share)s %%.")
        raise Refused(text % {"term": row, "left": f"{100 - before:f}", "share": f"{share:f}"})
    reached = row.gross_amount if before + share == 100 else round_money(row.gross_amount * (before + share) / 100)
    gross = min(reached - row.released_gross_amount, row.gross_amount - row.settled_gross_amount)
    if gross <= 0:
        raise Refused(_("%(term)s: nothing is left to release.") % {"term": row})
    made = TermRelease.objects.create(
        term=row, share_percent=share, gross_amount=gross, source=source, on=on, by=Actor.of(by).user
    )
    _settle(row, released=gross, settled=gross)
    term.refresh_from_db()
    return made


@transaction.atomic
def unrelease(*, source: str, by: Actor | User, on: dt.date | None = None, note: str = "") -> TermRelease:
    """Take the release of `source` back by a negative row; doing it twice is harmless.

    Raises Refused where nothing was released by that source.
    """
    made = TermRelease.objects.filter(source=source).select_related("term").first()
    if made is None:
        raise Refused(_("Nothing was released by this."))
    contract = Contract.objects.get(pk=made.term.contract_id)
    facts = {"term": str(made.term), "source": source}
    act(contract, "unrelease", by=by, who=("anyone",), states=LIVE, note=note, changes=facts)
    row = PaymentTerm.objects.select_for_update(of=("self",), no_key=True).get(pk=made.term_id)
    known = TermRelease.objects.filter(reverses=made).first()
    if known is not None:
        return known
    back = TermRelease.objects.create(
        term=row,
        share_percent=-made.share_percent,
        gross_amount=-made.gross_amount,
        source=f"{source}:reversed",
        on=on or today(),
        reverses=made,
        by=Actor.of(by).user,
    )
    _settle(row, released=-made.gross_amount, settled=-made.gross_amount)
    return back


@transaction.atomic
def give_up(term: PaymentTerm, *, gross_amount: Decimal, by: Actor | User, note: str = "") -> PaymentTerm:
    """A part of a term that will never be asked for: it no longer stands in the way of closing the contract."""
    contract = Contract.objects.get(pk=term.contract_id)
    facts = {"term": str(term), "gross_amount": gross_amount}
    act(contract, "give_up", by=by, who=("anyone",), note=note, changes=facts)
    row = PaymentTerm.objects.select_for_update(of=("self",), no_key=True).get(pk=term.pk)
    left = row.gross_amount - row.settled_gross_amount
    if gross_amount > left:
        text = _("%(term)s: only %(left)s is left.")
        raise Refused(text % {"term": row, "left": format_money(left)})
    _settle(row, settled=gross_amount)
    return row


def _settle(term: PaymentTerm, *, settled: Decimal, released: Decimal = ZERO) -> None:
    term.released_gross_amount += released
    term.settled_gross_amount += settled
    term.save(update_fields=["released_gross_amount", "settled_gross_amount"])
