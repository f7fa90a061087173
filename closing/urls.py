from django.urls import path

from closing.views import ClosingOutlet, learned

app_name = "closing"
urlpatterns = [
    path("closings/learned/<int:case_id>/", learned, name="learned-panel"),
    *ClosingOutlet.urls(),
]
