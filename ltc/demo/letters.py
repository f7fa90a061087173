"""The letters of authority of this year, in each of their states; no rule of the demo asks for them."""

from decimal import Decimal
from typing import Any

from accounts.models import Department, User
from approvals.services import letter as letters
from core.calendar import today
from ltc.demo.plan import text_file

MILLION = Decimal(1_000_000)


def issue_letters(people: dict[str, User]) -> None:
    """Two letters in force, one to be signed for, one still a draft; written and issued by the general manager."""
    days: dict[str, Any] = {
        "valid_from": today().replace(month=1, day=1),
        "valid_to": today().replace(month=12, day=31),
    }
    terms = {"min_advance": Decimal(10), "max_days": 90}

    def write(whose: str, reason: str, *lines: dict[str, Any], **fields: Any) -> Any:
        return letters.open(by=people["gm"], grantee=people[whose], reason=reason, lines=lines, **days, **fields)

    director = write(
        "director",
        "年度授权：项目与合同",
        {"document": "projects.project", "up_to_amount": 20 * MILLION},
        {"document": "contracts.contract", "up_to_amount": 20 * MILLION, "min_margin": Decimal(15), **terms},
    )
    delivery = write(
        "delivery_head",
        "年度授权：交付变更",
        {"document": "delivery.changeorder", "up_to_amount": MILLION / 2, "min_margin": Decimal(20)},
        {"document": "delivery.earlystart"},
        within=Department.objects.get(code="delivery"),
        outside_deputies=True,
    )
    for letter in (director, delivery):
        letters.accept(letters.issue(letter, by=people["gm"], file=text_file("授权书.pdf")), by=letter.grantee)
    invoices = write("finance", "年度授权：开票与红冲", {"document": "billing.invoice", "up_to_amount": 10 * MILLION})
    letters.issue(invoices, by=people["gm"], file=text_file("授权书.pdf"))
    quote = {"document": "solutions.quote", "up_to_amount": 2 * MILLION, "max_discount": Decimal(10)}
    write("solution_head", "年度授权：报价", {**quote, "min_margin": Decimal(20)})
