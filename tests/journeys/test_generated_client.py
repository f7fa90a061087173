"""The demo deal once more, from lead to final accounts, by a client that was generated from the schema.

Each person works with a token of their own; nothing but the client's own functions and types is used.
"""

import datetime as dt
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_django.live_server_helper import LiveServer

from accounts.services import make_token
from core.calendar import today
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL, PDF
from tests.journeys.generated import PACKAGE, Program, generate, option

pytestmark = pytest.mark.django_db(transaction=True)
GROSS, COST = Decimal(1006000), Decimal(640600)
PLAN = HOSPITAL


@pytest.fixture
def deal(transactional_db: None, live_server: LiveServer, tmp_path: Path) -> Iterator["Deal"]:
    """Everybody with a program, before the first act."""
    people = make_people()
    make_entity()
    generate(tmp_path, live_server.url, make_token(people["ar"], label="schema")[1])
    sys.path.insert(0, str(tmp_path))
    yield Deal(live_server.url, people)
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


class Deal:
    """One deal, known by the keys that the API has told."""

    def __init__(self, url: str, people: dict[str, Any]) -> None:
        self.url, self.people = url, people
        self.models: Any = import_module(f"{PACKAGE}.models")
        self.programs: dict[str, Program] = {}
        self.case = self.project = self.contract = self.order = self.agreement = self.closing = 0

    def who(self, name: str) -> Program:
        """The program of a person."""
        if name not in self.programs:
            self.programs[name] = Program(self.url, self.people[name])
        return self.programs[name]

    def file(self, content: bytes = PDF, name: str = "contract.pdf") -> Any:
        """A file as the client sends it."""
        return import_module(f"{PACKAGE}.types").File(BytesIO(content), name, "application/pdf")

    def take(self, target: str, name: str) -> None:
        """Take the open handover, unless it was taken from oneself already."""
        program = self.who(name)
        offered = program.do("handover_list", case=self.case, state=self.models.HandoverListState.OFFERED).results
        for waiting in offered:
            if waiting.target == target:
                program.do("handover_take", waiting.id)


def test_a_generated_client_walks_the_deal(deal: Deal) -> None:
    _lead(deal)
    _initiation(deal)
    _guidance(deal)
    _bid(deal)
    _contract(deal)
    _bill_and_collect(deal)
    _start_delivery(deal)
    _buy(deal)
    _work(deal)
    _accept(deal, "arrival")
    _bill_and_collect(deal)
    _accept_finally(deal)
    _bill_and_collect(deal)
    _settle(deal)
    position = deal.who("finance").do("position", deal.case)
    assert (Decimal(position.contract), Decimal(position.received)) == (GROSS, GROSS - 100600)
    with time_machine.travel(dt.datetime.combine(today() + dt.timedelta(days=400), dt.time(2), dt.UTC), tick=True):
        deal.programs.clear()  # the tokens are out of date by then
        _finalize(deal)


def _lead(deal: Deal) -> None:
    ar = deal.who("ar")
    lead = ar.do(
        "lead_new",
        title=PLAN.title,
        company_name=PLAN.company,
        contact_name=PLAN.contact,
        phone=PLAN.phone,
        source=option(ar.do("lead_asks_new"), "source", PLAN.source),
        need=PLAN.need,
        gross_amount=str(PLAN.gross),
        temperature=deal.models.LeadNewTemperature.WARM,
        budget_known=True,
        decision_maker_known=True,
        expected_on=today() + dt.timedelta(days=60),
    )
    deal.case = lead.case_id
    wrong = deal.who("ar2").do("lead_start", lead.id, status=(404,))
    assert isinstance(wrong, deal.models.Problem) and wrong.title == "There is no such page."
    early = ar.do("lead_reopen", lead.id, status=(403, 409), owner=ar.id, note="it is not invalid")
    assert isinstance(early, deal.models.Problem) and early.status in (403, 409)
    deal.who("leads").do("lead_assign", lead.id, owner=ar.id)
    ar.do("lead_start", lead.id)
    kind = option(ar.action("lead", lead.id, "add_follow_up"), "kind", "visit")
    ar.do("lead_add_follow_up", lead.id, kind=kind, text="现场调研,客户确认预算已列入年度计划")
    customer = ar.do(
        "customer_new",
        title=PLAN.company,
        tax_id=PLAN.tax_id,
        industry=option(ar.do("customer_asks_new"), "industry", PLAN.industry),
    )
    ar.do("lead_qualify", lead.id, customer=customer.id)
    assert ar.do("lead_read", lead.id).state == deal.models.LeadState.CONVERTED
    deal.project = ar.one("project", case=deal.case).id


