from guidance.views import GuidancePlanOutlet

app_name = "guidance"
urlpatterns = [*GuidancePlanOutlet.urls()]
