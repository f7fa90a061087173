"""Solutions, quotes, tenders and trials in every state, made by their services."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.calendar import today
from finance import selectors as finance
from process.services import seat
from projects.models import Project
from solutions.models import Poc, Quote, Solution, Tender
from solutions.services import poc as pocs
from solutions.services import quote as quotes
from solutions.services import solution as solutions
from solutions.services import tender as tenders
from tests.factories.projects import decide, make_approved_estimate, make_approved_project
from tests.people import make_user

# 1,006,000 gross = 900,000 net: hardware at 13 %, installation at 9 %, service at 6 %.
MIXED = (("设备", "791000.00", "13"), ("安装", "109000.00", "9"), ("服务", "106000.00", "6"))


def quote_lines(rows: Any = MIXED) -> list[dict[str, Any]]:
    """Lines of mixed tax rates."""
    return [
        {
            "name": name,
            "quantity": Decimal(1),
            "unit": "项",
            "gross_price": Decimal(gross),
            "tax_rate": finance.tax_rate(rate, today()),
            "promise": f"{name}按期交付",
        }
        for name, gross, rate in rows
    ]


def make_solution(project: Project | None = None, **fields: Any) -> Solution:
    """A solution draft, opened by taking the concluded guidance over."""
    from tests.factories.guidance import make_concluded_plan

    project = project or make_approved_project()
    make_concluded_plan(project)
    solution = Solution.objects.get(project=project)
    sr = seat(project.case_id, "sr")
    values = {"approach": "三层架构", "scope": "平台与点位", "deviations": "无", "risks": "工期紧", **fields}
    return solutions.edit(solution, by=sr, **values)


def ar_of(solution: Solution) -> User:
    """The account manager of a solution's case."""
    return seat(solution.case_id, "ar")


def make_quote(solution: Solution | None = None, lines: Any = None, **fields: Any) -> Quote:
    """A quote draft; by default that of the mixed-tax scenario."""
    solution = solution or make_solution()
    lines = quote_lines() if lines is None else lines
    return quotes.open(by=ar_of(solution), solution=solution, lines=lines, **fields)


def make_approved_quote(solution: Solution | None = None, **fields: Any) -> Quote:
    """A quote that may be sent."""
    quote = make_quote(solution, **fields)
    return decide(quotes.submit(quote, by=seat(quote.case_id, "ar")), quotes.approve)


def make_sent_quote(solution: Solution | None = None, **fields: Any) -> Quote:
    """A quote the customer has."""
    quote = make_approved_quote(solution, **fields)
    return quotes.send(quote, by=seat(quote.case_id, "ar"))


def make_ready_solution(project: Project | None = None, **fields: Any) -> Solution:
    """A draft whose bid package is complete: review, bid estimate, approved quote."""
    solution = make_solution(project, **fields)
    reviewer = make_user("reviewer", department="research", roles=("engineer",))
    solutions.technical_review(solution, by=reviewer, technical_review="架构合理, 容量充足")
    make_approved_estimate(solution.project)
    make_approved_quote(solution)
    return solution


def make_submitted_solution(project: Project | None = None, **fields: Any) -> Solution:
    """A bid package that waits for ATB."""
    solution = make_ready_solution(project, **fields)
    return solutions.submit(solution, by=seat(solution.case_id, "sr"))


def make_approved_solution(project: Project | None = None, **fields: Any) -> Solution:
    """A bid package that passed ATB."""
    return decide(make_submitted_solution(project, **fields), solutions.approve)


def make_accepted_quote(project: Project | None = None) -> Quote:
    """The approved package's quote, sent and accepted."""
    solution = make_approved_solution(project)
    ar = ar_of(solution)
    quote = quotes.send(solution.quote, by=ar)
    return quotes.accept(quote, by=ar)


def make_won_solution(project: Project | None = None) -> Solution:
    """A won solution; its account manager takes it into the contract stage in the same act."""
    quote = make_accepted_quote(project)
    solution = Solution.objects.get(pk=quote.solution_id)
    return solutions.win(solution, by=ar_of(solution))


def make_tender(project: Project | None = None, **fields: Any) -> Tender:
    """An invitation to bid, due in ten days."""
    project = project or make_approved_project()
    deadline = timezone.now() + dt.timedelta(days=10)
    values = {
        "title": f"{project.title} 招标",
        "number": "ZB-2026-018",
        "deadline_at": deadline,
        "opens_at": deadline,
        "our_gross_amount": Decimal("1006000.00"),
        **fields,
    }
    return tenders.open(by=seat(project.case_id, "ar"), project=project, **values)


def make_poc(solution: Solution | None = None, **fields: Any) -> Poc:
    """A planned trial with agreed criteria."""
    solution = solution or make_solution()
    values = {
        "title": "接入测试",
        "criteria": "100 点位 24 小时不断线",
        "agreed_with": "王工",
        "starts_on": today(),
        "ends_on": today() + dt.timedelta(days=14),
        **fields,
    }
    return pocs.open(by=seat(solution.case_id, "sr"), solution=solution, **values)