def _initiation(deal: Deal) -> None:
    ar = deal.who("ar")
    form = ar.do("project_asks_change", deal.project)
    ar.change(
        "project",
        deal.project,
        objectives="按期交付智慧病房平台,毛利率不低于 25%",
        scope=PLAN.need,
        project_type=option(form, "project_type", PLAN.project_type),
        variant=option(form, "variant", PLAN.variant),
        funding=option(form, "funding", "fiscal"),
        purchase_method=option(form, "purchase_method", "direct"),
        win_probability=60,
        expected_sign_on=today() + dt.timedelta(days=45),
        starts_on=today() + dt.timedelta(days=50),
        ends_on=today() + dt.timedelta(days=200),
        presales_net_budget="10000",
        target_margin="25",
    )
    ar.do("project_name_triangle", deal.project, sr=deal.who("sr").id, fr=deal.who("fr").id)
    department = option(ar.action("project", deal.project, "add_resource_need"), "department", "delivery")
    ar.do("project_add_resource_need", deal.project, department=department, role="实施工程师", days="40")
    head = deal.who("delivery_head")
    need = option(head.action("project", deal.project, "confirm_resource"), "need")
    head.do("project_confirm_resource", deal.project, need=need)
    _estimate(deal, "立项概算", "30")
    ar.do("project_submit", deal.project)
    for reviewer in ("pfc", "director"):
        deal.who(reviewer).do("project_approve", deal.project)
    deal.take("guidance", "sr")


def _estimate(deal: Deal, label: str, accuracy: str) -> None:
    sr, made = deal.who("sr"), deal.models.CostSheetNewLines
    form = sr.do("cost_sheet_asks_new")
    lines = []
    for cost in PLAN.costs:
        category = option(form, "category", cost.category, "lines")
        if cost.days:
            lines.append(made(category=category, text=cost.text, days=str(cost.days), net_day_amount="2000"))
            continue
        rate = option(form, "tax_rate", cost.tax, "lines")
        shared = {"gross_amount": str(cost.gross), "tax_rate": rate, "deductible": cost.deductible}
        lines.append(made(category=category, text=cost.text, **shared))
    sheet = sr.do(
        "cost_sheet_new",
        book=sr.do("project_read", deal.project).book.id,
        kind=deal.models.CostSheetNewKind.ESTIMATE,
        label=label,
        accuracy_percent=accuracy,
        net_revenue="900000",
        lines=lines,
    )
    assert Decimal(sheet.net_cost) == COST
    sr.do("cost_sheet_submit", sheet.id)
    deal.who("pfc").do("cost_sheet_approve", sheet.id)


def _guidance(deal: Deal) -> None:
    sr = deal.who("sr")
    plan = sr.one("guidance_plan", case=deal.case).id
    sr.change("guidance_plan", plan, goals="与客户确认需求基线", need_confirmed=True, budget_plausible=True)
    sr.do("guidance_plan_start", plan)
    kind = option(sr.action("guidance_plan", plan, "add_activity"), "kind", "workshop")
    sr.do("guidance_plan_add_activity", plan, kind=kind, on=today(), goal="确认病区终端点位与接口")
    activity = option(sr.action("guidance_plan", plan, "finish_activity"), "activity")
    sr.do("guidance_plan_finish_activity", plan, activity=activity, result="点位 480 个,接口 3 个")
    role = option(deal.who("ar").action("guidance_plan", plan, "add_stakeholder"), "role", "decider")
    deal.who("ar").do("guidance_plan_add_stakeholder", plan, role=role, name=PLAN.contact, job="信息科主任")
    sr.do(
        "guidance_plan_add_requirement",
        plan,
        statement="终端 2 秒内呼出病历摘要",
        priority=deal.models.GuidancePlanAddRequirementPriority.MUST,
        answer=deal.models.GuidancePlanAddRequirementAnswerType1.STANDARD,
    )
    sr.do("guidance_plan_judge", plan, solvable=deal.models.GuidancePlanJudgeSolvable.YES)
    sr.do("guidance_plan_conclude", plan)
    deal.take("solution", "sr")


