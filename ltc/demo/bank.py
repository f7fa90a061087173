"""What the bank of the demo company exported: money to be claimed, some of it easy to place, some not."""

import csv
import io
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import BankAccount, User
from billing.models import ReceivableLine
from billing.services import bank_statement as statements
from core.calendar import today

HEADER = ("交易时间", "借方发生额", "贷方发生额", "摘要", "用途", "对方单位名称", "对方账号", "交易流水号")


def import_statement(people: dict[str, User]) -> None:
    """Upload and take in one small export: two transfers that fit what is owed, two that need a person, a fee."""
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(ReceivableLine.objects.open().select_related("contract", "customer")[:2]):
        text = f"合同{line.contract.code}" if number else "货款"
        rows.append(_row("", line.gross_open, text, line.customer.title, f"DEMO{number:04d}"))
    rows += [
        _row("", "26500.00", "往来款", "启明商贸有限公司", "DEMO0010"),
        _row("", "80000.00", "服务费", "西部商业银行", "DEMO0011"),
        _row("35.00", "", "手续费", "工商银行", "DEMO0012"),
    ]
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *rows])
    account = BankAccount.objects.order_by("pk").first()
    assert account is not None
    file = ContentFile(out.getvalue().encode("gb18030"), name="工商银行流水.csv")
    statements.import_(account=account, file=file, by=people["cashier"])


def _row(debit: str, credit: Any, text: str, name: str, reference: str) -> tuple[Any, ...]:
    return (f"{today().isoformat()} 10:00:00", debit, credit, text, "", name, "6217000012345678", reference)
