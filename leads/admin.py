"""Leads in the back room: read-only; the limits of the pool are kept here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from leads.models import FollowUp, Lead, PoolPolicy
from process.admin import ReadOnlyAdmin, RecordAdmin

admin.site.register(Lead, RecordAdmin)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ["lead", "kind", "at", "by"]
    list_select_related = ["lead", "kind", "by"]
    show_full_result_count = False


@admin.register(PoolPolicy)
class PoolPolicyAdmin(admin.ModelAdmin):
    list_display = ["holding_capacity", "daily_picks", "idle_days", "blocked_days", "first_response_hours"]
    filter_horizontal = ["long_sources"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not PoolPolicy.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
