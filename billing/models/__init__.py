"""Receivables, invoices, credit notes, receipts and what is allocated between them."""

from billing.models.credit_note import CreditNote, CreditNoteLine
from billing.models.invoice import Invoice, InvoiceLine
from billing.models.receipt import Allocation, Receipt
from billing.models.receivable import ReceivableLine, ReceivableTax

__all__ = [
    "Allocation",
    "CreditNote",
    "CreditNoteLine",
    "Invoice",
    "InvoiceLine",
    "Receipt",
    "ReceivableLine",
    "ReceivableTax",
]
