from purchasing.views import BillOutlet, PurchaseOrderOutlet

app_name = "purchasing"
urlpatterns = [*PurchaseOrderOutlet.urls(), *BillOutlet.urls()]
