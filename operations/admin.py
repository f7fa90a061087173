"""Operations in the back room: records are read, service levels are kept."""

from django.contrib import admin

from operations.models import Inspection, ServiceAgreement, SlaPolicy, Ticket
from process.admin import RecordAdmin

for model in (ServiceAgreement, Inspection, Ticket):
    admin.site.register(model, RecordAdmin)


@admin.register(SlaPolicy)
class SlaPolicyAdmin(admin.ModelAdmin):
    list_display = ["priority", "cover", "response_hours", "arrive_hours", "restore_hours", "resolve_hours", "clock"]
    list_select_related = ["cover"]
