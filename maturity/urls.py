from django.urls import path

from maturity.views import coverage, levels, trend
from maturity.views.practices import PracticeOutlet

app_name = "maturity"
urlpatterns = [
    *PracticeOutlet.urls(),
    path("maturity/", coverage.coverage, name="coverage"),
    path("maturity/sheet/", coverage.sheet, name="sheet"),
    path("maturity/take/", coverage.take, name="take"),
    path("maturity/trend/", trend.trend, name="trend"),
    path("maturity/levels/", levels.levels, name="levels"),
    path("maturity/levels/<str:code>/", levels.stage, name="stage"),
    path("maturity/levels/<str:code>/target/", levels.target, name="target"),
    path("maturity/levels/<str:code>/assess/", levels.assess, name="assess"),
]
