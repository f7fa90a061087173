from django.urls import path

from billing.views import (
    BankStatementOutlet,
    CreditNoteOutlet,
    DeductionOutlet,
    InvoiceOutlet,
    ReceiptOutlet,
    ReceivableOutlet,
    RefundOutlet,
    ageing_page,
    collection,
    panel,
    unclaimed,
)

app_name = "billing"
urlpatterns = [
    path("collection/", collection, name="collection"),
    path("collection/ageing/", ageing_page, name="ageing"),
    path("receivables/panel/<int:case_id>/", panel, name="receivables-panel"),
    path("receipts/unclaimed/", unclaimed, name="unclaimed"),
    *ReceivableOutlet.urls(),
    *InvoiceOutlet.urls(),
    *CreditNoteOutlet.urls(),
    *ReceiptOutlet.urls(),
    *RefundOutlet.urls(),
    *DeductionOutlet.urls(),
    *BankStatementOutlet.urls(),
]
