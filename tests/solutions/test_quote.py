"""Quotes: mixed tax rates to the cent, revisions, validity, and who may do what."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import User
from core.calendar import today
from core.errors import NotAllowed, Refused
from process.models import LogEntry
from solutions import selectors
from solutions.models import Quote
from solutions.services import quote as quotes
from solutions.services.quote import expire_overdue
from tests.factories.projects import decide, make_approved_estimate
from tests.factories.solutions import (
    ar_of,
    make_accepted_quote,
    make_approved_quote,
    make_quote,
    make_sent_quote,
    make_solution,
    quote_lines,
)
from tests.helpers import actions, last_log, unchanged

pytestmark = pytest.mark.django_db


def test_mixed_rates_come_out_to_the_cent():
    solution = make_solution()
    make_approved_estimate(solution.project)

    quote = make_quote(solution)

    assert (quote.gross_amount, quote.net_amount, quote.tax_amount) == (
        Decimal("1006000.00"),
        Decimal("900000.00"),
        Decimal("106000.00"),
    )
    by_rate = {total.percent: total.split for total in selectors.totals_by_rate(selectors.lines_of(quote))}
    assert {rate: split.net for rate, split in by_rate.items()} == {
        Decimal(13): Decimal("700000.00"),
        Decimal(9): Decimal("100000.00"),
        Decimal(6): Decimal("100000.00"),
    }
    assert quote.net_cost == Decimal("640600.00")
    assert quote.margin_amount == Decimal("259400.00")
    assert quote.margin_percent == Decimal("28.82")


def test_discount_options_and_rounding():
    rows = [
        {**quote_lines()[0], "quantity": Decimal(3), "gross_price": Decimal("33.33"), "discount_percent": Decimal(10)},
        {**quote_lines()[2], "gross_price": Decimal("100.00"), "is_optional": True},
    ]

    quote = make_quote(lines=rows)

    assert quote.gross_amount == Decimal("89.99")
    assert quote.net_amount + quote.tax_amount == quote.gross_amount
    assert quote.discount_percent == Decimal("10.00")


def test_a_line_without_rate_or_price_is_named():
    solution = make_solution()
    before = Quote.objects.count()

    with pytest.raises(Refused) as refusal:
        quotes.open(by=ar_of(solution), solution=solution, lines=[{"name": "x", "quantity": Decimal(0)}])

    assert len(refusal.value.reasons) == 3
    assert Quote.objects.count() == before


def test_editing_lines_prices_the_draft_again():
    quote = make_quote()
    ar = ar_of(quote.solution)

    quotes.edit(quote, by=ar, lines=quote_lines()[:1], payment_terms="30/30/30/10")

    assert quote.gross_amount == Decimal("791000.00")
    assert quote.lines.count() == 1
    assert last_log(quote).changes["gross_amount"] == ["1006000.00", "791000.00"]


def test_submit_names_what_a_quote_lacks():
    quote = make_quote(lines=[], valid_until=today() - dt.timedelta(days=1))

    with unchanged(quote), pytest.raises(Refused) as refusal:
        quotes.submit(quote, by=ar_of(quote.solution))

    assert len(refusal.value.reasons) == 2


def test_approved_sent_accepted(stranger):
    quote = make_approved_quote()
    ar = ar_of(quote.solution)

    with unchanged(quote), pytest.raises(NotAllowed):
        quotes.send(quote, by=stranger)
    quotes.send(quote, by=ar)
    with unchanged(quote), pytest.raises(NotAllowed):
        quotes.accept(quote, by=stranger)
    quotes.accept(quote, by=ar, customer_number="PO-77")

    assert (quote.state, quote.accepted_on, quote.customer_number) == ("accepted", today(), "PO-77")
    assert actions(quote)[-2:] == ["quote.send", "quote.accept"]


@pytest.mark.parametrize("verb", ["send", "accept", "decline", "withdraw_offer", "extend"])
def test_a_draft_goes_nowhere_but_to_its_deciders(verb):
    quote = make_quote()
    fields = {"valid_until": today()} if verb == "extend" else {}

    with unchanged(quote), pytest.raises((Refused, NotAllowed)):
        getattr(quotes, verb)(quote, by=ar_of(quote.solution), note="x", **fields)


@pytest.mark.parametrize(("verb", "state"), [("decline", "declined"), ("withdraw_offer", "withdrawn")])
def test_the_other_ends_of_an_offer_need_a_reason(verb, state):
    quote = make_sent_quote()
    ar = ar_of(quote.solution)

    with unchanged(quote), pytest.raises(Refused):
        getattr(quotes, verb)(quote, by=ar)
    getattr(quotes, verb)(quote, by=ar, note="预算不足")

    assert quote.state == state


def test_sending_a_revision_supersedes_the_one_before():
    first = make_sent_quote()
    ar = ar_of(first.solution)

    second = quotes.new_revision(first, by=ar, note="降价")
    assert (second.base_number, second.revision, second.gross_amount) == (first.base_number, 2, first.gross_amount)
    assert second.code.endswith("-R2")
    with unchanged(first, second), pytest.raises(Refused):
        quotes.new_revision(first, by=ar)
    decide(quotes.submit(second, by=ar), quotes.approve)
    quotes.send(second, by=ar)

    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "sent")


def test_one_acceptance_ends_every_other_offer():
    solution = make_solution()
    ar = ar_of(solution)
    chosen = make_sent_quote(solution)
    other = make_sent_quote(solution, is_alternative=True)
    spare = make_approved_quote(solution, is_alternative=True)

    quotes.accept(chosen, by=ar)

    other.refresh_from_db()
    spare.refresh_from_db()
    assert (other.state, spare.state) == ("declined", "superseded")


def test_the_night_expires_what_is_no_longer_valid_and_the_approver_extends():
    quote = make_sent_quote()
    Quote.objects.filter(pk=quote.pk).update(valid_until=today() - dt.timedelta(days=1))
    ar = ar_of(quote.solution)
    director = User.objects.get(pk=quote.solution.project.seat_holder_ids()["director"])
    quote.refresh_from_db()

    with unchanged(quote), pytest.raises(Refused):
        quotes.accept(quote, by=ar)
    assert (expire_overdue(), expire_overdue()) == (1, 0)
    quote.refresh_from_db()
    assert quote.state == "expired"

    with unchanged(quote), pytest.raises(NotAllowed):
        quotes.extend(quote, by=ar, note="客户延迟", valid_until=today())
    quotes.extend(quote, by=director, note="客户延迟", valid_until=today())
    assert (quote.state, quote.valid_until) == ("sent", today())


def test_a_risen_cost_stops_the_sending():
    solution = make_solution()
    make_approved_estimate(solution.project)
    quote = make_approved_quote(solution)
    dearer = (("material.hardware", "涨价", "700000.00", "13", True),)
    make_approved_estimate(solution.project, dearer)
    make_approved_estimate(solution.project, (*dearer, ("labour.implementation", "实施", "200000.00", None, False)))

    with unchanged(quote), pytest.raises(Refused) as refusal:
        quotes.send(quote, by=ar_of(solution))

    assert len(refusal.value.reasons) == 1
    assert "28.82" not in str(refusal.value), "who sends it need not see the margin"


def test_changing_the_price_after_atb_voids_atb():
    quote = sent_quote_of_an_approved_package()
    solution = quote.solution
    ar = ar_of(solution)

    cheaper = quotes.new_revision(quote, by=ar)
    quotes.edit(cheaper, by=ar, lines=quote_lines()[:2])
    decide(quotes.submit(cheaper, by=ar), quotes.approve)

    solution.refresh_from_db()
    assert (solution.state, solution.version, solution.quote_id) == ("draft", 2, None)
    assert LogEntry.objects.filter(action="solution.revise", actor_kind="system").exists()


def sent_quote_of_an_approved_package():
    """The quote of an approved package, sent."""
    from tests.factories.solutions import make_approved_solution

    solution = make_approved_solution()
    return quotes.send(solution.quote, by=ar_of(solution))


def test_one_accepted_quote_per_solution():
    quote = make_accepted_quote()

    assert selectors.accepted_quote(quote.case_id) == quote
    assert selectors.current_quote(quote.solution) == quote
