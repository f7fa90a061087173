"""Pages of billing."""

from billing.views.ageing import ageing_page
from billing.views.collection import collection, panel
from billing.views.deductions import DeductionOutlet
from billing.views.dunning import DunningLetterOutlet, customer_statement, letter_paper
from billing.views.invoices import CreditNoteOutlet, InvoiceOutlet
from billing.views.plan import collection_plan, collection_plan_export, collection_plan_items
from billing.views.receipts import ReceiptOutlet
from billing.views.receivables import ReceivableOutlet
from billing.views.refunds import RefundOutlet
from billing.views.statements import BankStatementOutlet
from billing.views.unclaimed import unclaimed

__all__ = [
    "BankStatementOutlet",
    "CreditNoteOutlet",
    "DeductionOutlet",
    "DunningLetterOutlet",
    "InvoiceOutlet",
    "ReceiptOutlet",
    "ReceivableOutlet",
    "RefundOutlet",
    "ageing_page",
    "collection",
    "collection_plan",
    "collection_plan_export",
    "collection_plan_items",
    "customer_statement",
    "letter_paper",
    "panel",
    "unclaimed",
]
