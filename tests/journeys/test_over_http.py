"""The same deal over HTTP: what the pages post, by the right person, and what they answer to a wrong one."""

from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse

from accounts.models import User
from billing.models import Invoice, Receipt
from leads.models import Lead
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL, term, text_file
from ltc.demo.story import Deal, make_customer
from process.models import Handover, StageRecord
from process.outlet import outlet_of
from projects.models import Project
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(db: None) -> Deal:
    people = make_people()
    make_entity()
    return Deal(HOSPITAL, people)


def send(user: User, url: str, data: dict[str, Any]) -> HttpResponse:
    return signed_in(user).post(url, data)


def act(user: User, record: StageRecord, verb: str, **data: Any) -> None:
    """Fire a verb as its dialog does: with the row version that was seen."""
    record.refresh_from_db()
    url = outlet_of(record.record_kind()).url("verb", record.pk, verb)
    answer = send(user, url, {"version": record.row_version, **data})
    assert answer.status_code == 302, (verb, answer.status_code, answer.content.decode()[-1500:])
    record.refresh_from_db()


def refused(status: int, user: User, record: StageRecord, verb: str, **data: Any) -> None:
    """The page says no (403, 404 or 409) and nothing has changed."""
    record.refresh_from_db()
    url = outlet_of(record.record_kind()).url("verb", record.pk, verb)
    with unchanged(record):
        assert send(user, url, {"version": record.row_version, **data}).status_code == status, (verb, user)


def take(deal: Deal, target: str, username: str) -> None:
    """Take the open handover to a stage on its page."""
    waiting = Handover.objects.filter(case=deal.project.case, target=target, state="offered").first()
    if waiting is not None:
        act(deal.who(username), waiting, "take")


def test_a_deal_over_http(deal: Deal) -> None:
    _initiation(deal)
    _bid(deal)
    _contract(deal)
    _cash(deal)


def _initiation(deal: Deal) -> None:
    who = deal.who
    plan = deal.plan
    typed = {
        "title": plan.title,
        "company_name": plan.company,
        "contact_name": plan.contact,
        "phone": "010-5555 0101",
        "source": term("lead.source", "inquiry").pk,
        "need": plan.need,
        "gross_amount": "1,006,000.00",
        "currency": "CNY",
        "temperature": "warm",
        "budget_known": "on",
        "decision_maker_known": "on",
    }
    assert send(who("ar"), "/leads/new/", {**typed, "gross_amount": "a lot"}).status_code == 422
    assert send(who("ar"), "/leads/new/", typed).status_code == 302
    deal.lead = Lead.objects.get()
    refused(404, who("ar2"), deal.lead, "start")
    act(who("leads"), deal.lead, "assign", owner=who("ar").pk)
    refused(409, who("leads"), deal.lead, "reopen", owner=who("ar").pk, note="not invalid")
    act(who("ar"), deal.lead, "start")
    act(who("ar"), deal.lead, "qualify", customer=make_customer(plan, deal.people).pk, need=plan.need)
    assert deal.lead.state == "converted"
    deal.project = Project.objects.get(lead=deal.lead)
    refused(409, who("ar"), deal.project, "submit")
    deal.plan_project()
    act(who("ar"), deal.project, "submit")
    refused(403, who("ar"), deal.project, "approve")
    act(who("pfc"), deal.project, "approve", opinion="agree")
    act(who("director"), deal.project, "approve", opinion="agree", note="同意立项")
    assert deal.project.state == "approved"
    take(deal, "guidance", "sr")


def _bid(deal: Deal) -> None:
    who = deal.who
    deal.guidance = deal.project.guidance_plans.get()
    refused(409, who("sr"), deal.guidance, "conclude")
    deal.guide()
    act(who("sr"), deal.guidance, "conclude")
    take(deal, "solution", "sr")
    deal.solution = deal.project.solutions.get()
    deal.design()
    act(who("sr"), deal.solution, "submit")
    for reviewer in ("pfc", "fr", "director"):
        act(who(reviewer), deal.solution, "approve", opinion="agree")
    act(who("ar"), deal.quote, "send")
    refused(403, who("fr"), deal.quote, "accept")
    act(who("ar"), deal.quote, "accept")
    act(who("ar"), deal.solution, "win")
    take(deal, "contract", "ar")


def _contract(deal: Deal) -> None:
    who = deal.who
    deal.contract = deal.project.contracts.get()
    deal.negotiate()
    act(who("ar"), deal.contract, "submit")
    refused(409, who("legal"), deal.contract, "approve", opinion="conditional")
    for reviewer in ("legal", "pfc", "sr", "fr", "director"):
        act(who(reviewer), deal.contract, "approve", opinion="agree")
    assert deal.contract.state == "approved"
    sealed = {"signer": "刘建国", "seal": term("seal", "contract").pk, "copies": 2, "signed_on": "2026-11-20"}
    other = text_file("other.pdf")
    other.write(b"altered")
    other.seek(0)
    refused(409, who("seal"), deal.contract, "sign", file=other, **sealed)
    act(who("seal"), deal.contract, "sign", file=text_file("stamped.pdf"), **sealed)
    signed = term("effect_condition", "both_signed").pk
    refused(409, who("ar"), deal.contract, "activate", effective_on="2026-11-20")
    act(who("ar"), deal.contract, "meet_effect", kind=signed, met_on="2026-11-20")
    act(who("ar"), deal.contract, "activate", effective_on="2026-11-20")
    assert deal.contract.state == "effective"


def _cash(deal: Deal) -> None:
    who = deal.who
    line = deal.contract.receivables.get(term__event__code="effect")
    assert (line.state, line.gross_amount) == ("eligible", Decimal(301800))
    account = make_entity().bank_accounts.get()
    typed = {
        "account": account.pk,
        "payer_name": deal.plan.company,
        "gross_amount": "301,800",
        "currency": "CNY",
        "value_on": "2026-11-20",
        "reference": "ICBC20261120001",
        "method": term("receipt_method", "transfer").pk,
    }
    assert send(who("ar"), "/receipts/new/", typed).status_code in (403, 409)
    assert send(who("cashier"), "/receipts/new/", typed).status_code == 302
    assert send(who("cashier"), "/receipts/new/", typed).status_code in (409, 422), "a bank reference counts once"
    receipt = Receipt.objects.get()
    act(who("ar"), receipt, "claim", contract=deal.contract.pk, receivable=line.pk)
    refused(403, who("ar"), receipt, "confirm")
    act(who("finance"), receipt, "confirm")
    assert Invoice.objects.count() == 0, "the advance may come before any invoice"
    line.refresh_from_db()
    receipt.refresh_from_db()
    assert line.gross_received + receipt.gross_free == Decimal(301800)
