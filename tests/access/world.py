"""A company with three deals: one's own, one of one's department, and one of people one has nothing to do with.

Every record is made by services. The names, customers and amounts of each deal are its own, so that whatever leaks out
of it is found by looking for them in an answer.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Delegation, Department, Role, User
from billing.models import DunningLetter, Receipt
from billing.services import dunning
from core.calendar import today
from core.dictionary import Term
from delivery.services import change, early
from finance.services import deposit, period
from ltc.demo.people import make_entity
from ltc.demo.plan import HOSPITAL, Item, Plan, category, rate, term
from ltc.demo.story import Deal
from operations.services import inspection, ticket
from process.outlet import Outlet, outlets
from process.services import attach, leave_seat, take_seat
from products import services as products
from solutions.services import poc, tender
from tests.factories.billing import make_bank_statement, make_credit_note
from tests.people import make_user

# Where the team of a deal works: account manager, solution, delivery, service.
PLACES = {
    "own": ("sales_east", "solution", "implementation", "service"),
    "department": ("sales_north", "sales_north", "sales_north", "sales_north"),
    "foreign": ("sales_south", "research", "quality", "channel"),
}
MARKS = {"own": "ZOWNZ", "department": "ZDEPZ", "foreign": "ZFORZ"}
# The register of companies is common to all, so a customer's name is a secret only where it tells of a deal.
COMPANIES = {"own": "QOWNQ", "department": "QDEPQ", "foreign": "QFORQ"}
# Everybody of the roles below works here, and so do the people of the department's deal.
HERE = "sales_north"


@dataclass
class World:
    """The deals, and the people who look at them, by name."""

    deals: dict[str, Deal]
    people: dict[str, User] = field(default_factory=dict)

    def records(self, deal: str, outlet: Outlet) -> list[Any]:
        """The records of a kind on one deal."""
        found = outlet.model._default_manager.order_by("pk")
        if outlet.model is Receipt:  # money has a case of its own until it is known whose it is
            return list(found.filter(contract=self.deals[deal].contract))
        return list(found.filter(case_id=self.deals[deal].project.case_id))

    def secrets(self, deal: str) -> list[str]:
        """What is said nowhere but about this deal: its name, its numbers, its amounts."""
        found = [MARKS[deal]]
        for outlet in outlets():
            found += [str(record.code) for record in self.records(deal, outlet)]
        contract = self.deals[deal].contract
        amounts = [contract.gross_amount, contract.net_amount]
        amounts += [line.gross_amount for line in contract.receivables.all()]
        return [*dict.fromkeys([*found, *(f"{amount:,.2f}" for amount in amounts)])]


def _plan(deal: str, share: str, tax_id: str, phone: str) -> Plan:
    factor, mark, company = Decimal(share), MARKS[deal], COMPANIES[deal]
    return replace(
        HOSPITAL,
        title=f"{mark} 智慧病房平台",
        accepted_days_ago=75,
        company=f"{company} 医院",
        tax_id=tax_id,
        contact=f"{company} 主任",
        phone=phone,
        need=f"{mark} 建设智慧病房平台",
        items=tuple(
            Item(f"{mark} {item.name}", (item.gross * factor).quantize(Decimal(1)), item.tax) for item in HOSPITAL.items
        ),
        costs=tuple(
            replace(cost, text=f"{mark} {cost.text}", gross=(cost.gross * factor).quantize(Decimal("0.01")))
            for cost in HOSPITAL.costs
        ),
    )


def _company() -> dict[str, User]:
    """Those whose job it is on every deal."""
    jobs = {
        "director": ("management", ("director", "decision_team")),
        "pfc": ("project_finance", ("pfc",)),
        "finance": ("accounting", ("finance",)),
        "cashier": ("treasury", ("cashier",)),
        "legal": ("legal", ("legal",)),
        "seal": ("legal", ("seal_keeper",)),
        "purchasing": ("purchasing", ("purchasing",)),
        "leads": ("sales", ("lead_manager",)),
        "admin": ("commercial", ("commercial", "purchasing", "pmo")),
        "solution_head": ("solution", ("sr",)),
        "delivery_head": ("delivery", ("fr", "head")),
    }
    people = {name: make_user(f"of_{name}", department=place, roles=roles) for name, (place, roles) in jobs.items()}
    Department.objects.filter(code="delivery").update(head=people["delivery_head"])
    Department.objects.filter(code="management").update(head=people["director"])
    return people


def _run(deal: str, plan: Plan, company: dict[str, User]) -> Deal:
    """The whole way, with one record of every kind that the straight way does not need."""
    team = {}
    for role, place in zip(("ar", "sr", "fr", "service"), PLACES[deal], strict=True):
        team[role] = make_user(f"{role}_{deal[:3]}", department=place, roles=(role,), grade="P5")
    story = Deal(plan, {**company, **team})
    story.collect()
    story.distribute()
    story.qualify()
    story.plan_project()
    story.pass_unconfirmed()
    story.decide_initiation()
    story.guide()
    story.conclude_guidance()
    story.design()
    story.decide_bid()
    story.win()
    _on_the_side(story)
    story.negotiate()
    story.decide_contract()
    story.sign()
    story.bill_and_collect("effect")
    story.start_delivery()
    story.buy()
    story.work()
    story.arrive()
    story.bill_and_collect("arrival")
    story.accept_finally()
    _dun(story)
    story.bill_and_collect("final")
    story.serve()
    _service(story)
    story.settle()
    _changes(story, deal)
    make_credit_note(story.contract.invoices.order_by("pk")[0])
    for record in (story.lead, story.contract, story.order):
        attach(record, file=ContentFile(b"paper", name=f"{MARKS[deal]}.pdf"), by=team["ar"])
    return story


def _dun(story: Deal) -> None:
    """What the customer owes since the acceptance is overdue: a letter waits to be sent."""
    make_bank_statement(today())
    dunning.propose()
    assert DunningLetter.objects.filter(case_id=story.contract.case_id).exists()


def _on_the_side(story: Deal) -> None:
    ar, sr, project = story.who("ar"), story.who("sr"), story.project
    deadline = timezone.now() + dt.timedelta(days=10)
    tender.open(
        by=ar,
        project=project,
        title=f"{project.title} 招标",
        number=f"ZB-{project.pk}",
        deadline_at=deadline,
        opens_at=deadline,
        our_gross_amount=story.plan.gross,
    )
    trial = {"criteria": "不断线", "agreed_with": story.plan.contact, "starts_on": today(), "ends_on": today()}
    poc.open(by=sr, solution=story.solution, title=f"{project.title} 试点", **trial)
    deposit.open(
        by=ar,
        kind=term("guarantee", "bid_deposit"),
        gross_amount=Decimal(20000),
        customer=project.customer,
        book=project.book,
        title=f"{project.title} 保证金",
    )
    early.open(
        by=ar,
        project=project,
        reason="客户工期",
        scope=story.plan.need,
        net_cap_amount=Decimal(1000),
        ends_on=today() + dt.timedelta(days=30),
    )


def _changes(story: Deal, deal: str) -> None:
    change.open(
        by=story.who("fr"),
        contract=story.contract,
        title=f"{story.project.title} 变更",
        reason=Term.objects.filter(dictionary="change_reason").first(),
        scope=story.plan.need,
        lines=[{"name": f"{MARKS[deal]} 增补", "tax_rate": rate("13"), "gross_amount": Decimal(1130)}],
        costs=[{"category": category("material.hardware"), "text": "增补", "net_amount": Decimal(700)}],
    )


def _service(story: Deal) -> None:
    service, agreement = story.who("service"), story.agreement
    inspection.open(by=service, agreement=agreement, planned_on=today() + dt.timedelta(days=20))
    kind = term("ticket.kind", "fault")
    ticket.open(by=story.who("ar"), agreement=agreement, kind=kind, description=f"{story.plan.contact} 无法登录")


def _lookers(world: World) -> None:
    """One person for every role, and those whose standing is not a role."""
    own = world.deals["own"]
    case = own.project.case
    for role in Role.objects.order_by("pk"):
        person = make_user(f"as_{role.code}", department=HERE, roles=(role.code,))
        take_seat(case, "member", person, by=own.who("ar"))
        world.people[role.code] = person
    plain = {"department": "hr"}
    world.people["stranger"] = make_user("stranger", **plain)
    head = world.people["department head"] = make_user("department_head", **plain)
    Department.objects.filter(code=HERE).update(head=head)
    deputy = world.people["deputy"] = make_user("deputy", **plain)
    past = world.people["former deputy"] = make_user("former_deputy", **plain)
    for person, first, last in ((deputy, -1, 9), (past, -9, -1)):
        days = (today() + dt.timedelta(days=first), today() + dt.timedelta(days=last))
        Delegation.objects.create(principal=own.who("ar"), deputy=person, during=days)
    former = world.people["former member"] = make_user("former_member", **plain)
    take_seat(case, "member", former, by=own.who("ar"))
    leave_seat(case, "member", former, by=own.who("ar"))


def build() -> World:
    """The world; about six seconds of services, so once per module."""
    make_entity()
    company = _company()
    products.open(by=company["admin"], code="ZPRODZ", title="终端")
    period.open(by=company["finance"], month=today().replace(day=1))
    deals = {}
    for number, (deal, share) in enumerate((("own", "1.13"), ("department", "1.37"), ("foreign", "1.71"))):
        plan = _plan(deal, share, f"9111000010000{number}001X", f"010-6666 10{number}2")
        deals[deal] = _run(deal, plan, company)
    world = World(deals)
    _lookers(world)
    return world
