"""The register in the back room: read-only."""

from django.contrib import admin

from customers.models import Contact, Customer, Supplier
from process.admin import ReadOnlyAdmin, RecordAdmin

admin.site.register(Customer, RecordAdmin)
admin.site.register(Supplier, RecordAdmin)


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ["name", "job", "customer", "is_active"]
    list_select_related = ["customer"]
    search_fields = ["name"]
    show_full_result_count = False
