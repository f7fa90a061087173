"""Finance in the back room: dated tables are kept here; money is only looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from finance.models import (
    CostBook,
    CostCategory,
    CostRate,
    CostSheet,
    Deposit,
    LedgerEntry,
    Period,
    TaxRate,
    VarianceAlert,
    Voucher,
)
from process.admin import ReadOnlyAdmin, RecordAdmin


class KeptAdmin(admin.ModelAdmin):
    """A dated table: rows are added, ended or made inactive, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TaxRate)
class TaxRateAdmin(KeptAdmin):
    list_display = ("code", "zh", "en", "percent", "kind", "from_on", "until_on", "is_active")
    list_filter = ("kind", "is_active")


@admin.register(CostCategory)
class CostCategoryAdmin(KeptAdmin):
    list_display = ("code", "zh", "en", "parent", "margin", "position", "is_active")
    list_select_related = ("parent",)
    search_fields = ("code", "zh", "en")


@admin.register(CostRate)
class CostRateAdmin(KeptAdmin):
    list_display = ("grade", "net_day_amount", "from_on", "until_on")
    list_filter = ("grade",)


@admin.register(CostBook)
class CostBookAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "owner", "is_frozen", "net_committed", "net_cost", "net_recognised")
    list_select_related = ("owner",)
    search_fields = ("code", "title")
    show_full_result_count = False


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ("source", "book", "nature", "category", "net_amount", "day", "month", "posted_by_name")
    list_select_related = ("book", "category")
    list_filter = ("nature",)
    search_fields = ("source",)
    show_full_result_count = False


@admin.register(VarianceAlert)
class VarianceAlertAdmin(ReadOnlyAdmin):
    list_display = ("book", "category", "threshold", "opened_at", "cleared_at", "cause")
    list_select_related = ("book", "category", "cause")


for record in (CostSheet, Voucher, Period, Deposit):
    admin.site.register(record, RecordAdmin)
