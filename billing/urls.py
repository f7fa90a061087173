from django.urls import path

from billing.views import CreditNoteOutlet, InvoiceOutlet, ReceiptOutlet, ReceivableOutlet, collection, panel

app_name = "billing"
urlpatterns = [
    path("collection/", collection, name="collection"),
    path("receivables/panel/<int:case_id>/", panel, name="receivables-panel"),
    *ReceivableOutlet.urls(),
    *InvoiceOutlet.urls(),
    *CreditNoteOutlet.urls(),
    *ReceiptOutlet.urls(),
]
