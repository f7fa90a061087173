from django.urls import path

from leads.views import LeadOutlet, lead_page

app_name = "leads"
urlpatterns = [
    path("leads/<int:pk>/", lead_page(LeadOutlet()), name="lead-detail") if route.name == "lead-detail" else route
    for route in LeadOutlet.urls()
]
