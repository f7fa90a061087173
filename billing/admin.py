"""Billing in the back room: read-only."""

from django.contrib import admin

from billing.models import CreditNote, Invoice, Receipt, ReceivableLine
from process.admin import RecordAdmin


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
