from closing.views import ClosingOutlet

app_name = "closing"
urlpatterns = [*ClosingOutlet.urls()]
