"""How a deal goes from lead to cash: every act by the right person, through the services the pages call."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import BankAccount, User
from approvals.models import SpecialApproval
from approvals.selectors import open_conditions
from approvals.services import special
from billing.services import invoice as invoices
from billing.services import receipt as receipts
from closing import services as closings
from closing.models import Closing
from contracts.services import contract as contracts
from core.calendar import today
from customers.models import Customer, Supplier
from customers.services import customer as customers
from customers.services import supplier as suppliers
from delivery.models import DeliveryOrder
from delivery.services import acceptance as acceptances
from delivery.services import deliverable as deliverables
from delivery.services import order as orders
from finance.models import CostSheet
from finance.services import sheet as sheets
from finance.services import voucher as vouchers
from guidance import services as guidance
from guidance.models import GuidancePlan
from leads import services as leads
from leads.models import Lead
from ltc.demo.plan import Cost, Plan, category, rate, term, text_file
from operations.models import ServiceAgreement
from operations.services import agreement as agreements
from process import services as process
from process.models import Handover
from projects import services as projects
from projects.models import Project
from purchasing.services import bill as bills
from purchasing.services import order as purchases
from solutions.models import Solution
from solutions.services import quote as quotes
from solutions.services import solution as solutions

People = dict[str, User]


def make_customer(plan: Plan, people: People) -> Customer:
    """The plan's customer, registered once."""
    known = Customer.objects.filter(tax_id=plan.tax_id).first()
    return known or customers.open(
        by=people["ar"],
        title=plan.company,
        tax_id=plan.tax_id,
        industry=term("industry", plan.industry),
        country="中国",
    )


def make_supplier(people: People, title: str = "华讯电子设备有限公司", tax_id: str = "91310000MA1K000001") -> Supplier:
    """A supplier, registered once."""
    known = Supplier.objects.filter(tax_id=tax_id).first()
    return known or suppliers.open(by=people["purchasing"], title=title, tax_id=tax_id)


