"""The as-is inventory, targets and assessments in the back room: read-only."""

from django.contrib import admin

from maturity.models import Assessment, Practice, Target
from process.admin import ReadOnlyAdmin, RecordAdmin

admin.site.register(Practice, RecordAdmin)


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ["stage", "level", "due_on", "set_by", "set_at"]
    list_select_related = ["set_by"]


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = ["stage", "criterion", "is_met", "assessed_by", "assessed_at"]
    list_select_related = ["assessed_by"]
