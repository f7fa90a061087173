"""Orders and bills in the back room: only looked at."""

from django.contrib import admin

from process.admin import RecordAdmin
from purchasing.models import Bill, PurchaseOrder

admin.site.register(PurchaseOrder, RecordAdmin)
admin.site.register(Bill, RecordAdmin)
