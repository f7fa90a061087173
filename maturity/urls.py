from django.urls import path

from maturity.views import coverage
from maturity.views.practices import PracticeOutlet

app_name = "maturity"
urlpatterns = [
    *PracticeOutlet.urls(),
    path("maturity/", coverage.coverage, name="coverage"),
    path("maturity/sheet/", coverage.sheet, name="sheet"),
    path("maturity/take/", coverage.take, name="take"),
]
