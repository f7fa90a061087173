from django.urls import path

from finance.views import books, records
from finance.views.records import CostSheetOutlet, DepositOutlet, PeriodOutlet, VoucherOutlet

app_name = "finance"
urlpatterns = [
    path("books/", books.books, name="book-list"),
    path("books/<int:pk>/", books.book, name="book-detail"),
    path("books/<int:pk>/entries/", books.entries, name="book-entries"),
    path("books/<int:pk>/forecast/", books.forecast, name="book-forecast"),
    path("books/<int:pk>/alerts/<int:alert_pk>/explain/", books.explain, name="alert-explain"),
    path("books/panel/<int:case_id>/", books.panel, name="fourcost-panel"),
    path("cost-sheets/<int:pk>/compare/<int:other_pk>/", records.compare, name="cost-sheet-compare"),
    *CostSheetOutlet.urls(),
    *VoucherOutlet.urls(),
    *PeriodOutlet.urls(),
    *DepositOutlet.urls(),
]
