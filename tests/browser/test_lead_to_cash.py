"""The demo deal in a real browser: each act by the person whose job it is, by clicking real pages, in zh and en.

Key acts of every stage are clicked; the stretches between them go through the services of the demo's story.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import BankAccount
from approvals.selectors import open_conditions
from billing.models import Invoice, Receipt
from billing.selectors import position
from closing.models import Closing
from core.calendar import today
from delivery.models import DeliveryOrder
from delivery.services import acceptance as acceptances
from delivery.services import order as orders
from finance.models import CostSheet
from guidance.models import GuidancePlan
from leads.models import Lead
from ltc.demo.plan import PDF, Cost, category, rate, term
from ltc.demo.story import Deal
from process.models import StageRecord
from projects import services as projects
from projects.models import Project
from solutions.models import Quote, Solution
from solutions.services import solution as solutions
from tests.browser.desk import Office, office
from tests.browser.helpers import axe_violations, open_verb, reveal, scrolls_sideways, shoot

GROSS, NET = "1,006,000.00", "900,000.00"
TEXT = {"name": "contract.pdf", "mimeType": "application/pdf", "buffer": PDF}
OTHER = {"name": "other.pdf", "mimeType": "application/pdf", "buffer": PDF + b"% one clause more\n"}
STAMPED = {"name": "stamped.pdf", "mimeType": "application/pdf", "buffer": PDF}
CERTIFICATE = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\ncertificate\n%%EOF\n"}


class Story:
    """The deal with everybody's windows, and a picture of each step."""

    def __init__(self, desks: Office, deal: Deal) -> None:
        self.desks, self.deal, self.shots = desks, deal, 0

    def shot(self, page: Page, name: str, *, check: bool = False) -> Path:
        """Look at the page as a whole: keep its picture, find what is wrong with it."""
        self.shots += 1
        if check:
            assert axe_violations(page) == [], name
            assert not scrolls_sideways(page), name
        return shoot(page, f"{self.desks.language[:2]}-{self.shots:02d}-" + name.replace(" ", "-"))

    def approve(self, record: StageRecord, *usernames: str) -> None:
        """Each gives the opinion or the decision that is asked for."""
        for username in usernames:
            self.desks[username].verb(record, "approve")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_one_deal_by_clicking(browser: Browser, live_server: LiveServer, deal: Deal, language: str) -> None:
    for user in deal.people.values():
        user.language = language
        user.save(update_fields=["language"])
    with office(browser, live_server.url, language=language) as desks:
        story = Story(desks, deal)
        _lead(story)
        _initiation(story)
        _guidance_and_solution(story)
        _bid(story)
        _contract(story)
        _money(story)
        _delivery(story)
        _closing(story)


def _lead(story: Story) -> None:
    deal, plan = story.deal, story.deal.plan
    ar, manager = story.desks["ar"], story.desks["leads"]
    story.shot(ar.go("/"), "home", check=True)
    ar.go("/leads/").click('[data-key="n"]')
    ar.page.wait_for_selector("#form")
    fields = {
        "company_name": plan.company,
        "title": plan.title,
        "need": plan.need,
        "source": term("lead.source", plan.source).pk,
        "temperature": "warm",
        "contact_name": plan.contact,
        "phone": plan.phone,
        "next_action": "预约现场需求调研",
        "next_action_on": today() + dt.timedelta(days=3),
        "gross_amount": GROSS,
        "expected_on": today() + dt.timedelta(days=60),
        "budget_known": True,
        "decision_maker_known": True,
        "industry": term("industry", plan.industry).pk,
        "tax_id": plan.tax_id,
    }
    ar.fill("#form", fields)
    story.shot(ar.page, "new lead", check=True)
    ar.send()
    deal.lead = Lead.objects.get()
    assert deal.lead.gross_amount == Decimal(1006000)
    page = manager.go(deal.lead)
    open_verb(page, "/assign/")
    manager.fill("#verb", {"owner": {"pick": "王芳"}})
    story.shot(page, "assign")
    page.keyboard.press("Escape")
    manager.verb(deal.lead, "assign", owner={"pick": "王芳"})
    ar.verb(deal.lead, "start")
    said = {"kind": term("activity", "visit").pk, "text": "现场调研, 客户确认预算已列入年度计划"}
    ar.verb(deal.lead, "add_follow_up", **said)
    story.shot(ar.page, "lead")
    ar.verb(deal.lead, "qualify", create_customer=True)
    assert deal.lead.state == "converted"
    deal.project = Project.objects.get(lead=deal.lead)


