"""Pages of billing."""

from billing.views.collection import collection, panel
from billing.views.invoices import CreditNoteOutlet, InvoiceOutlet
from billing.views.receipts import ReceiptOutlet
from billing.views.receivables import ReceivableOutlet

__all__ = ["CreditNoteOutlet", "InvoiceOutlet", "ReceiptOutlet", "ReceivableOutlet", "collection", "panel"]
