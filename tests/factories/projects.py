"""Projects in every state, made by their services."""

import datetime as dt
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from accounts.models import Department, User
from approvals.models import ApprovalRequest
from core.calendar import today
from core.dictionary import Term
from finance import selectors as finance
from finance.models import CostSheet
from finance.services import sheet as sheets
from process.models import StageRecord
from process.services import counter, seat, take_seat
from projects import services
from projects.models import Project, ResourceNeed
from tests.factories.customers import make_customer
from tests.people import make_user

_numbers = itertools.count(1)


def term(dictionary: str, code: str) -> Term:
    """A word of a dictionary."""
    return Term.objects.get(dictionary=dictionary, code=code)


def account_manager() -> User:
    """Somebody who may open a project."""
    return make_user("ar", department="sales_north", roles=("ar",))


def decide(record: StageRecord, approve: Callable[..., Any], people: dict[str, User] | None = None) -> Any:
    """Give every opinion and the decision that are asked for on a submitted record, by those who are asked."""
    for _step in range(12):
        record.refresh_from_db()
        request = ApprovalRequest.objects.filter(
            document_kind=record.record_kind(), document_id=record.pk, state="pending"
        ).first()
        if request is None:
            return record
        one = request.decisions.filter(decided_at__isnull=True, step__isnull=False).order_by("pk").first()
        approve(record, by=User.objects.get(pk=one.assignees[0]))
    raise AssertionError("The decision never ended.")


def make_project(owner: User | None = None, **fields: Any) -> Project:
    """A project draft without a lead, complete but for its people."""
    number = next(_numbers)
    values = {
        "title": f"智慧医院一期 {number}",
        "gross_amount": Decimal("1006000.00"),
        "objectives": "三个月上线, 建立样板",
        "scope": "硬件、安装与服务",
        "presales_net_budget": Decimal("30000.00"),
        "win_probability": 60,
        "expected_sign_on": today() + dt.timedelta(days=60),
        "starts_on": today() + dt.timedelta(days=70),
        "ends_on": today() + dt.timedelta(days=250),
        **fields,
    }
    if "customer" not in values:
        values["customer"] = make_customer()
    return services.open(by=owner or account_manager(), **values)


ESTIMATE = (
    ("material.hardware", "外购设备", "565000.00", "13", True),
    ("subcontract.service", "分包服务", "51500.00", "3", True),
    ("travel.transport", "差旅", "10600.00", None, False),
    ("labour.implementation", "实施", "80000.00", None, False),
)


def estimator(project: Project) -> User:
    """Who compiles the costings of a project: its solution manager, else project finance."""
    people = (seat(project.case_id, "sr"), seat(project.case_id, "pfc"))
    found = next((user for user in people if user is not None and user.has_right("see_cost")), None)
    return found or make_user("estimator", department="project_finance", roles=("pfc",))


def make_estimate(project: Project, lines: Any = ESTIMATE, **fields: Any) -> CostSheet:
    """An estimate draft: by default 640,600 net, as in the mixed-tax scenario."""
    rows = [
        {
            "category": finance.category(code),
            "text": text,
            "gross_amount": Decimal(gross),
            "tax_rate": finance.tax_rate(rate, today()) if rate else None,
            "deductible": deductible,
        }
        for code, text, gross, rate, deductible in lines
    ]
    values = {"net_revenue": Decimal("900000.00"), "label": "概算", **fields}
    return sheets.open(book=project.book, kind="estimate", lines=rows, by=estimator(project), **values)


def make_approved_estimate(project: Project, lines: Any = ESTIMATE, **fields: Any) -> CostSheet:
    """An estimate decided by project finance."""
    if not User.objects.filter(roles__code="pfc", is_active=True).exists():
        make_user("pfc", department="project_finance", roles=("pfc",))
    sheet = make_estimate(project, lines, **fields)
    sheets.submit(sheet, by=sheet.owner)
    return decide(sheet, sheets.approve)


def name_team(project: Project, **people: User) -> Project:
    """SR, FR, project finance and director take their seats; those not given are made."""
    team = {
        "sr": ("solution", ("sr",)),
        "fr": ("implementation", ("fr",)),
        "pfc": ("project_finance", ("pfc",)),
        "director": ("management", ("director", "decision_team")),
    }
    named = {
        role: people.get(role) or make_user(role, department=department, roles=roles)
        for role, (department, roles) in team.items()
    }
    return services.name_triangle(project, by=project.owner, **named)


def make_ready_project(owner: User | None = None, team: dict[str, User] | None = None, **fields: Any) -> Project:
    """A draft with everything ATI asks for: team, resources, estimate."""
    project = name_team(make_project(owner, **fields), **(team or {}))
    department = Department.objects.get(code="solution")
    if department.head is None:
        department.head = make_user("head", department="solution", roles=("head",))
        department.save(update_fields=["head"])
    services.add_resource_need(project, by=project.owner, department=department, role="架构师", days=Decimal(5))
    need = ResourceNeed.objects.get(project=project)
    services.confirm_resource(project, by=department.head, need=need)
    make_estimate(project)
    return project


def make_submitted_project(owner: User | None = None, **fields: Any) -> Project:
    """A project that waits for ATI."""
    project = make_ready_project(owner, **fields)
    return services.submit(project, by=project.owner)


def make_approved_project(owner: User | None = None, **fields: Any) -> Project:
    """A project that passed ATI; the guidance stage's offer waits for the solution manager."""
    return decide(make_submitted_project(owner, **fields), services.approve)


def take_offer(record: StageRecord, target: str) -> Any:
    """The receiver takes what waits at the counter for `target`."""
    from process.models import Handover

    handover = Handover.objects.get(case_id=record.case_id, target=target, state="offered")
    return counter.take(handover, by=User.objects.get(pk=handover.receivers()[0]))


def sit(project: Project, role: str, user: User) -> None:
    """Put somebody on a seat without asking anybody."""
    take_seat(project.case_id, role, user, by=user)
