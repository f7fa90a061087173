"""Rules are kept here; requests and decisions are only read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from approvals import authority
from approvals.models import AuthorityLetter, AuthorityRule, SpecialApproval
from process.admin import RecordAdmin

admin.site.register(SpecialApproval, RecordAdmin)
admin.site.register(AuthorityLetter, RecordAdmin)


@admin.register(AuthorityRule)
class AuthorityRuleAdmin(admin.ModelAdmin):
    list_display = [
        "document",
        "department",
        "position",
        "zh",
        "en",
        "decider",
        "reviewers",
        "reaches",
        "needs_letter",
        "is_active",
    ]
    list_filter = ["document", "department", "needs_letter", "is_active"]
    list_select_related = ["department"]

    @admin.display(description=_("Reaches"))
    def reaches(self, rule: AuthorityRule) -> str:
        return "; ".join(authority.limits(rule))
