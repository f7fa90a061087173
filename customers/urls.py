from customers.views import CustomerOutlet, SupplierOutlet

app_name = "customers"
urlpatterns = [*CustomerOutlet.urls(), *SupplierOutlet.urls()]