def _initiation(story: Story) -> None:
    deal, desks, project = story.deal, story.desks, story.deal.project
    ar, sr = desks["ar"], desks["sr"]
    ar.go(project)
    ar.page.click('.page-actions a[href$="/edit/"]')
    ar.send(
        {
            "objectives": "按期交付智慧病房平台, 毛利率不低于 25%",
            "scope": deal.plan.need,
            "variant": term("variant", "direct").pk,
            "starts_on": today() + dt.timedelta(days=50),
            "ends_on": today() + dt.timedelta(days=200),
            "expected_sign_on": today() + dt.timedelta(days=45),
            "presales_net_budget": "10,000",
            "win_probability": 60,
            "project_type": term("project_type", "integration").pk,
            "funding": term("funding", "fiscal").pk,
            "purchase_method": term("purchase_method", "direct").pk,
        }
    )
    ar.verb(project, "name_triangle", sr={"pick": "李明"}, fr={"pick": "赵强"})
    delivery = deal.who("delivery_head").department
    projects.add_resource_need(project, by=deal.who("ar"), department=delivery, role="实施工程师", days=Decimal(40))
    need = project.resource_needs.get()
    desks["delivery_head"].verb(project, "confirm_resource", need=need.pk)
    sheet = _estimate(story)
    sr.verb(sheet, "submit")
    story.approve(sheet, "pfc")
    ar.verb(project, "submit")
    reveal(ar.page)
    story.shot(ar.page, "project in review", check=True)
    pfc = desks["pfc"].go("/")
    pfc.click("#inbox-decisions a")
    open_verb(pfc, "/approve/")
    assert "28.82" in pfc.inner_text("#verb"), "who decides sees the figures"
    story.shot(pfc, "approve")
    story.approve(project, "pfc", "director")
    assert project.state == "approved"


def _estimate(story: Story) -> CostSheet:
    """The estimate in the grid of the form: what is bought, and days."""
    sr, book = story.desks["sr"], story.deal.project.book
    sr.go(f"/cost-sheets/new/?book={book.pk}")
    sr.fill("#form", {"kind": "estimate", "label": "立项概算", "accuracy_percent": 30, "net_revenue": "900,000"})
    sr.lines("lines", [_cost_row(cost) for cost in story.deal.plan.costs])
    assert sr.page.inner_text("[data-cost]") == "640,600.00"
    story.shot(sr.page, "estimate form", check=True)
    sr.send()
    sheet = CostSheet.objects.get(book=book)
    assert (sheet.net_revenue, sheet.net_cost) == (Decimal(900000), Decimal(640600))
    reveal(sr.page)
    story.shot(sr.page, "estimate")
    return sheet


def _cost_row(cost: Cost) -> dict[str, Any]:
    row: dict[str, Any] = {"category": category(cost.category).pk, "text": cost.text}
    if cost.days:
        return {**row, "days": cost.days, "net_day_amount": "2,000"}
    return {**row, "gross_amount": cost.gross, "tax_rate": rate(cost.tax).pk, "deductible": cost.deductible}


def _guidance_and_solution(story: Story) -> None:
    deal, desks = story.deal, story.desks
    sr = desks["sr"]
    sr.take_from_inbox()
    deal.guidance = GuidancePlan.objects.get(project=deal.project)
    deal.guide()
    deal.guidance.refresh_from_db()
    reveal(sr.go(deal.guidance))
    story.shot(sr.page, "guidance")
    sr.verb(deal.guidance, "conclude")
    deal.take("solution", "sr")
    deal.solution = Solution.objects.get(project=deal.project)
    facts = {"approach": "终端 + 网关 + 集成平台, 分三批实施", "risks": "老旧病区布线条件", "deviations": "无"}
    solutions.edit(deal.solution, by=deal.who("sr"), **facts)
    review = "架构可行, 接口已验证"
    desks["solution_head"].verb(deal.solution, "technical_review", technical_review=review)
    deal.estimate("投标概算", accuracy=Decimal(10))


