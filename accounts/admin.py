"""People, departments and roles in the back room. Which administrator keeps what: ltc/back_room.py."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.lockout import with_locks
from accounts.models import BankAccount, Delegation, Department, Duty, LegalEntity, Mail, Role, SecurityEntry, User
from accounts.request import actor_of
from accounts.services.people import CREDENTIALS, MASTER_DATA
from core.errors import DomainError

# Django's own groups give nothing here: rights come from roles.
admin.site.unregister(Group)


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


class RoleForm(forms.ModelForm):
    """A role's words and rights; one that a service would refuse says so beside the field."""

    class Meta:
        model = Role
        fields = ["code", "zh", "en", "rights", "requires_second_factor", "position", "is_active"]


@admin.register(Role)
class RoleAdmin(admin.ModelAdmin):
    form = RoleForm
    list_display = ["code", "zh", "en", "rights", "requires_second_factor", "duty", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Role | None = None) -> list[str]:
        """What an administrator may do is fixed."""
        return ["code", "rights", "requires_second_factor", "is_active"] if obj and obj.duty else []

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        services.change_role(obj, by=_by(request))


class PersonForm(forms.ModelForm):
    """What the administrator who looks may keep of a person."""

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        """An administrator's role stands alone, and nobody changes the own roles."""
        given = super().clean() or {}
        roles = given.get("roles")
        if roles is not None and "roles" in self.changed_data:
            if any(role.duty for role in roles) and len(roles) > 1:
                text = _now("An administrator holds no other role: nobody may do and control the same thing.")
                self.add_error("roles", text)
            if self.instance.pk == self.request.user.pk:
                self.add_error("roles", _now("Nobody grants rights to oneself."))
        return given


@admin.register(User)
class PersonAdmin(admin.ModelAdmin):
    """Master data for the system administrator, roles and access for security; both by services, both logged."""

    form = PersonForm
    list_display = ["username", "name", "department", "is_active", "role_names", "is_locked"]
    list_filter = ["is_active", "roles"]
    list_select_related = ["department"]
    search_fields = ["username", "name", "email"]
    ordering = ["username"]
    autocomplete_fields = ["department"]
    # A column of boxes: Django's two-box chooser writes styles into the page, which its policy forbids.
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    readonly_fields = ["last_login", "date_joined"]
    actions = ["let_go", "bring_back", "unlock", "end_sessions", "reset_factors", "make_links"]
    # Which administrator is offered which action; the services ask again.
    DUTY_OF: dict[str, tuple[str, ...]] = {
        Duty.SYSTEM: ("let_go", "bring_back"),
        Duty.SECURITY: ("unlock", "end_sessions", "reset_factors", "make_links"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return with_locks(super().get_queryset(request)).prefetch_related("roles")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": list(MASTER_DATA)})]
        access = ["email", "roles", "is_active", "last_login", "date_joined"]
        return [(None, {"fields": list(MASTER_DATA)}), (_("Access"), {"fields": access})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        kept = {Duty.SYSTEM.value: MASTER_DATA, Duty.SECURITY.value: (*CREDENTIALS, "roles")}
        duty: str = request.user.duty
        every = (*MASTER_DATA, *CREDENTIALS, "roles", "is_active", "last_login", "date_joined")
        return [name for name in every if name not in kept.get(duty, ())]

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.request = request
        return form

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered = self.DUTY_OF.get(request.user.duty, ())
        return {name: spec for name, spec in super().get_actions(request).items() if name in offered}

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            services.add_person(obj, by=_by(request))
            return
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name != "roles"}
        if changes:
            services.change_person(obj, changes, by=_by(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if "roles" in form.changed_data:
            services.assign_roles(form.instance, form.cleaned_data["roles"], by=_by(request))

    @admin.display(description=_("roles"))
    def role_names(self, person: User) -> str:
        return ", ".join(role.label for role in person.roles.all())

    @admin.display(description=_("locked out"))
    def is_locked(self, person: User) -> str:
        return _now("locked out") if person.locked_out else ""  # type: ignore[attr-defined]  # from with_locks

    def _each(self, request: HttpRequest, people: QuerySet[User], act: Any, done: str) -> None:
        """Do it for each person chosen, and say what was refused, by name."""
        count = 0
        for person in people:
            try:
                act(person, by=_by(request))
                count += 1
            except DomainError as refusal:
                self.message_user(request, f"{person}: {refusal}", messages.ERROR)
        if count:
            self.message_user(request, done % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Close the account of a leaver: all sessions end"))
    def let_go(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, services.let_go, _now("%(count)s accounts are closed."))

    @admin.action(description=_("Open the account again, without roles and password"))
    def bring_back(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, services.bring_back, _now("%(count)s accounts are open again."))

    @admin.action(description=_("Unlock after wrong passwords"))
    def unlock(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, services.unlock, _now("%(count)s accounts are unlocked."))

    @admin.action(description=_("End all sessions"))
    def end_sessions(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, services.end_all_sessions, _now("The sessions of %(count)s people are ended."))

    @admin.action(description=_("Take the second factors away: they are lost"))
    def reset_factors(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(
            request, people, services.reset_factors, _now("The second factors of %(count)s people are taken away.")
        )

    @admin.action(description=_("Make a link to choose a password, to be handed over"))
    def make_links(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for person in people:
            try:
                link = request.build_absolute_uri(services.make_link(person, by=_by(request)))
            except DomainError as refusal:
                self.message_user(request, f"{person}: {refusal}", messages.ERROR)
                continue
            text = _now("%(person)s, valid once and for an hour: %(link)s")
            self.message_user(request, text % {"person": person, "link": link}, messages.WARNING)


@admin.register(Delegation)
class DelegationAdmin(admin.ModelAdmin):
    list_display = ["principal", "deputy", "during", "reason"]
    list_select_related = ["principal", "deputy"]
    autocomplete_fields = ["principal", "deputy"]


@admin.register(Mail)
class MailAdmin(admin.ModelAdmin):
    """The outbox without what the mails say: that is business."""

    list_display = ["created_at", "user", "status", "attempts", "due_at", "sent_at", "last_error"]
    fields = ("created_at", "user", "status", "attempts", "due_at", "sent_at", "last_error", "message_id")
    readonly_fields = fields
    list_filter = ["status", "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__name", "message_id"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["send_again"]

    @admin.action(description=_("Send what was given up again"), permissions=["view"])
    def send_again(self, request: HttpRequest, mails: QuerySet[Mail]) -> None:
        count = services.send_again(mails)
        self.message_user(request, _now("%(count)s mails wait again.") % {"count": count}, messages.SUCCESS)


@admin.register(SecurityEntry)
class SecurityEntryAdmin(admin.ModelAdmin):
    """The security log, for the audit administrator."""

    list_display = ["at", "event", "user", "by_name", "ip", "details"]
    list_filter = ["event", "at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__name", "by_name", "ip"]
    date_hierarchy = "at"
    list_per_page = 50
    show_full_result_count = False


def _by(request: Any) -> Any:
    return actor_of(request)
