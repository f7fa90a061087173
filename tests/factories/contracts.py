"""Contracts in every state, made by their services; by default the mixed-tax deal of 1,006,000."""

from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import User
from contracts import services
from contracts.models import Contract
from core.calendar import today
from finance import selectors as finance
from process.services import seat
from projects.models import Project
from tests.factories.projects import decide, make_approved_estimate, make_project, name_team, term
from tests.people import make_user

# 1,006,000 gross = 900,000 net: hardware at 13 %, installation at 9 %, service at 6 %.
MIXED = (("设备", "791000.00", "13"), ("安装", "109000.00", "9"), ("服务", "106000.00", "6"))
USUAL = (("effect", 30), ("arrival", 30), ("final", 30), ("retention", 10))
TEXT = "合同文本 第一版".encode()


def lines(rows: Any = MIXED) -> list[dict[str, Any]]:
    """Lines of mixed tax rates."""
    return [
        {"name": name, "quantity": Decimal(1), "gross_amount": Decimal(gross), "tax_rate": rate(code)}
        for name, gross, code in rows
    ]


def rate(code: str) -> Any:
    """A seeded VAT rate of today."""
    return finance.tax_rate(code, today())


def terms(rows: Any = USUAL) -> list[dict[str, Any]]:
    """Payment terms by event and percent."""
    return [{"event": term("payment_event", code), "percent": Decimal(percent)} for code, percent in rows]


def text(content: bytes = TEXT) -> ContentFile:
    """A file to attach."""
    return ContentFile(content, name="合同.pdf")


def make_light_contract(owner: User | None = None, project: Project | None = None, **fields: Any) -> Contract:
    """A contract draft typed by hand on a project draft with its team: no stage before is walked."""
    if project is None:
        project = name_team(make_project(owner))
        make_approved_estimate(project)
    values = {"lines": lines(), "terms": terms(), **fields}
    return services.open(by=seat(project.case_id, "ar"), project=project, **values)


def make_contract(project: Project | None = None) -> Contract:
    """A contract draft as it comes out of a won solution, with its terms; every stage before was walked."""
    from tests.factories.solutions import make_won_solution

    solution = make_won_solution(project)
    contract = Contract.objects.get(solution=solution)
    return services.edit(contract, by=ar_of(contract), terms=terms())


def ar_of(contract: Contract) -> User:
    """The account manager of a contract's case."""
    return seat(contract.case_id, "ar")


def keeper() -> User:
    """Somebody with the seals."""
    return make_user("keeper", department="legal", roles=("seal_keeper",))


def make_submitted_contract(contract: Contract | None = None) -> Contract:
    """A contract that waits for its reviews."""
    contract = contract or make_light_contract()
    if not User.objects.filter(roles__code="legal", is_active=True).exists():
        make_user("legal", department="legal", roles=("legal",))
    services.attach_text(contract, file=text(), by=ar_of(contract))
    return services.submit(contract, by=ar_of(contract))


def make_approved_contract(contract: Contract | None = None) -> Contract:
    """A contract that passed ATC."""
    return decide(make_submitted_contract(contract), services.approve)


def make_signed_contract(contract: Contract | None = None) -> Contract:
    """A stamped contract."""
    contract = make_approved_contract(contract)
    return services.sign(contract, file=text(), signer="张总", seal=term("seal", "contract"), by=keeper())


def make_effective_contract(contract: Contract | None = None, **fields: Any) -> Contract:
    """A contract in effect: receivables are open, delivery is offered it."""
    contract = make_signed_contract(contract)
    for condition in contract.conditions.select_related("kind"):
        services.meet_effect(contract, kind=condition.kind, by=ar_of(contract))
    return services.activate(contract, by=ar_of(contract), **fields)
