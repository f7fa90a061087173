from delivery.views import AcceptanceOutlet, ChangeOutlet, DeliverableOutlet, EarlyOutlet, OrderOutlet

app_name = "delivery"
urlpatterns = [
    *EarlyOutlet.urls(),
    *OrderOutlet.urls(),
    *DeliverableOutlet.urls(),
    *AcceptanceOutlet.urls(),
    *ChangeOutlet.urls(),
]
