"""Receivables, invoices and receipts in every state, made by their services."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from accounts.models import BankAccount, LegalEntity, User
from billing.models import BankStatement, CreditNote, Invoice, Receipt, ReceivableLine
from billing.services import bank_statement as statements
from billing.services import credit_note as credit_notes
from billing.services import invoice as invoices
from billing.services import receipt as receipts
from contracts.models import Contract
from core.calendar import today
from tests.factories.bankfiles import csv_file, icbc_row
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import decide, term
from tests.people import make_user

_numbers = itertools.count(1)


def finance_user() -> User:
    """Somebody of accounting."""
    return make_user("fin", department="accounting", roles=("finance",))


def line_of(contract: Contract, event: str) -> ReceivableLine:
    """The (first) receivable of a payment event."""
    return contract.receivables.filter(term__event__code=event).order_by("pk")[0]


def account() -> BankAccount:
    """A bank account of our own."""
    entity = LegalEntity.objects.order_by("-is_default", "pk").first()
    number = f"6222{next(_numbers):012d}"
    return BankAccount.objects.create(entity=entity, bank="工商银行", number=number)


def platform_number() -> str:
    """A fapiao number of the tax platform."""
    return f"2611{next(_numbers):016d}"


def make_invoice(contract: Contract | None = None, events: Any = ("effect",), **fields: Any) -> Invoice:
    """A request over the receivables of `events`, all that is left of each."""
    contract = contract or make_effective_contract()
    values = {
        "fapiao": term("fapiao", "e_special"),
        "lines": [{"receivable": line_of(contract, event)} for event in events],
        **fields,
    }
    return invoices.open(contract=contract, by=ar_of(contract), **values)


def make_awaiting_invoice(contract: Contract | None = None, **fields: Any) -> Invoice:
    """A request that may be issued."""
    invoice = make_invoice(contract, **fields)
    if not User.objects.filter(roles__code="finance", is_active=True).exists():
        finance_user()
    return decide(invoices.submit(invoice, by=ar_of(invoice.contract)), invoices.approve)


def make_issued_invoice(contract: Contract | None = None, by: User | None = None, **fields: Any) -> Invoice:
    """An issued invoice."""
    invoice = make_awaiting_invoice(contract, **fields)
    return invoices.issue(invoice, platform_number=platform_number(), by=by or finance_user())


def make_credit_note(invoice: Invoice | None = None, **fields: Any) -> CreditNote:
    """A credit note draft over all of an issued invoice."""
    invoice = invoice or make_issued_invoice()
    values = {"reason": term("red_reason", "allowance"), "mode": term("red_mode", "direct"), **fields}
    return credit_notes.open(invoice=invoice, by=ar_of(invoice.contract), **values)


def make_confirming_credit_note(invoice: Invoice | None = None, **fields: Any) -> CreditNote:
    """An approved credit note."""
    credit = make_credit_note(invoice, **fields)
    return decide(credit_notes.submit(credit, by=ar_of(credit.invoice.contract)), credit_notes.approve)


def make_issued_credit_note(invoice: Invoice | None = None, **fields: Any) -> CreditNote:
    """An issued credit note."""
    credit = make_confirming_credit_note(invoice, **fields)
    return credit_notes.issue(credit, platform_number=platform_number(), by=finance_user())


def make_receipt(by: User | None = None, **fields: Any) -> Receipt:
    """Money nobody has claimed yet: the advance of the usual deal."""
    number = next(_numbers)
    values = {
        "payer_name": "北方测试有限公司",
        "gross_amount": Decimal("301800.00"),
        "value_on": today(),
        "reference": f"T{number:010d}",
        "method": term("receipt_method", "transfer"),
        "summary": "预付款",
        **fields,
    }
    values["account"] = fields.get("account") or account()
    return receipts.open(by=by or finance_user(), **values)


def make_claimed_receipt(contract: Contract | None = None, event: str = "", **fields: Any) -> Receipt:
    """Money claimed for a contract (and for the receivable of `event`)."""
    contract = contract or make_effective_contract()
    receipt = make_receipt(**{"payer_name": contract.payer.title, **fields})
    line = line_of(contract, event) if event else None
    return receipts.claim(receipt, contract=contract, receivable=line, by=ar_of(contract))


def make_confirmed_receipt(contract: Contract | None = None, event: str = "", **fields: Any) -> Receipt:
    """Money finance agreed with; allocated where the claim named a receivable."""
    return receipts.confirm(make_claimed_receipt(contract, event, **fields), by=finance_user())


def make_bank_statement(until: dt.date, of: BankAccount | None = None) -> BankStatement:
    """A statement of an account of ours (a new one without), with one movement of money out on its last day."""
    number = next(_numbers)
    row = icbc_row(f"B{number:08d}", until.isoformat(), "8.00", "工商银行", "手续费", out=True)
    by = make_user("cash", department="treasury", roles=("cashier",))
    return statements.import_(account=of or account(), file=csv_file([row]), by=by)
