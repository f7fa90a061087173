"""What stands on paper for a customer: dunning letters and the statement of account 对账单, in Chinese or English."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import BankAccount, LegalEntity, User
from billing.ageing import standing_on
from billing.models import DunningLetter, ReceivableLine
from core.calendar import today
from core.money import ZERO, rmb_capital
from customers.models import Customer

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class PaperLine:
    """One receivable on paper."""

    contract: str
    title: str
    due_on: dt.date | None
    days_overdue: int
    owed: Decimal
    open: Decimal


@dataclass(frozen=True)
class Paper:
    """One letter as it is printed; money with tax, in one currency."""

    language: str
    kind: str
    number: str
    day: dt.date
    sender: str
    receiver: str
    currency: str
    paragraphs: list[str]
    lines: list[PaperLine]
    total: Decimal
    account: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def capital(self) -> str:
        """The total in capital characters, where it is printed in Chinese and in yuan."""
        return rmb_capital(self.total) if self.language == "zh" and self.currency == "CNY" else ""


def _sender(entity: LegalEntity, language: str) -> str:
    return entity.name_en or entity.name if language == "en" else entity.name


def _account(entity: LegalEntity, currency: str) -> str:
    found = BankAccount.objects.filter(entity=entity, currency=currency).order_by("pk").first()
    return str(found) if found else ""


def _line(line: ReceivableLine, amount: Decimal, day: dt.date) -> PaperLine:
    late = max((day - line.due_on).days, 0) if line.due_on else 0
    number = line.contract.customer_number or line.contract.code
    return PaperLine(number, line.title, line.due_on, late, line.gross_amount, amount)


def dunning_paper(letter: DunningLetter, language: str) -> Paper:
    """A dunning letter on paper, as of the day it was sent, or today."""
    day = letter.sent_on or today()
    items = letter.items.select_related("receivable__contract").order_by("receivable__due_on", "pk")
    lines = [_line(item.receivable, item.gross_amount, day) for item in items]
    text = letter.text_en if language == "en" else letter.text_zh
    return Paper(
        language=language,
        kind=letter.rung.en if language == "en" else letter.rung.zh,
        number=letter.code,
        day=day,
        sender=_sender(letter.entity, language),
        receiver=letter.customer.title,
        currency=letter.currency,
        paragraphs=[part for part in text.splitlines() if part.strip()],
        lines=lines,
        total=sum((line.open for line in lines), ZERO),
        account=_account(letter.entity, letter.currency),
    )


def statements_of(customer: Customer, user: User, day: dt.date, language: str) -> list[Paper]:
    """对账单: what a customer owes on a day as far as the reader sees it, one paper per legal entity and currency.

    Retention in warranty stands in it as not due; what is settled by bills of exchange is named beside the total.
    """
    seen = ReceivableLine.objects.visible_to(user).filter(customer=customer)
    lines = standing_on(day, seen).filter(Q(left__gt=0)).select_related("contract__entity")
    papers: dict[tuple[int, str], list[ReceivableLine]] = {}
    for line in lines.order_by("contract_id", "due_on", "pk"):
        papers.setdefault((line.contract.entity_id, line.currency), []).append(line)
    with translation.override("zh-hans" if language == "zh" else "en"):
        return [_statement(customer, found, day, language) for _key, found in sorted(papers.items())]


def _statement(customer: Customer, found: Iterable[ReceivableLine], day: dt.date, language: str) -> Paper:
    rows: list[Any] = list(found)
    entity, currency = rows[0].contract.entity, rows[0].currency
    lines = [_line(line, line.left, day) for line in rows]
    overdue = sum((line.open for line in lines if line.days_overdue), ZERO)
    opening = _(
        "According to our books the amounts below were open on %(day)s, of which %(overdue)s was past its due day. "
        "Please compare them with yours, and confirm or name the differences."
    ) % {"day": day, "overdue": f"{overdue:,.2f}"}
    return Paper(
        language=language,
        kind=_("Statement of account"),
        number="",
        day=day,
        sender=_sender(entity, language),
        receiver=customer.title,
        currency=currency,
        paragraphs=[opening],
        lines=lines,
        total=sum((line.open for line in lines), ZERO),
        account=_account(entity, currency),
        notes=[
            _("☐ The amounts agree.   ☐ The amounts do not agree; the differences are:"),
            _("Confirmed by (seal, signature, day):"),
        ],
    )
