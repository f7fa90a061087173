"""Rules are kept here; requests and decisions are only read."""

from django.contrib import admin

from approvals.models import AuthorityRule, SpecialApproval
from process.admin import RecordAdmin

admin.site.register(SpecialApproval, RecordAdmin)


@admin.register(AuthorityRule)
class AuthorityRuleAdmin(admin.ModelAdmin):
    list_display = [
        "document",
        "position",
        "zh",
        "en",
        "decider",
        "reviewers",
        "up_to_amount",
        "min_margin",
        "is_active",
    ]
    list_filter = ["document", "is_active"]
