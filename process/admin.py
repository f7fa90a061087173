"""Steps and versions are read here; the log is nobody's to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from process.models import Improvement, LogEntry, ProcessVersion, SegregationRule, StepDefinition


class ReadOnlyAdmin(admin.ModelAdmin):
    """The back room shows records; only the doors change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordAdmin(ReadOnlyAdmin):
    """A stage record in the back room: read-only."""

    list_display = ["code", "title", "state", "owner", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["code", "title"]
    show_full_result_count = False


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "action", "actor_name", "kind", "object_id", "state_from", "state_to"]
    show_full_result_count = False


@admin.register(ProcessVersion)
class ProcessVersionAdmin(ReadOnlyAdmin):
    list_display = ["number", "published_at", "digest"]


@admin.register(StepDefinition)
class StepDefinitionAdmin(ReadOnlyAdmin):
    list_display = ["version", "code", "zh", "en", "accountable", "sla_hours", "clock"]
    list_filter = ["version", "stage"]


admin.site.register(Improvement, RecordAdmin)


@admin.register(SegregationRule)
class SegregationRuleAdmin(ReadOnlyAdmin):
    """Kept on its own page, with a reason for every change."""

    list_display = ["zh", "en", "first", "second", "level", "is_active", "forbidden_since"]
