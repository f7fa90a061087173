from approvals.views import SpecialApprovalOutlet

app_name = "approvals"
urlpatterns = [*SpecialApprovalOutlet.urls()]
