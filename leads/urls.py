from leads.views import LeadOutlet, lead_page

app_name = "leads"
urlpatterns = LeadOutlet.urls(detail=lead_page(LeadOutlet()))
