"""People, departments and roles in the back room."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount, Delegation, Department, LegalEntity, Role, User


class BankAccountInline(admin.TabularInline):
    model = BankAccount
    extra = 0


@admin.register(LegalEntity)
class LegalEntityAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "tax_id", "taxpayer", "is_default"]
    inlines = [BankAccountInline]


@admin.register(Department)
class DepartmentAdmin(admin.ModelAdmin):
    list_display = ["code", "zh", "en", "parent", "head", "is_active"]
    list_select_related = ["parent", "head"]
    search_fields = ["code", "zh", "en"]
    autocomplete_fields = ["parent", "head"]


@admin.register(Role)
class RoleAdmin(admin.ModelAdmin):
    list_display = ["code", "zh", "en", "rights", "is_active"]


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ["username", "name", "department", "is_active", "is_staff"]
    list_select_related = ["department"]
    search_fields = ["username", "name", "email"]
    ordering = ["username"]
    autocomplete_fields = ["department"]
    filter_horizontal = ["roles", "groups", "user_permissions"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["name", "email", "department", "grade", "language", "roles"]}),
        (_("Back room"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "name", "department", "password1", "password2"]})]


@admin.register(Delegation)
class DelegationAdmin(admin.ModelAdmin):
    list_display = ["principal", "deputy", "during", "reason"]
    list_select_related = ["principal", "deputy"]
    autocomplete_fields = ["principal", "deputy"]
