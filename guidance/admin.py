"""Guidance in the back room: read-only."""

from django.contrib import admin

from guidance.models import Activity, GuidancePlan, Requirement, Stakeholder
from process.admin import ReadOnlyAdmin, RecordAdmin

admin.site.register(GuidancePlan, RecordAdmin)


class _RowAdmin(ReadOnlyAdmin):
    list_select_related = ["plan"]
    show_full_result_count = False


@admin.register(Activity)
class ActivityAdmin(_RowAdmin):
    list_display = ["plan", "kind", "on", "goal", "done_on"]


@admin.register(Stakeholder)
class StakeholderAdmin(_RowAdmin):
    list_display = ["plan", "name", "role", "stance"]


@admin.register(Requirement)
class RequirementAdmin(_RowAdmin):
    list_display = ["plan", "number", "statement", "priority", "answer"]
