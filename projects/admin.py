"""Projects are looked up here; the stages of a variant are kept here."""

from django.contrib import admin

from process.admin import RecordAdmin
from projects.models import Project, VariantStage


@admin.register(Project)
class ProjectAdmin(RecordAdmin):
    list_display = ["code", "title", "stage", "state", "owner", "created_at"]


@admin.register(VariantStage)
class VariantStageAdmin(admin.ModelAdmin):
    list_display = ["variant", "stage", "applicable"]
    list_filter = ["variant"]
    list_select_related = ["variant"]