@dataclass
class Deal:
    """A deal on its way; each method is one stage, done by the people whose job it is."""

    plan: Plan
    people: People
    lead: Lead = field(init=False)
    # Once initiated a project has its book; the story never meets one without.
    project: Any = field(init=False)
    guidance: GuidancePlan = field(init=False)
    solution: Solution = field(init=False)
    contract: Any = field(init=False)
    order: DeliveryOrder = field(init=False)
    agreement: ServiceAgreement = field(init=False)
    closing: Closing = field(init=False)

    def who(self, name: str) -> User:
        return self.people[name]

    # 线索 --------------------------------------------------------------------------------------
    def collect(self) -> Lead:
        """Collected by the account manager, distributed by the lead manager, worked on."""
        self.lead = leads.open(
            by=self.who("ar"),
            title=self.plan.title,
            company_name=self.plan.company,
            contact_name=self.plan.contact,
            phone=self.plan.phone,
            source=term("lead.source", self.plan.source),
            industry=term("industry", self.plan.industry),
            need=self.plan.need,
            gross_amount=self.plan.gross,
            temperature="warm",
            budget_known=True,
            decision_maker_known=True,
            expected_on=today() + dt.timedelta(days=60),
            next_action="预约现场需求调研",
            next_action_on=today() + dt.timedelta(days=3),
        )
        return self.lead

    def distribute(self) -> Lead:
        """Given to the account manager, who makes the first contact."""
        leads.assign(self.lead, by=self.who("leads"), owner=self.who("ar"))
        leads.start(self.lead, by=self.who("ar"))
        leads.add_follow_up(
            self.lead,
            by=self.who("ar"),
            kind=term("activity", "visit"),
            text="现场调研,客户确认预算已列入年度计划",
            next_action="提交立项",
            next_action_on=today() + dt.timedelta(days=7),
        )
        return self.lead

    def qualify(self) -> Project:
        """Qualified: the same person takes it over into initiation, logged so."""
        leads.qualify(self.lead, by=self.who("ar"), customer=make_customer(self.plan, self.people))
        self.project = Project.objects.get(lead=self.lead)
        return self.project

    # 立项 --------------------------------------------------------------------------------------
    def plan_project(self) -> Project:
        """Goals, team, resources and estimate."""
        projects.edit(
            self.project,
            by=self.who("ar"),
            objectives="按期交付智慧病房平台,毛利率不低于 25%",
            scope=self.plan.need,
            project_type=term("project_type", self.plan.project_type),
            variant=term("variant", self.plan.variant),
            funding=term("funding", "fiscal"),
            purchase_method=term("purchase_method", "direct"),
            win_probability=60,
            expected_sign_on=today() + dt.timedelta(days=45),
            starts_on=today() + dt.timedelta(days=50),
            ends_on=today() + dt.timedelta(days=200),
            presales_net_budget=self.plan.presales,
            target_margin=Decimal(25),
        )
        projects.name_triangle(self.project, by=self.who("ar"), sr=self.who("sr"), fr=self.who("fr"))
        delivery: Any = self.who("delivery_head").department
        projects.add_resource_need(
            self.project, by=self.who("ar"), department=delivery, role="实施工程师", days=Decimal(40)
        )
        need = self.project.resource_needs.get()
        projects.confirm_resource(self.project, by=self.who("delivery_head"), need=need)
        self.estimate("立项概算", accuracy=Decimal(30))
        return self.project

    def estimate(self, label: str, accuracy: Decimal) -> CostSheet:
        """An estimate compiled by SR, approved by project finance."""
        net = sum((item.gross * 100 / (100 + rate(item.tax).percent) for item in self.plan.items), Decimal(0))
        sheet = sheets.open(
            by=self.who("sr"),
            book=self.project.book,
            kind="estimate",
            label=label,
            accuracy_percent=accuracy,
            net_revenue=net.quantize(Decimal("0.01")),
            lines=[self._cost(cost) for cost in self.plan.costs],
            cash=self._cash(),
        )
        sheets.submit(sheet, by=self.who("sr"))
        sheets.approve(sheet, by=self.who("pfc"))
        return sheet

    def _cost(self, cost: Cost) -> dict[str, Any]:
        line: dict[str, Any] = {"category": category(cost.category), "text": cost.text}
        if cost.days:
            return {**line, "days": cost.days, "net_day_amount": Decimal(2000)}
        return {**line, "gross_amount": cost.gross, "tax_rate": rate(cost.tax), "deductible": cost.deductible}

    def _cash(self) -> list[dict[str, Any]]:
        """All is bought and done in the second month; the customer pays a term every three months."""
        months = [today() + dt.timedelta(days=31 * number) for number in range(3 * len(self.plan.terms))]
        paid = [
            {"month": month, "gross_in": self.plan.gross * one.percent / 100}
            for month, one in zip(months[::3], self.plan.terms, strict=True)
        ]
        cost = sum((one.gross or one.days * 2000 for one in self.plan.costs), Decimal(0))
        return [*paid, {"month": months[1], "gross_out": cost}]

    def pass_unconfirmed(self) -> SpecialApproval:
        """特批: a department answers late; the director lets the project be submitted, if the answer follows."""
        ar = self.who("ar")
        answering: Any = self.who("delivery_head").department
        projects.add_resource_need(self.project, by=ar, department=answering, role="集成工程师", days=Decimal(10))
        need = self.project.resource_needs.get(confirmed_at=None)
        permit = special.open(
            by=ar,
            document=self.project,
            verb="submit",
            items=[f"resource:{need.pk}"],
            reason="部门负责人出差,客户本周要求提交方案",
            expires_on=today() + dt.timedelta(days=7),
        )
        return special.approve(
            permit, by=self.who("director"), opinion="conditional", conditions="一周内由交付部补确认资源"
        )

    def decide_initiation(self) -> Project:
        """ATI: reviewed by project finance, decided by the director; SR takes guidance over."""
        projects.submit(self.project, by=self.who("ar"))
        projects.approve(self.project, by=self.who("pfc"))
        projects.approve(self.project, by=self.who("director"), note="战略客户,同意立项")
        self.take("guidance", "sr")
        self.guidance = GuidancePlan.objects.get(project=self.project)
        return self.project

    def take(self, target: str, who: str) -> None:
        """Take the open handover to `target`, unless it was taken from oneself already."""
        waiting = Handover.objects.filter(case=self.project.case, target=target, state="offered").first()
        if waiting is not None:
            process.take(waiting, by=self.who(who))

    # 引导 --------------------------------------------------------------------------------------
    def guide(self) -> GuidancePlan:
        """Visits, stakeholders and the requirement baseline."""
        sr = self.who("sr")
        guidance.edit(self.guidance, by=sr, goals="与客户确认需求基线", need_confirmed=True, budget_plausible=True)
        guidance.start(self.guidance, by=sr)
        guidance.add_activity(
            self.guidance,
            by=sr,
            kind=term("activity", "workshop"),
            on=today(),
            goal="确认病区终端点位与接口",
            attendees="护理部、信息科;李明、王芳",
            result="点位 480 个,接口 3 个",
        )
        guidance.add_stakeholder(
            self.guidance,
            by=self.who("ar"),
            name=self.plan.contact,
            job="信息科主任",
            role=term("stakeholder", "decider"),
            stance=1,
        )
        guidance.add_requirement(
            self.guidance, by=sr, statement="终端 2 秒内呼出病历摘要", priority="must", answer="standard"
        )
        guidance.judge(self.guidance, by=sr, solvable=True)
        return self.guidance

    def conclude_guidance(self) -> Solution:
        """Concluded: SR goes on with the solution."""
        guidance.conclude(self.guidance, by=self.who("sr"))
        self.take("solution", "sr")
        self.solution = Solution.objects.get(project=self.project)
        return self.solution

    # 方案 --------------------------------------------------------------------------------------
    def design(self) -> Any:
        """The solution with a review by somebody else, the bid estimate and the quote."""
        sr = self.who("sr")
        solutions.edit(
            self.solution,
            by=sr,
            approach="终端 + 网关 + 集成平台,分三批实施",
            risks="老旧病区布线条件",
            deviations="无",
        )
        solutions.technical_review(self.solution, by=self.who("solution_head"), technical_review="架构可行,接口已验证")
        self.estimate("投标概算", accuracy=Decimal(10))
        self.quote = quotes.open(
            by=sr,
            solution=self.solution,
            valid_until=today() + dt.timedelta(days=60),
            lines=[
                {"name": item.name, "quantity": Decimal(1), "gross_price": item.gross, "tax_rate": rate(item.tax)}
                for item in self.plan.items
            ],
        )
        quotes.submit(self.quote, by=sr)
        quotes.approve(self.quote, by=self.who("director"))
        return self.quote

    def decide_bid(self) -> Solution:
        """ATB over the whole package."""
        solutions.submit(self.solution, by=self.who("sr"))
        solutions.approve(self.solution, by=self.who("pfc"))
        solutions.approve(self.solution, by=self.who("fr"))
        solutions.approve(self.solution, by=self.who("director"))
        return self.solution

    def win(self) -> Any:
        """The customer accepts the quote; the contract stage takes over."""
        quotes.send(self.quote, by=self.who("ar"))
        quotes.accept(self.quote, by=self.who("ar"))
        solutions.win(self.solution, by=self.who("ar"))
        self.take("contract", "ar")
        self.contract = self.project.contracts.get()
        return self.contract

    # 合同 --------------------------------------------------------------------------------------
    def negotiate(self) -> Any:
        """Terms, text and deviations; then the reviews in parallel and ATC."""
        ar = self.who("ar")
        contracts.edit(
            self.contract,
            by=ar,
            customer_number="HT-2026-0871",
            kind=term("contract_type", "integration"),
            price_kind=term("price_kind", "fixed"),
            warranty_months=12,
            promises="质保期内 4 小时到场;免费培训 2 次",
            terms=[
                {
                    "event": term("payment_event", one.event),
                    "percent": one.percent,
                    "days_after": 30,
                    "is_retention": one.retention,
                }
                for one in self.plan.terms
            ],
            conditions=[term("effect_condition", "both_signed")],
        )
        contracts.attach_text(self.contract, by=ar, file=text_file())
        return self.contract

    def decide_contract(self) -> Any:
        """Four opinions, one with a condition that is met; the director decides."""
        ar = self.who("ar")
        contracts.submit(self.contract, by=ar)
        contracts.approve(
            self.contract, by=self.who("legal"), opinion="conditional", conditions="违约金上限写明为合同额 5%"
        )
        for reviewer in ("pfc", "sr", "fr"):
            contracts.approve(self.contract, by=self.who(reviewer))
        contracts.approve(self.contract, by=self.who("director"), note="同意签约")
        for condition in open_conditions(self.contract):
            contracts.meet_condition(self.contract, decision=condition, by=ar)
        return self.contract

    def sign(self) -> Any:
        """Sealed and in effect: the receivables open, delivery is offered."""
        contracts.sign(
            self.contract,
            by=self.who("seal"),
            file=text_file("stamped.pdf"),
            signer="刘建国",
            seal=term("seal", "contract"),
        )
        contracts.meet_effect(self.contract, by=self.who("ar"), kind=term("effect_condition", "both_signed"))
        contracts.activate(self.contract, by=self.who("ar"))
        self.take("billing", "finance")
        return self.contract

    # 交付 --------------------------------------------------------------------------------------
    def start_delivery(self) -> DeliveryOrder:
        """FR takes the handover, has the budget approved and starts."""
        self.take("delivery", "fr")
        self.order = DeliveryOrder.objects.get(contract=self.contract)
        fr = self.who("fr")
        budget = CostSheet.objects.get(book=self.project.book, kind="budget")
        sheets.submit(budget, by=fr)
        sheets.approve(budget, by=self.who("pfc"))
        for name, days in (("启动会", 5), ("到货", 30), ("终验", 120)):
            orders.add_milestone(
                self.order, by=fr, name=name, planned_on=today() + dt.timedelta(days=days), weight=Decimal(30)
            )
        orders.start(self.order, by=fr)
        return self.order

    def buy(self) -> None:
        """Goods and installation are ordered, received, billed and paid as estimated."""
        supplier = make_supplier(self.people)
        bought = [cost for cost in self.plan.costs if not cost.days]
        buyer = self.who("purchasing")
        order = purchases.open(
            by=buyer,
            book=self.project.book,
            supplier=supplier,
            kind="order",
            lines=[
                {
                    "category": category(cost.category),
                    "text": cost.text,
                    "quantity": Decimal(1),
                    "gross_price": cost.gross,
                    "tax_rate": rate(cost.tax),
                    "deductible": cost.deductible,
                }
                for cost in bought
            ],
        )
        purchases.submit(order, by=buyer)
        purchases.approve(order, by=self.who("pfc"))
        purchases.receive(order, by=buyer)
        bill = bills.open(by=buyer, order=order, supplier_number=f"SUP-{order.pk:06d}", dated_on=today())
        bills.submit(bill, by=buyer)
        bills.approve(bill, by=self.who("pfc"))
        bills.post(bill, by=self.who("finance"))
        bills.pay(bill, by=self.who("cashier"))
        order.refresh_from_db()
        purchases.close(order, by=buyer)

    def work(self) -> None:
        """The team's days become cost at the rate of the day; shipment, installation and tests are on record."""
        fr = self.who("fr")
        days = sum((cost.days for cost in self.plan.costs), Decimal(0))
        # An engineer's month: two vouchers, so that the ledger shows more than one entry.
        for part in (days / 2, days / 2):
            voucher = vouchers.open(
                by=self.who("fr"),
                kind="time",
                book=self.project.book,
                category=category("labour.implementation"),
                worked_on=today(),
                days=part,
            )
            vouchers.submit(voucher, by=fr)
            vouchers.approve(voucher, by=self.who("pfc"))
            voucher.refresh_from_db()
            if voucher.state == "approved":
                vouchers.post(voucher, by=self.who("pfc"))
        orders.add_work_record(self.order, by=fr, kind="installation", text="12 个病区终端安装完成")
        orders.add_work_record(self.order, by=fr, kind="test", text="联调测试通过")

    def arrive(self) -> None:
        """Goods are shipped, signed for and accepted: the arrival term becomes payable."""
        fr = self.who("fr")
        orders.add_shipment(self.order, by=fr, text="终端 480 台、网关 36 台", carrier="顺丰")
        shipment = self.order.shipments.get()
        orders.sign_for_goods(self.order, by=fr, shipment=shipment, signer="设备科 周老师")
        self.accept_goods("arrival", "arrival")

    def accept_goods(self, kind: str, event: str, *, final: bool = False) -> None:
        """One acceptance that releases exactly the term of its event."""
        fr = self.who("fr")
        due = self.contract.terms.get(event__code=event)
        acceptance = acceptances.open(
            by=fr,
            order=self.order,
            kind=term("acceptance", kind),
            scope=self.plan.need,
            releases=[{"term": due, "share_percent": Decimal(100)}],
            is_final=final,
        )
        acceptances.submit(acceptance, by=fr)
        acceptances.sign(
            acceptance,
            by=fr,
            signed_on=today() - dt.timedelta(days=self.plan.accepted_days_ago),
            signer=self.plan.contact,
            result=term("acceptance_result", "passed"),
            seal=term("seal", "company"),
            certificate=ContentFile(b"%PDF-1.4\ncertificate\n%%EOF\n", name="certificate.pdf"),
        )

    def accept_finally(self) -> None:
        """Final acceptance: revenue is recognised, service takes over."""
        fr = self.who("fr")
        deliverable = deliverables.open(by=fr, order=self.order, title="智慧病房平台(含文档)")
        deliverables.submit(deliverable, by=fr)
        deliverables.accept(deliverable, by=fr, signer=self.plan.contact)
        for milestone in self.order.milestones.filter(done_on=None):
            orders.finish_milestone(self.order, by=fr, milestone=milestone)
        orders.request_acceptance(self.order, by=fr)
        self.accept_goods("final", "final", final=True)
        self.order.refresh_from_db()
        if self.order.state == "in_acceptance":
            orders.accept(self.order, by=fr)
        self.take("operations", "service")
        self.agreement = ServiceAgreement.objects.get(project=self.project)

    # 开票回款 ----------------------------------------------------------------------------------
    def bill_and_collect(self, event: str) -> None:
        """One term: invoice requested, issued and delivered; money received, claimed, confirmed, allocated."""
        line = self.contract.receivables.get(term__event__code=event, state="eligible")
        self.collect_money(line, self.invoice(line))

    def invoice(self, line: Any) -> Any:
        """Requested by AR, approved and issued by finance with the platform's number."""
        ar, finance = self.who("ar"), self.who("finance")
        invoice = invoices.open(
            by=ar,
            contract=self.contract,
            fapiao=term("fapiao", "e_special"),
            lines=[{"receivable": line, "gross_amount": line.gross_amount}],
        )
        invoices.submit(invoice, by=ar)
        invoices.approve(invoice, by=finance)
        invoices.issue(invoice, by=finance, platform_number=f"2611{invoice.pk:016d}", issued_on=today())
        invoices.deliver(invoice, by=ar, delivered_to=self.plan.contact)
        return invoice

    def collect_money(self, line: Any, invoice: Any) -> Any:
        """The customer's transfer for one line."""
        ar, cashier, finance = self.who("ar"), self.who("cashier"), self.who("finance")
        receipt = receipts.open(
            by=cashier,
            account=BankAccount.objects.order_by("pk").first(),
            payer_name=self.plan.company,
            gross_amount=line.gross_amount,
            value_on=today(),
            reference=f"ICBC{line.pk:010d}",
            method=term("receipt_method", "transfer"),
            summary=self.contract.customer_number,
        )
        receipts.claim(receipt, by=ar, contract=self.contract, receivable=line)
        receipts.confirm(receipt, by=finance)
        receipt.refresh_from_db()
        if receipt.gross_free:
            receipts.allocate(receipt, by=finance, receivable=line, gross_amount=receipt.gross_free, invoice=invoice)
        return receipt

    # 运维与决算 --------------------------------------------------------------------------------
    def serve(self) -> ServiceAgreement:
        """The service manager starts the warranty."""
        agreements.start(self.agreement, by=self.who("service"))
        return self.agreement

    def settle(self) -> Closing:
        """Provisional final accounts after final acceptance, with the retention still open."""
        orders.close(self.order, by=self.who("fr"))
        self.take("closing", "pfc")
        self.closing = Closing.objects.get(project=self.project)
        closings.settle(self.closing, by=self.who("pfc"))
        return self.closing

    def end_warranty(self) -> None:
        """After the warranty: confirmed, the retention is released, invoiced and received."""
        agreements.confirm_warranty_end(
            self.agreement,
            by=self.who("service"),
            certificate=ContentFile(b"%PDF-1.4\nwarranty end\n%%EOF\n", name="warranty-end.pdf"),
        )
        self.bill_and_collect("retention")

    def finalize(self) -> Closing:
        """The contract is closed, the accounts are final, the book is frozen."""
        self.contract.refresh_from_db()
        if self.contract.state == "effective":
            contracts.complete(self.contract, by=self.who("ar"))
        contracts.close(self.contract, by=self.who("director"))
        closings.edit(self.closing, by=self.who("pfc"), lessons="终端点位应在引导阶段逐间复核;布线按楼层分包更省")
        closings.finalize(self.closing, by=self.who("pfc"))
        return self.closing
