"""Receivables, invoices, credit notes, receipts and what is allocated between them."""

from billing.models.bank_statement import BankStatement, StatementLine, StatementPreset
from billing.models.claim import ClaimPart, PayerAlias
from billing.models.credit_note import CreditNote, CreditNoteLine
from billing.models.deduction import Deduction
from billing.models.due_move import DueMove
from billing.models.dunning import DunningItem, DunningLetter, DunningLevel
from billing.models.invoice import Invoice, InvoiceLine
from billing.models.promise import Promise
from billing.models.receipt import Allocation, Receipt
from billing.models.receivable import ReceivableLine, ReceivableTax
from billing.models.refund import Refund

__all__ = [
    "Allocation",
    "BankStatement",
    "ClaimPart",
    "CreditNote",
    "CreditNoteLine",
    "Deduction",
    "DueMove",
    "DunningItem",
    "DunningLetter",
    "DunningLevel",
    "Invoice",
    "InvoiceLine",
    "PayerAlias",
    "Promise",
    "Receipt",
    "ReceivableLine",
    "ReceivableTax",
    "Refund",
    "StatementLine",
    "StatementPreset",
]
