from operations.views import AgreementOutlet, InspectionOutlet, TicketOutlet

app_name = "operations"
urlpatterns = [*AgreementOutlet.urls(), *InspectionOutlet.urls(), *TicketOutlet.urls()]