def _bid(deal: Deal) -> None:
    sr, ar = deal.who("sr"), deal.who("ar")
    solution = sr.one("solution", case=deal.case).id
    sr.change("solution", solution, approach="终端 + 网关 + 集成平台", risks="老旧病区布线条件", deviations="无")
    deal.who("solution_head").do("solution_technical_review", solution, technical_review="架构可行,接口已验证")
    _estimate(deal, "投标概算", "10")
    form = sr.do("quote_asks_new")
    lines = [
        deal.models.QuoteNewLines(
            name=item.name, gross_price=str(item.gross), tax_rate=option(form, "tax_rate", item.tax, "lines")
        )
        for item in PLAN.items
    ]
    quote = sr.do("quote_new", solution=solution, valid_until=today() + dt.timedelta(days=60), lines=lines)
    assert Decimal(quote.gross_amount) == GROSS
    sr.do("quote_submit", quote.id)
    deal.who("director").do("quote_approve", quote.id)
    sr.do("solution_submit", solution)
    for reviewer in ("pfc", "fr", "director"):
        deal.who(reviewer).do("solution_approve", solution)
    ar.do("quote_send", quote.id)
    ar.do("quote_accept", quote.id)
    ar.do("solution_win", solution)
    deal.take("contract", "ar")
    deal.contract = ar.one("contract", case=deal.case).id


def _contract(deal: Deal) -> None:
    ar, contract = deal.who("ar"), deal.contract
    form = ar.do("contract_asks_change", contract)
    terms = [
        deal.models.ContractChangeTerms(
            event=option(form, "event", one.event, "terms"),
            percent=str(one.percent),
            days_after=30,
            is_retention=one.retention,
        )
        for one in PLAN.terms
    ]
    ar.change(
        "contract",
        contract,
        customer_number="HT-2026-0871",
        kind=option(form, "kind", "integration"),
        price_kind=option(form, "price_kind", "fixed"),
        warranty_months=12,
        promises="质保期内 4 小时到场",
        terms=terms,
        conditions=[option(form, "conditions", "both_signed")],
    )
    ar.do("contract_attach_text", contract, file=deal.file())
    ar.do("contract_submit", contract)
    conditional = deal.models.ContractApproveOpinionType1.CONDITIONAL
    text = "违约金上限写明为合同额 5%"
    deal.who("legal").do("contract_approve", contract, opinion=conditional, conditions=text)
    for reviewer in ("pfc", "sr", "fr", "director"):
        deal.who(reviewer).do("contract_approve", contract)
    ar.do(
        "contract_meet_condition",
        contract,
        decision=option(ar.action("contract", contract, "meet_condition"), "decision"),
    )
    keeper = deal.who("seal")
    seal = option(keeper.action("contract", contract, "sign"), "seal", "contract")
    other = keeper.do("contract_sign", contract, file=deal.file(b"another"), signer="刘建国", seal=seal, status=(409,))
    assert other.reasons
    keeper.do("contract_sign", contract, file=deal.file(), signer="刘建国", seal=seal)
    signed = option(ar.action("contract", contract, "meet_effect"), "kind", "both_signed")
    ar.do("contract_meet_effect", contract, kind=signed)
    ar.do("contract_activate", contract)
    deal.take("billing", "finance")


