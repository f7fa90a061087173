"""The catalogue in the back room: read-only."""

from django.contrib import admin

from process.admin import ReadOnlyAdmin, RecordAdmin
from products.models import PriceList, Product

admin.site.register(Product, RecordAdmin)


@admin.register(PriceList)
class PriceListAdmin(ReadOnlyAdmin):
    list_display = ["product", "currency", "net_amount", "from_on"]
    list_select_related = ["product"]
    show_full_result_count = False