def _bid(story: Story) -> None:
    """A quote over three tax rates, decided by one person; the whole package by three."""
    deal, desks = story.deal, story.desks
    sr = desks["sr"]
    sr.go(f"/quotes/new/?solution={deal.solution.pk}")
    sr.fill("#form", {"valid_until": today() + dt.timedelta(days=60)})
    items = deal.plan.items
    rows = [{"name": one.name, "gross_price": one.gross, "tax_rate": rate(one.tax).pk} for one in items]
    sr.lines("lines", rows)
    total = sr.page.locator('[data-formset="lines"] [data-total]')
    assert (total.locator("[data-gross]").inner_text(), total.locator("[data-net]").inner_text()) == (GROSS, NET)
    story.shot(sr.page, "quote form")
    sr.send()
    deal.quote = Quote.objects.get()
    assert sr.say(GROSS) and sr.say(NET)
    sr.verb(deal.quote, "submit")
    story.approve(deal.quote, "director")
    page = desks["director"].page
    assert "28.82" in page.inner_text("#main")
    reveal(page)
    story.shot(page, "quote", check=True)
    sr.verb(deal.solution, "submit")
    story.approve(deal.solution, "pfc", "fr", "director")
    assert deal.solution.state == "approved"
    deal.win()


def _contract(story: Story) -> None:
    deal, desks, contract = story.deal, story.desks, story.deal.contract
    ar = desks["ar"]
    _draft(story)
    ar.verb(contract, "attach_text", file=TEXT)
    ar.verb(contract, "submit")
    desks["legal"].verb(contract, "approve", opinion="conditional", conditions="违约金上限写明为合同额 5%")
    story.approve(contract, "pfc", "sr", "fr")
    reveal(desks["fr"].page)
    story.shot(desks["fr"].page, "contract in review")
    story.approve(contract, "director")
    met = open_conditions(contract)[0]
    ar.verb(contract, "meet_condition", decision=met.pk)
    _sign(story)
    ar.verb(contract, "meet_effect", kind=term("effect_condition", "both_signed").pk)
    ar.verb(contract, "activate")
    assert contract.state == "effective"
    deal.take("billing", "finance")
    reveal(ar.go(contract))
    story.shot(ar.page, "contract", check=True)


def _draft(story: Story) -> None:
    """Kind, conditions and payment terms in the form."""
    ar, contract, plan = story.desks["ar"], story.deal.contract, story.deal.plan
    ar.go(f"{contract.get_absolute_url()}edit/")
    terms = [
        {
            "event": term("payment_event", one.event).pk,
            "percent": one.percent,
            "days_after": 30,
            "is_retention": one.retention,
        }
        for one in plan.terms
    ]
    ar.lines("terms", terms)
    ar.page.check(f'[name="conditions"][value="{term("effect_condition", "both_signed").pk}"]')
    fields = {
        "kind": term("contract_type", "integration").pk,
        "price_kind": term("price_kind", "fixed").pk,
        "customer_number": "HT-2026-0871",
        "promises": "质保期内 4 小时到场; 免费培训 2 次",
        "warranty_months": 12,
    }
    ar.fill("#form", fields)
    story.shot(ar.page, "contract form", check=True)
    ar.send()
    amounts = [one.gross_amount for one in contract.terms.order_by("position")]
    assert amounts == [Decimal(301800), Decimal(301800), Decimal(301800), Decimal(100600)]


def _sign(story: Story) -> None:
    """Another file than the one that was decided on is refused; the same one is taken."""
    seal, contract = story.desks["seal"], story.deal.contract
    fields = {"seal": term("seal", "contract").pk, "signer": "刘建国"}
    page = seal.go(contract)
    open_verb(page, "/sign/")
    seal.fill("#verb", {"file": OTHER, **fields})
    page.click("#verb [type=submit]")
    page.wait_for_selector("#verb .reasons")
    assert page.input_value('#verb [name="signer"]') == "刘建国", "nothing typed is lost"
    story.shot(page, "sign refused")
    contract.refresh_from_db()
    assert contract.state == "approved"
    seal.verb(contract, "sign", file=STAMPED, **fields)
    assert contract.state == "signed"