def _bill_and_collect(deal: Deal) -> None:
    """The one line that is payable and not yet invoiced: invoice and money."""
    ar, finance, cashier = deal.who("ar"), deal.who("finance"), deal.who("cashier")
    payable = deal.models.ReceivableLineListState.ELIGIBLE
    lines = ar.do("receivable_line_list", case=deal.case, state=payable).results
    (line,) = [one for one in lines if Decimal(one.gross_received) == 0]
    invoice = ar.do(
        "invoice_new",
        contract=deal.contract,
        fapiao=option(ar.do("invoice_asks_new"), "fapiao", "e_special"),
        lines=[deal.models.InvoiceNewLines(receivable=line.id, gross_amount=line.gross_amount)],
    )
    ar.do("invoice_submit", invoice.id)
    finance.do("invoice_approve", invoice.id)
    finance.do("invoice_issue", invoice.id, platform_number=f"2611{invoice.id:016d}")
    ar.do("invoice_deliver", invoice.id, delivered_to=PLAN.contact)
    form = cashier.do("receipt_asks_new")
    receipt = cashier.do(
        "receipt_new",
        account=option(form, "account"),
        payer_name=PLAN.company,
        gross_amount=line.gross_amount,
        value_on=today(),
        reference=f"ICBC{line.id:010d}",
        method=option(form, "method", "transfer"),
    )
    ar.do("receipt_claim", receipt.id, contract=deal.contract, receivable=line.id)
    finance.do("receipt_confirm", receipt.id)
    if Decimal(finance.do("receipt_read", receipt.id).gross_allocated) == 0:
        owed = line.gross_amount
        finance.do("receipt_allocate", receipt.id, receivable=line.id, gross_amount=owed, invoice=invoice.id)
    received = finance.do("receivable_line_read", line.id)
    assert received.gross_received == received.gross_invoiced == line.gross_amount


def _start_delivery(deal: Deal) -> None:
    deal.take("delivery", "fr")
    fr = deal.who("fr")
    deal.order = fr.one("delivery_order", case=deal.case).id
    budget = fr.one("cost_sheet", case=deal.case, kind=deal.models.CostSheetListKind.BUDGET).id
    fr.do("cost_sheet_submit", budget)
    deal.who("pfc").do("cost_sheet_approve", budget)
    for name, days in (("启动会", 5), ("到货", 30), ("终验", 120)):
        planned = today() + dt.timedelta(days=days)
        fr.do("delivery_order_add_milestone", deal.order, name=name, planned_on=planned, weight="30")
    fr.do("delivery_order_start", deal.order)


def _buy(deal: Deal) -> None:
    buyer, pfc, finance = deal.who("purchasing"), deal.who("pfc"), deal.who("finance")
    supplier = buyer.do("supplier_new", title="华讯电子设备有限公司", tax_id="91310000MA1K000001")
    form = buyer.do("purchase_order_asks_new")
    lines = [
        deal.models.PurchaseOrderNewLines(
            category=option(form, "category", cost.category, "lines"),
            text=cost.text,
            quantity="1",
            gross_price=str(cost.gross),
            tax_rate=option(form, "tax_rate", cost.tax, "lines"),
            deductible=cost.deductible,
        )
        for cost in PLAN.costs
        if not cost.days
    ]
    book = deal.who("sr").do("project_read", deal.project).book.id
    order = buyer.do("purchase_order_new", book=book, supplier=supplier.id, lines=lines).id
    buyer.do("purchase_order_submit", order)
    pfc.do("purchase_order_approve", order)
    buyer.do("purchase_order_receive", order)
    bill = buyer.do("bill_new", order=order, supplier_number="SUP-1", dated_on=today()).id
    buyer.do("bill_submit", bill)
    pfc.do("bill_approve", bill)
    finance.do("bill_post", bill)
    deal.who("cashier").do("bill_pay", bill)
    buyer.do("purchase_order_close", order)


