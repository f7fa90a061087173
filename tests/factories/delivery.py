"""A deal that stands before delivery, and delivery's records, made by services."""

import datetime as dt
import itertools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from accounts.actor import Actor
from accounts.models import BankAccount, LegalEntity, User
from approvals import services as approvals
from billing.models import ReceivableLine
from billing.services import invoice as invoices
from billing.services import receipt as receipts
from contracts import services as contracts
from contracts.models import Contract
from core.calendar import today
from core.numbering import next_code
from delivery.models import Acceptance, DeliveryOrder
from delivery.services import acceptance as acceptances
from delivery.services import deliverable as deliverables
from delivery.services import order as orders
from finance.services import book as books
from finance.services import sheet as sheets
from process.models import Case, Handover
from process.services import adopt, counter
from projects.models import Project
from tests.factories.customers import make_customer
from tests.factories.finance import category, line, rate
from tests.factories.leads import term
from tests.people import make_user

_numbers = itertools.count(1)

# Mixed tax: 1,006,000 with tax, 900,000 without; terms 30/30/30/10.
LINES = (("硬件", "13", "791000"), ("安装", "9", "109000"), ("服务", "6", "106000"))
TERMS = (("effect", 30, False), ("arrival", 30, False), ("final", 30, False), ("retention", 10, True))


def paper(name: str = "signed.pdf", text: str = "signed and sealed") -> ContentFile:
    """A scanned paper."""
    return ContentFile(text.encode(), name=name)


@dataclass
class Deal:
    """A project with its people, before or after its contract is in effect."""

    project: Project
    people: dict[str, User]
    contract: Contract | None = None

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None


def make_team() -> dict[str, User]:
    """Everybody a deal needs."""
    jobs = {
        "ar": ("sales_north", ("ar",)),
        "sr": ("solution", ("sr",)),
        "fr": ("implementation", ("fr",)),
        "pfc": ("project_finance", ("pfc",)),
        "finance": ("accounting", ("finance",)),
        "service": ("service", ("service",)),
        "legal": ("legal", ("legal",)),
        "seal_keeper": ("legal", ("seal_keeper",)),
        "director": ("management", ("director", "decision_team")),
    }
    return {name: make_user(name, department=place, roles=roles) for name, (place, roles) in jobs.items()}


def make_project(stage: str = "contract", state: str = "approved") -> Deal:
    """A running project taken in from history, with its team and an approved estimate of 640,600."""
    people = make_team()
    number = next(_numbers)
    customer = make_customer()
    case = Case.objects.create(title=f"园区项目 {number}")
    book = books.open_book(case, owner=people["ar"], by=people["ar"])
    project = Project(
        case=case,
        code=next_code("PJ"),
        title=f"园区项目 {number}",
        state=state,
        stage=stage,
        owner=people["ar"],
        department=people["ar"].department,
        customer=customer,
        end_user=customer,
        gross_amount=Decimal("1006000.00"),
        book=book,
        win_probability=80,
    )
    seats = {role: people[role].pk for role in ("ar", "sr", "fr", "pfc")}
    adopt([project], by=Actor.system("test"), source="test", at=[dt.datetime.now(dt.UTC)], seats=[{}])
    from process.services import take_seat

    for role, user_id in seats.items():
        take_seat(case, role, User.objects.get(pk=user_id), by=people["ar"])
    deal = Deal(Project.objects.get(pk=project.pk), people)
    _estimate(deal)
    return deal


def _estimate(deal: Deal) -> None:
    estimate = sheets.open(
        book=deal.project.book,
        kind="estimate",
        net_revenue=Decimal(900000),
        lines=[line("material.hardware", 500000), line("labour.implementation", 140600)],
        by=deal.sr,
    )
    sheets.submit(estimate, by=deal.sr)
    sheets.approve(estimate, by=deal.pfc)


def make_deal(deal: Deal | None = None, *, lines: Any = LINES, terms: Any = TERMS) -> Deal:
    """A project whose contract is in effect: receivables open, the handover to delivery waiting."""
    deal = deal or make_project()
    contract = contracts.open(
        by=deal.ar,
        project=deal.project,
        lines=[{"name": name, "tax_rate": rate(code), "gross_amount": Decimal(gross)} for name, code, gross in lines],
        terms=[
            {"event": term("payment_event", event), "percent": Decimal(percent), "is_retention": retention}
            for event, percent, retention in terms
        ],
        conditions=[term("effect_condition", "both_signed")],
    )
    contracts.attach_text(contract, file=paper(), by=deal.ar)
    contracts.submit(contract, by=deal.ar)
    for reviewer in ("legal", "pfc", "sr", "fr", "director"):
        contracts.approve(contract, by=deal.people[reviewer])
    contracts.sign(contract, file=paper(), signer="张三", seal=term("seal", "contract"), by=deal.seal_keeper)
    contracts.meet_effect(contract, kind=term("effect_condition", "both_signed"), by=deal.ar)
    contracts.activate(contract, by=deal.ar)
    for offer in Handover.objects.filter(case=deal.project.case, target="billing", state="offered"):
        counter.take(offer, by=deal.finance)
    deal.contract = contract
    return deal