def _money(story: Story) -> None:
    """The advance: invoice requested, issued with the platform's number; the receipt claimed and confirmed."""
    deal, desks, contract = story.deal, story.desks, story.deal.contract
    ar, finance, cashier = desks["ar"], desks["finance"], desks["cashier"]
    line = contract.receivables.get(term__event__code="effect")
    ar.verb(line, "request_invoice", fapiao=term("fapiao", "e_special").pk)
    invoice = Invoice.objects.get()
    if invoice.state == "draft":
        ar.verb(invoice, "submit")
    story.approve(invoice, "finance")
    finance.verb(invoice, "issue", platform_number=f"2611{invoice.pk:016d}")
    ar.verb(invoice, "deliver", delivered_to=deal.plan.contact)
    assert invoice.state == "delivered"
    reveal(ar.page)
    story.shot(ar.page, "invoice")
    cashier.go("/receipts/new/")
    account = BankAccount.objects.order_by("pk").first()
    assert account is not None
    fields = {
        "account": account.pk,
        "payer_name": deal.plan.company,
        "gross_amount": "301,800.00",
        "value_on": today(),
        "reference": "ICBC0000000001",
        "method": term("receipt_method", "transfer").pk,
        "summary": contract.customer_number,
    }
    cashier.fill("#form", fields)
    story.shot(cashier.page, "receipt form")
    cashier.send()
    receipt = Receipt.objects.get()
    story.shot(ar.go("/"), "home with money to claim")
    ar.verb(receipt, "claim", contract={"pick": contract.code}, receivable={"pick": line.code})
    finance.verb(receipt, "confirm")
    if receipt.gross_free:
        invoice_field = {"pick": invoice.code}
        finance.verb(receipt, "allocate", receivable={"pick": line.code}, invoice=invoice_field)
    line.refresh_from_db()
    assert (receipt.state, line.gross_received) == ("confirmed", Decimal(301800))
    reveal(finance.page)
    story.shot(finance.page, "receipt")


def _delivery(story: Story) -> None:
    deal, desks = story.deal, story.desks
    fr = desks["fr"]
    fr.take_from_inbox()
    deal.order = DeliveryOrder.objects.get(contract=deal.contract)
    deal.start_delivery()
    deal.buy()
    deal.work()
    who = deal.who("fr")
    orders.add_shipment(deal.order, by=who, text="终端 480 台、网关 36 台", carrier="顺丰")
    orders.sign_for_goods(deal.order, by=who, shipment=deal.order.shipments.get(), signer="设备科 周老师")
    acceptance = acceptances.open(
        by=who,
        order=deal.order,
        kind=term("acceptance", "arrival"),
        scope=deal.plan.need,
        releases=[{"term": deal.contract.terms.get(event__code="arrival"), "share_percent": Decimal(100)}],
        is_final=False,
    )
    fr.verb(acceptance, "submit")
    signed = {"signer": deal.plan.contact, "result": term("acceptance_result", "passed").pk}
    fr.verb(acceptance, "sign", seal=term("seal", "company").pk, certificate=CERTIFICATE, **signed)
    states = {line.term.event.code: line.state for line in deal.contract.receivables.select_related("term__event")}
    assert (states["arrival"], states["final"]) == ("eligible", "planned"), "exactly its share"
    reveal(fr.page)
    story.shot(fr.page, "acceptance")
    reveal(fr.go(deal.order))
    story.shot(fr.page, "delivery")
    deal.bill_and_collect("arrival")
    deal.accept_finally()
    deal.bill_and_collect("final")
    deal.serve()


def _closing(story: Story) -> None:
    """Provisional accounts: contract = invoiced = received + retention."""
    deal, desks = story.deal, story.desks
    orders.close(deal.order, by=deal.who("fr"))
    pfc = desks["pfc"]
    pfc.take_from_inbox()
    deal.closing = Closing.objects.get(project=deal.project)
    pfc.verb(deal.closing, "settle")
    assert deal.closing.state == "provisional"
    for figure in (GROSS, "905,400.00", "100,600.00", NET, "640,600.00", "28.82"):
        assert pfc.say(figure), figure
    money = position(deal.contract)
    assert money.received + money.retention == money.contract == Decimal(1006000)
    reveal(pfc.page)
    story.shot(pfc.page, "provisional accounts", check=True)
    deal.project.refresh_from_db()
    page = desks["director"].go(deal.project)
    reveal(page)
    for figure in (GROSS, "905,400.00", "100,600.00"):
        assert figure in page.inner_text(".stats-cards")
    story.shot(page, "project", check=True)
    assert story.shots >= 20
