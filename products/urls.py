from products.views import ProductOutlet

app_name = "products"
urlpatterns = [*ProductOutlet.urls()]
