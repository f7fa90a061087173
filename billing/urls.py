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
    collection_plan,
    collection_plan_export,
    collection_plan_items,
    customer_statement,
    letter_paper,
    panel,
    unclaimed,
)

app_name = "billing"
urlpatterns = [
    path("collection/", collection, name="collection"),
    path("collection/ageing/", ageing_page, name="ageing"),
    path("collection/plan/", collection_plan, name="collection-plan"),
    path("collection/plan/items/", collection_plan_items, name="collection-plan-items"),
    path("collection/plan/export/", collection_plan_export, name="collection-plan-export"),
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
