"""The main job: one deal from lead to cash and final accounts, each act by the right person.

The figures are those of a deal worked out by hand: 791,000 (13 %) + 109,000 (9 %) + 106,000 (6 %) =
1,006,000 with tax = 900,000 net; cost 500,000 + 50,000 + 10,600 + 80,000 = 640,600; margin 259,400 = 28.82 %.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from approvals.selectors import requests_of
from billing.models import Invoice, Receipt, ReceivableLine
from billing.selectors import position
from closing import services as closings
from contracts.services import contract as contracts
from core.errors import DomainError, NotAllowed, Refused
from delivery.services import order as orders
from finance.costing import margin_percent
from finance.models import CostSheet, LedgerEntry
from finance.selectors import current_sheet, four_costings
from finance.services import ledger
from guidance import services as guidance
from leads import services as leads
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL, category, term, text_file
from ltc.demo.story import Deal
from process import services as process
from process.models import CaseRecord, Handover, LogEntry, StageRecord
from projects import services as projects
from projects.services.stage import enter_stage
from solutions.services import quote as quotes
from solutions.services import solution as solutions
from tests.helpers import unchanged

pytestmark = pytest.mark.django_db
GROSS, NET, COST = Decimal(1006000), Decimal(900000), Decimal(640600)


@pytest.fixture
def deal(db: None) -> Deal:
    people = make_people()
    make_entity()
    return Deal(HOSPITAL, people)


class Turns:
    """Counts the wrong turns that were refused with nothing changed."""

    def __init__(self) -> None:
        self.refused = 0

    @contextmanager
    def wrong(self, error: type[DomainError], *records: StageRecord, says: str = "") -> Iterator[None]:
        with unchanged(*records), pytest.raises(error) as refusal:
            yield
        assert says in str(refusal.value)
        self.refused += 1


def test_one_deal_from_lead_to_cash(deal: Deal) -> None:
    turns = Turns()
    _lead_to_initiation(deal, turns)
    _guidance_to_bid(deal, turns)
    _contract(deal, turns)
    _delivery(deal, turns)
    _provisional(deal, turns)
    _final(deal, turns)
    assert turns.refused >= 15
    call_command("verify")


def _lead_to_initiation(deal: Deal, turns: Turns) -> None:
    who = deal.who
    lead = deal.collect()
    with turns.wrong(NotAllowed, lead):
        leads.assign(lead, by=who("fr"), owner=who("ar"))
    with turns.wrong(Refused, lead):
        leads.reopen(lead, by=who("leads"), note="it is not invalid")
    deal.distribute()
    with turns.wrong(NotAllowed, lead):
        leads.qualify(lead, by=who("ar2"))
    project = deal.qualify()
    lead.refresh_from_db()
    assert lead.state == "converted"
    assert (project.state, project.stage, project.case_id) == ("draft", "initiation", lead.case_id)
    assert project.book_id == lead.book_id, "the cost book goes with the deal"
    with turns.wrong(Refused, project):
        projects.submit(project, by=who("ar"))
    deal.plan_project()
    sheet = current_sheet(project.book, "estimate")
    assert (sheet.net_revenue, sheet.net_cost) == (NET, COST)
    assert margin_percent(NET, sheet.net_cost).quantize(Decimal("0.01")) == Decimal("28.82")
    projects.submit(project, by=who("ar"))
    with turns.wrong(NotAllowed, project):
        projects.approve(project, by=who("ar"))  # the submitter never decides
    with turns.wrong(NotAllowed, project):
        projects.approve(project, by=who("director"))  # the review is asked first
    projects.withdraw(project, by=who("ar"))
    deal.decide_initiation()
    assert (project.state, deal.guidance.state) == ("approved", "planned")
    project.refresh_from_db()
    assert project.stage == "guidance"


def _guidance_to_bid(deal: Deal, turns: Turns) -> None:
    who = deal.who
    with turns.wrong(Refused, deal.guidance):
        guidance.conclude(deal.guidance, by=who("sr"))
    deal.guide()
    with turns.wrong(Refused, deal.project):
        enter_stage(deal.project, "contract", by=who("sr"))
    deal.conclude_guidance()
    with turns.wrong(Refused, deal.solution):
        solutions.submit(deal.solution, by=who("sr"))
    with turns.wrong(NotAllowed, deal.solution):
        solutions.technical_review(deal.solution, by=who("cashier"), technical_review="ok")
    quote = deal.design()
    assert (quote.gross_amount, quote.net_amount, quote.tax_amount) == (GROSS, NET, GROSS - NET)
    assert quote.margin_percent.quantize(Decimal("0.01")) == Decimal("28.82")
    with turns.wrong(Refused, deal.solution):
        solutions.win(deal.solution, by=who("ar"))
    deal.decide_bid()
    assert deal.solution.state == "approved"
    assert [one.opinion for one in requests_of(deal.solution)[0].decisions.all()] == ["agree"] * 3
    with turns.wrong(Refused, quote):
        quotes.accept(quote, by=who("ar"))  # not sent yet
    contract = deal.win()
    assert (contract.gross_amount, contract.net_amount) == (GROSS, NET)


def _contract(deal: Deal, turns: Turns) -> None:
    who, contract = deal.who, deal.contract
    with turns.wrong(Refused, contract):
        contracts.submit(contract, by=who("ar"))
    deal.negotiate()
    amounts = [Decimal(str(one.gross_amount)) for one in contract.terms.order_by("position")]
    assert amounts == [Decimal(301800), Decimal(301800), Decimal(301800), Decimal(100600)]
    contracts.submit(contract, by=who("ar"))
    with turns.wrong(Refused, contract):
        contracts.edit(contract, by=who("ar"), penalty="changed while it is reviewed")
    contracts.withdraw(contract, by=who("ar"))
    deal.decide_contract()
    with turns.wrong(NotAllowed, contract):
        contracts.sign(contract, by=who("ar"), file=text_file(), signer="x", seal=term("seal", "contract"))
    with turns.wrong(Refused, contract):
        other = ContentFile(b"another text", name="other.pdf")
        contracts.sign(contract, by=who("seal"), file=other, signer="刘建国", seal=term("seal", "contract"))
    deal.sign()
    assert contract.state == "effective"
    lines = {line.term.event.code: line for line in contract.receivables.select_related("term__event")}
    assert {code: line.state for code, line in lines.items()} == {
        "effect": "eligible",
        "arrival": "planned",
        "final": "planned",
        "retention": "planned",
    }
    deal.bill_and_collect("effect")


def _delivery(deal: Deal, turns: Turns) -> None:
    who, book = deal.who, deal.project.book
    waiting = Handover.objects.get(case=deal.project.case, target="delivery", state="offered")
    with turns.wrong(NotAllowed, waiting):
        process.take(waiting, by=who("ar"))
    order = deal.start_delivery()
    deal.project.refresh_from_db()
    assert (order.state, deal.project.stage) == ("in_progress", "delivery")
    with turns.wrong(Refused, order):
        orders.accept(order, by=who("fr"))
    with turns.wrong(Refused):
        ledger.post(
            book,
            nature="commitment",
            category=category("material.hardware"),
            net_amount=Decimal(5000000),
            day=timezone.localdate(),
            source="test:beyond-budget",
            by=who("purchasing"),
            commitment_check=True,
        )
    deal.buy()
    deal.work()
    book.refresh_from_db()
    assert (book.net_cost, book.net_committed) == (COST, Decimal(0))
    deal.arrive()
    arrival = deal.contract.receivables.get(term__event__code="arrival")
    final = deal.contract.receivables.get(term__event__code="final")
    assert (arrival.state, final.state) == ("eligible", "planned"), "an acceptance releases exactly its share"
    deal.bill_and_collect("arrival")
    deal.accept_finally()
    assert deal.order.state == "accepted"
    deal.bill_and_collect("final")
    book.refresh_from_db()
    assert book.net_recognised == NET
    deal.serve()


def _provisional(deal: Deal, turns: Turns) -> None:
    closing = deal.settle()
    assert closing.state == "provisional"
    money = position(deal.contract)
    retention = ReceivableLine.objects.get(contract=deal.contract, is_retention=True)
    assert retention.gross_amount == Decimal(100600)
    assert money.contract == GROSS
    assert money.received + retention.gross_amount == GROSS
    assert money.invoiced + retention.gross_amount == GROSS
    with turns.wrong(Refused, closing):
        closings.finalize(closing, by=deal.who("pfc"))


def _final(deal: Deal, turns: Turns) -> None:
    deal.agreement.refresh_from_db()
    end = deal.agreement.warranty_until + dt.timedelta(days=1)
    with time_machine.travel(dt.datetime.combine(end, dt.time(2), tzinfo=dt.UTC), tick=True):
        deal.end_warranty()
        closing = deal.finalize()
        assert closing.state == "final"
        _all_paid(deal)
        with turns.wrong(Refused):
            ledger.post(
                deal.project.book,
                nature="cost",
                category=category("labour.implementation"),
                net_amount=Decimal(1),
                day=timezone.localdate(),
                source="test:after-final",
                by=deal.who("pfc"),
            )
        with turns.wrong(DomainError, deal.project):
            projects.edit(deal.project, by=deal.who("ar"), scope="after the end")


def _all_paid(deal: Deal) -> None:
    money = position(deal.contract)
    assert money.contract == money.invoiced == money.received == GROSS
    deal.project.refresh_from_db()
    book = deal.project.book
    book.refresh_from_db()
    assert (deal.project.state, deal.project.stage, book.is_frozen) == ("closed", "closed", True)
    posted = sum(LedgerEntry.objects.filter(book=book, nature="cost").values_list("net_amount", flat=True))
    settled = CostSheet.objects.get(book=book, kind="settlement", state="approved")
    assert settled.net_cost == posted == COST
    assert four_costings(book).rows, "the four costings stand side by side"
    still_open = CaseRecord.objects.filter(case=deal.project.case, is_open=True).exclude(stage="operations")
    assert [str(one) for one in still_open] == []
    assert Invoice.objects.filter(contract=deal.contract, state="delivered").count() == 4
    receipts_in = Receipt.objects.filter(contract=deal.contract, state="confirmed")
    assert sum(one.gross_amount for one in receipts_in) == GROSS
    assert LogEntry.objects.filter(case=deal.project.case).count() > 60