def waiting(deal: Deal, target: str) -> Handover:
    """The offer that waits to be taken."""
    return Handover.objects.get(case=deal.project.case, target=target, state="offered")


def make_order(deal: Deal | None = None) -> tuple[Deal, DeliveryOrder]:
    """A planned order taken over from the contract."""
    deal = deal or make_deal()
    counter.take(waiting(deal, "delivery"), by=deal.fr)
    return deal, DeliveryOrder.objects.get(project=deal.project)


def approve_budget(deal: Deal) -> Any:
    """The drafted budget, decided on."""
    budget = deal.project.book.sheets.get(kind="budget", state="draft")
    sheets.submit(budget, by=deal.fr)
    return sheets.approve(budget, by=deal.pfc)


def make_running_order(deal: Deal | None = None) -> tuple[Deal, DeliveryOrder]:
    """An order in progress."""
    deal, order = make_order(deal)
    approve_budget(deal)
    return deal, orders.start(order, by=deal.fr)


def make_acceptance(deal: Deal, order: DeliveryOrder, kind: str = "arrival", **fields: Any) -> Acceptance:
    """A draft acceptance that releases the terms of its kind."""
    values = {"scope": "全部", **fields}
    return acceptances.open(by=deal.fr, order=order, kind=term("acceptance", kind), **values)


def sign(deal: Deal, acceptance: Acceptance, **fields: Any) -> Acceptance:
    """Submitted and signed by the customer."""
    if acceptance.state == "draft":
        acceptances.submit(acceptance, by=deal.fr)
    values = {
        "signed_on": today(),
        "signer": "李四",
        "result": term("acceptance_result", "passed"),
        "seal": term("seal", "company"),
        "certificate": paper("certificate.pdf"),
        **fields,
    }
    return acceptances.sign(acceptance, by=deal.fr, **values)


def make_accepted_order(deal: Deal | None = None) -> tuple[Deal, DeliveryOrder]:
    """Arrival and final acceptance signed, the delivery accepted and offered to operations."""
    deal, order = make_running_order(deal)
    item = deliverables.open(by=deal.fr, order=order, title="平台", due_on=today())
    deliverables.submit(item, by=deal.fr)
    deliverables.accept(item, by=deal.fr, signer="李四")
    orders.request_acceptance(order, by=deal.fr)
    for kind in ("arrival", "final"):
        sign(deal, make_acceptance(deal, order, kind))
    orders.accept(order, by=deal.fr, service_manager=deal.service)
    return deal, order


# Money in, as finance does it ----------------------------------------------------------------------------
def account() -> BankAccount:
    """A bank account of ours."""
    found = BankAccount.objects.first()
    if found is not None:
        return found
    entity = LegalEntity.objects.order_by("-is_default", "pk").first()
    return BankAccount.objects.create(entity=entity, bank="测试银行", number=f"6222{next(_numbers):012d}")


def collect(deal: Deal) -> None:
    """Invoice and receive everything that is payable now."""
    for row in ReceivableLine.objects.filter(contract=deal.contract, state="eligible"):
        if row.gross_uninvoiced > 0:
            _invoice(deal, row)
        row.refresh_from_db()
        if row.gross_open > 0:
            _receive(deal, row)


def _invoice(deal: Deal, row: ReceivableLine) -> None:
    request = invoices.open(
        contract=deal.contract, by=deal.ar, lines=[{"receivable": row}], fapiao=term("fapiao", "e_special")
    )
    approvals.submit(request, by=deal.ar)
    approvals.approve(request, by=deal.finance)
    invoices.issue(
        request, by=deal.finance, platform_number=f"{next(_numbers):020d}", issued_on=today(), file=paper("fapiao.pdf")
    )


def _receive(deal: Deal, row: ReceivableLine) -> None:
    number = next(_numbers)
    receipt = receipts.open(
        by=deal.finance,
        account=account(),
        payer_name=deal.contract.payer.title,
        gross_amount=row.gross_open,
        value_on=today(),
        reference=f"REF{number}",
        method=term("receipt_method", "transfer"),
    )
    receipts.claim(receipt, contract=deal.contract, receivable=row, by=deal.ar)
    receipts.confirm(receipt, by=deal.finance)


__all__ = [
    "Deal",
    "account",
    "approve_budget",
    "category",
    "collect",
    "make_acceptance",
    "make_accepted_order",
    "make_deal",
    "make_order",
    "make_project",
    "make_running_order",
    "paper",
    "sign",
    "waiting",
]