def _work(deal: Deal) -> None:
    fr = deal.who("fr")
    book = fr.do("project_read", deal.project).book.id
    category = option(fr.do("voucher_asks_new"), "category", "labour.implementation")
    kind = deal.models.VoucherNewKind.TIME
    for _half in range(2):
        voucher = fr.do("voucher_new", kind=kind, book=book, category=category, worked_on=today(), days="20").id
        fr.do("voucher_submit", voucher)
        deal.who("pfc").do("voucher_approve", voucher)
    fr.do("delivery_order_add_shipment", deal.order, text="终端 480 台、网关 36 台", carrier="顺丰")
    shipment = option(fr.action("delivery_order", deal.order, "sign_for_goods"), "shipment")
    fr.do("delivery_order_sign_for_goods", deal.order, shipment=shipment, signer="设备科 周老师")
    costs = deal.who("pfc").do("book_read", book)
    assert Decimal(costs.total.amounts["actual"]) == COST


def _accept(deal: Deal, event: str, *, final: bool = False) -> None:
    """One acceptance that releases exactly the term of its event."""
    fr = deal.who("fr")
    form = fr.do("acceptance_asks_new")
    position = [one.event for one in PLAN.terms].index(event)
    terms = sorted(fr.do("pick", "contracts.paymentterm"), key=lambda one: one.id)
    acceptance = fr.do(
        "acceptance_new",
        order=deal.order,
        kind=option(form, "kind", event),
        scope=PLAN.need,
        releases=[deal.models.AcceptanceNewReleases(term=terms[position].id, share_percent="100")],
        is_final=final,
    ).id
    fr.do("acceptance_submit", acceptance)
    asked = fr.action("acceptance", acceptance, "sign")
    fr.do(
        "acceptance_sign",
        acceptance,
        signer=PLAN.contact,
        result=option(asked, "result", "passed"),
        seal=option(asked, "seal", "company"),
        certificate=deal.file(b"%PDF-1.4\ncertificate\n%%EOF\n", "certificate.pdf"),
    )


def _accept_finally(deal: Deal) -> None:
    fr = deal.who("fr")
    deliverable = fr.do("deliverable_new", order=deal.order, title="智慧病房平台(含文档)").id
    fr.do("deliverable_submit", deliverable)
    fr.do("deliverable_accept", deliverable, signer=PLAN.contact)
    asked = fr.action("delivery_order", deal.order, "finish_milestone")
    for one in next(field.options for field in asked.asks if field.name == "milestone"):
        fr.do("delivery_order_finish_milestone", deal.order, milestone=int(one.value))
    fr.do("delivery_order_request_acceptance", deal.order)
    _accept(deal, "final", final=True)
    if fr.do("delivery_order_read", deal.order).state == deal.models.DeliveryOrderState.IN_ACCEPTANCE:
        fr.do("delivery_order_accept", deal.order)
    deal.take("operations", "service")
    deal.agreement = deal.who("service").one("service_agreement", case=deal.case).id
    deal.who("service").do("service_agreement_start", deal.agreement)


def _settle(deal: Deal) -> None:
    deal.who("fr").do("delivery_order_close", deal.order)
    deal.take("closing", "pfc")
    pfc = deal.who("pfc")
    deal.closing = pfc.one("closing", case=deal.case).id
    pfc.do("closing_settle", deal.closing)
    early = pfc.do("closing_finalize", deal.closing, status=(409,))
    assert early.reasons, "the retention is still open"


def _finalize(deal: Deal) -> None:
    paper = deal.file(b"%PDF-1.4\nwarranty end\n%%EOF\n", "warranty-end.pdf")
    deal.who("service").do("service_agreement_confirm_warranty_end", deal.agreement, certificate=paper)
    _bill_and_collect(deal)
    ar = deal.who("ar")
    if ar.do("contract_read", deal.contract).state == deal.models.ContractState.EFFECTIVE:
        ar.do("contract_complete", deal.contract)
    deal.who("director").do("contract_close", deal.contract)
    pfc = deal.who("pfc")
    pfc.change("closing", deal.closing, lessons="终端点位应在引导阶段逐间复核")
    pfc.do("closing_finalize", deal.closing)
    assert pfc.do("closing_read", deal.closing).state == deal.models.ClosingState.FINAL
    position = deal.who("finance").do("position", deal.case)
    assert Decimal(position.contract) == Decimal(position.invoiced) == Decimal(position.received) == GROSS
    assert pfc.do("project_read", deal.project).state == deal.models.ProjectState.CLOSED
