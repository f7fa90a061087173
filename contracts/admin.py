"""Contracts in the back room: read-only; sets of payment terms are kept here."""

from django.contrib import admin

from contracts.models import Contract, TermTemplate
from process.admin import RecordAdmin


@admin.register(Contract)
class ContractAdmin(RecordAdmin):
    list_display = ["code", "title", "customer", "gross_amount", "state", "owner"]
    list_select_related = ["customer", "owner"]


@admin.register(TermTemplate)
class TermTemplateAdmin(admin.ModelAdmin):
    list_display = ["code", "zh", "en", "position", "is_active"]
