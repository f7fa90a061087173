from django.urls import path

from billing.views import (
    BankStatementOutlet,
    CreditNoteOutlet,
    DeductionOutlet,
    DunningLetterOutlet,
    InvoiceOutlet,
    ReceiptOutlet,
    ReceivableOutlet,
    RefundOutlet,
    ageing_page,
    collection,
    customer_statement,
    letter_paper,
    panel,
    unclaimed,
)

app_name = "billing"
urlpatterns = [
    path("collection/", collection, name="collection"),
    path("collection/ageing/", ageing_page, name="ageing"),
    path("receivables/panel/<int:case_id>/", panel, name="receivables-panel"),
    path("receipts/unclaimed/", unclaimed, name="unclaimed"),
    path("collection/statement/<int:pk>/", customer_statement, name="customer-statement"),
    path("dunning-letters/<int:pk>/paper/", letter_paper, name="letter-paper"),
    *ReceivableOutlet.urls(),
    *DunningLetterOutlet.urls(),
    *InvoiceOutlet.urls(),
    *CreditNoteOutlet.urls(),
    *ReceiptOutlet.urls(),
    *RefundOutlet.urls(),
    *DeductionOutlet.urls(),
    *BankStatementOutlet.urls(),
]
