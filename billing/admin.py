"""Billing in the back room: read-only, but for the templates of bank statements."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing.models import (
    BankStatement,
    CreditNote,
    Deduction,
    DunningLetter,
    DunningLevel,
    Invoice,
    PayerAlias,
    Receipt,
    ReceivableLine,
    Refund,
    StatementPreset,
)
from process.admin import ReadOnlyAdmin, RecordAdmin


@admin.register(ReceivableLine)
class ReceivableLineAdmin(RecordAdmin):
    list_display = ["code", "title", "gross_amount", "gross_invoiced", "gross_received", "due_on", "state"]


@admin.register(Invoice)
class InvoiceAdmin(RecordAdmin):
    list_display = ["code", "internal_number", "platform_number", "gross_amount", "issued_on", "state"]


@admin.register(CreditNote)
class CreditNoteAdmin(RecordAdmin):
    list_display = ["code", "internal_number", "platform_number", "gross_amount", "issued_on", "state"]


@admin.register(Receipt)
class ReceiptAdmin(RecordAdmin):
    list_display = ["code", "payer_name", "gross_amount", "gross_allocated", "value_on", "state"]


@admin.register(BankStatement)
class BankStatementAdmin(RecordAdmin):
    list_display = ["code", "account", "period_from", "period_until", "lines_new", "gross_in", "state"]


@admin.register(StatementPreset)
class StatementPresetAdmin(admin.ModelAdmin):
    """What the columns of a bank's export mean; one in use is made inactive, not deleted."""

    list_display = ["code", "zh", "en", "position", "is_active"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Deduction)
class DeductionAdmin(RecordAdmin):
    list_display = ["code", "difference", "receivable", "gross_amount", "receipt", "state"]


@admin.register(DunningLetter)
class DunningLetterAdmin(RecordAdmin):
    list_display = ["code", "customer", "level", "gross_amount", "sent_on", "state"]


@admin.register(DunningLevel)
class DunningLevelAdmin(admin.ModelAdmin):
    """The dunning ladder; a level in use is made inactive, not deleted."""

    list_display = ["level", "zh", "en", "days_overdue", "wait_days", "bank_days", "is_active"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Refund)
class RefundAdmin(RecordAdmin):
    list_display = ["code", "payee_name", "gross_amount", "paid_on", "bank_reference", "state"]


@admin.register(PayerAlias)
class PayerAliasAdmin(ReadOnlyAdmin):
    """Names learnt from confirmed receipts."""

    list_display = ["name", "customer", "learnt_from", "learnt_at"]
