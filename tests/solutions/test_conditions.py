"""A quote or bid package approved on conditions goes on when they are met, and not before."""

import pytest

from approvals.selectors import open_conditions
from core.errors import NotAllowed, Refused, Stale
from process.services import seat
from solutions.services import quote as quotes
from solutions.services import solution as solutions
from tests.factories.projects import decide
from tests.factories.solutions import ar_of, make_approved_quote, make_quote, make_submitted_solution
from tests.helpers import last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db


def on_conditions(approve):
    """Everybody who is asked agrees on a condition."""

    def conditional(record, by):
        return approve(record, by=by, opinion="conditional", conditions="付款方式书面确认")

    return conditional


def test_a_quote_is_sent_when_its_conditions_are_met(stranger) -> None:
    quote = make_quote()
    ar = seat(quote.case_id, "ar")
    decide(quotes.submit(quote, by=ar), on_conditions(quotes.approve))
    with unchanged(quote), pytest.raises(Refused, match="付款方式书面确认"):
        quotes.send(quote, by=ar)
    condition = open_conditions(quote)[0]
    with unchanged(quote), pytest.raises(NotAllowed):
        quotes.meet_condition(quote, decision=condition, by=stranger)
    with unchanged(quote), pytest.raises(Stale):
        quotes.meet_condition(quote, decision=condition, by=ar, version=quote.row_version - 1)
    other = make_approved_quote(quote.solution, is_alternative=True)
    with unchanged(quote, other), pytest.raises(Refused):
        quotes.meet_condition(other, decision=condition, by=ar)
    for one in open_conditions(quote):
        quotes.meet_condition(quote, decision=one, by=ar, note="客户已回函")
    assert last_log(quote).action == "decision.meet_condition"
    assert quotes.send(quote, by=ar).state == "sent"


def test_a_bid_package_goes_out_when_its_conditions_are_met_on_the_page() -> None:
    solution = make_submitted_solution()
    decide(solution, on_conditions(solutions.approve))
    sr, ar = seat(solution.case_id, "sr"), ar_of(solution)
    with unchanged(solution), pytest.raises(Refused, match="付款方式书面确认"):
        solutions.submit_bid(solution, by=ar)
    page = solution.get_absolute_url()
    act = f"{page}meet_condition/"
    assert act not in signed_in(ar).get(page).content.decode()
    client = signed_in(sr)
    assert act in client.get(page).content.decode()
    waiting = open_conditions(solution)
    assert "付款方式书面确认" in client.get(act).content.decode()
    assert signed_in(ar).post(act, {"decision": waiting[0].pk}).status_code == 403
    for one in waiting:
        assert client.post(act, {"decision": one.pk}).status_code == 302
    assert client.post(act, {"decision": waiting[0].pk}).status_code in (403, 422)
    assert act not in client.get(page).content.decode()
    quotes.send(solution.quote, by=ar)
    assert solutions.submit_bid(solution, by=ar).state == "tendered"
