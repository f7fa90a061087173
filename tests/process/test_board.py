"""The board: a card goes only where its reader may move it, by the verb that is theirs."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from approvals import selectors as approvals
from core.calendar import today
from core.models import ExchangeRate
from core.selectors import totals
from leads.models import Lead
from process.services import take_seat
from solutions.services import quote as quotes
from tests.factories.leads import make_assigned_lead, make_pooled_lead, make_working_lead
from tests.factories.solutions import make_quote
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def moves(user: User, board: str, record) -> dict[str, str]:
    """Where the reader's card of a record goes, and by which address."""
    return {state: move["url"] for state, move in offered(user, board, record).items()}


def offered(user: User, board: str, record) -> dict[str, dict]:
    """Where the reader's card goes, by which address, and whether a dialog asks for something before."""
    page = signed_in(user).get(f"/{board}/board/")
    cards = [card for column in page.context["columns"] for card in column["cards"]]
    return json.loads(next(card["verbs_json"] for card in cards if card["id"] == record.pk))


def test_out_of_the_pool_by_the_verb_of_who_drags(sales, lead_manager, director) -> None:
    lead = make_pooled_lead(sales)
    page = lead.get_absolute_url()
    assert moves(lead_manager, "leads", lead) == {"assigned": f"{page}assign/"}
    assert moves(sales, "leads", lead) == {"assigned": f"{page}pick/"}
    assert moves(director, "leads", lead) == {}
    sent = {"owner": sales.pk, "note": "区域归属"}
    assert signed_in(lead_manager).post(moves(lead_manager, "leads", lead)["assigned"], sent).status_code == 302


def test_a_move_that_asks_for_nothing_needs_no_dialog(sales, lead_manager) -> None:
    lead = make_assigned_lead(sales)
    found = offered(sales, "leads", lead)
    assert {state for state, move in found.items() if not move["ask"]} == {"working"}
    assert {state for state, move in found.items() if move["ask"]} >= {"nurturing"}


def test_columns_are_added_up_in_base_currency_in_one_statement(sales, lead_manager, django_assert_num_queries) -> None:
    for amount, currency in (("100.50", "CNY"), ("200.00", "CNY"), ("10.00", "EUR"), (None, "CNY"), ("7.00", "XXX")):
        make_working_lead(sales, gross_amount=amount and Decimal(amount), currency=currency)
    rows = Lead.objects.filter(state="working")
    ask = {"day": today(), "amount": "gross_amount", "currency": "currency"}
    with django_assert_num_queries(1):
        [total] = totals([rows.filter(currency="CNY")], **ask)
    assert (total.number, total.amount, total.currency) == (3, Decimal("300.50"), "CNY")
    ExchangeRate.objects.update_or_create(currency_id="EUR", on=today(), defaults={"rate": Decimal("7.8")})
    whole, none = totals([rows, rows.none()], **ask)
    assert (whole.number, whole.amount, whole.missing) == (5, Decimal("378.50"), ("XXX",))
    assert (none.number, none.capped, none.amount) == (0, False, None)
    few = totals([rows], cap=2, **ask)[0]
    assert (few.number, few.capped) == (2, True)
    page = signed_in(sales).get("/leads/board/")
    texts = {column["state"]: column["sum_text"] for column in page.context["columns"]}
    assert texts["working"].startswith("≥") and "379" in texts["working"]
    assert texts["new"] == ""


def test_the_owner_moves_the_card_and_a_colleague_on_the_case_does_not(sales, solution) -> None:
    lead = make_working_lead(sales)
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert set(moves(sales, "leads", lead)) == {"nurturing", "qualified"}
    assert moves(solution, "leads", lead) == {}


def test_in_review_the_decider_approves_and_the_submitter_withdraws() -> None:
    quote = make_quote()
    submitter = quote.owner
    quotes.submit(quote, by=submitter)
    asked = approvals.requests_of(quote)[0].decisions.filter(step__isnull=False)[0]
    decider = User.objects.get(pk=asked.assignees[0])
    page = quote.get_absolute_url()
    assert moves(submitter, "quotes", quote) == {"draft": f"{page}withdraw/"}
    assert moves(decider, "quotes", quote) == {"approved": f"{page}approve/", "draft": f"{page}send_back/"}


def test_a_column_of_many_cards_asks_no_more_often(sales, solution) -> None:
    client = signed_in(solution)

    def one_more() -> None:
        lead = make_working_lead(sales)
        take_seat(lead.case_id, "sr", solution, by=sales)

    one_more()
    client.get("/leads/board/")
    with CaptureQueriesContext(connection) as few:
        client.get("/leads/board/")
    for _number in range(4):
        one_more()
    with CaptureQueriesContext(connection) as many:
        client.get("/leads/board/")
    assert len(few) == len(many)
