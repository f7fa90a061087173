from contracts.views import ContractOutlet

app_name = "contracts"
urlpatterns = [*ContractOutlet.urls()]
