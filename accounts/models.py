"""People, departments, our legal entities, roles and what each person is told."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts import standing
from core.calendar import today
from core.dictionary import Labelled
from core.errors import Refused

RIGHTS = {
    "see_all": _("sees every case"),
    "see_department": _("sees the cases of the own department and those below it"),
    "see_cost": _("sees cost and margin"),
    "see_money": _("sees receipts, bank statements and payments"),
    "see_people": _("sees personal names in process exports"),
}


class Duty(models.TextChoices):
    """三员: the three administrators. Nobody holds two of them, and none has a part in the business."""

    SYSTEM = "system", _("system administrator")
    SECURITY = "security", _("security administrator")
    AUDIT = "audit", _("audit administrator")


class LegalEntity(models.Model):
    """签约/开票主体: the company of ours that signs, invoices and owns bank accounts."""

    class Taxpayer(models.TextChoices):
        GENERAL = "general", _("general taxpayer")
        SMALL = "small", _("small-scale taxpayer")

    code = models.SlugField(_("code"), unique=True, max_length=20)
    name = models.CharField(_("name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    tax_id = models.CharField(_("unified social credit code"), max_length=30, unique=True)
    taxpayer = models.CharField(_("taxpayer kind"), max_length=10, choices=Taxpayer, default=Taxpayer.GENERAL)
    address = models.CharField(_("registered address"), max_length=300, blank=True)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("legal entity")
        verbose_name_plural = _("legal entities")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_entity")
        ]

    def __str__(self) -> str:
        return self.name


class BankAccount(models.Model):
    """A bank account of one of our legal entities."""

    entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="bank_accounts", verbose_name=_("entity")
    )
    bank = models.CharField(_("bank"), max_length=120)
    number = models.CharField(_("account number"), max_length=40, unique=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")

    def __str__(self) -> str:
        return f"{self.bank} {self.number}"


class Department(Labelled):
    """A department in the company's tree; its head sees what the tree below holds."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    head = models.ForeignKey(
        "User", on_delete=models.PROTECT, null=True, blank=True, related_name="heads", verbose_name=_("head")
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["position", "pk"]

    def with_below(self) -> set[int]:
        """The keys of the department and of all below it, in one question."""
        found, parents = {self.pk}, dict(Department.objects.values_list("pk", "parent_id"))
        while more := {pk for pk, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def nearest_head(self, *, but: "User | None" = None) -> "User | None":
        """The head of the department or of the nearest one above it: somebody who works here, and not `but`."""
        department: Department | None = self
        while department is not None:
            if department.head is not None and department.head.is_active and department.head != but:
                return department.head
            department = department.parent
        return None


class Role(Labelled):
    """What a person may do for the whole company, beside the seats held on single cases."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    rights = ArrayField(models.CharField(max_length=30), default=list, blank=True, verbose_name=_("rights"))
    duty = models.CharField(_("administrator"), max_length=10, choices=Duty, blank=True, editable=False)
    requires_second_factor = models.BooleanField(
        _("needs a second factor"), default=False, help_text=_("Whoever holds the role signs in with a second factor.")
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["duty"], condition=~Q(duty=""), name="one_role_per_duty"),
            # What the three may do is fixed by their duty; only the auditor reads business, and all of it.
            models.CheckConstraint(
                condition=~Q(duty__in=["system", "security"]) | Q(rights=[]), name="keepers_see_nothing"
            ),
        ]


class PersonManager(UserManager["User"]):
    """Makes people; there is no superuser to make."""

    def create_user(self, username: str, email: str | None = None, password: str | None = None, **more: Any) -> "User":
        """A person without roles; without a password, until one is chosen by a link."""
        person = self.model(username=self.model.normalize_username(username), email=email or "", **more)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, *args: Any, **kwargs: Any) -> "User":
        """Refused: three administrators share what a superuser could do."""
        raise Refused(gettext("There is no superuser. Use create_administrators."))


class MailWish(models.TextChoices):
    """Which notices a person wants by mail too."""

    NONE = "none", _("no mail")
    URGENT = "urgent", _("what is overdue or in danger")
    ALL = "all", _("every notice")


class User(AbstractUser):  # type: ignore[django-manager-missing]  # the plugin does not see PersonManager
    """A person who signs in. Nothing but roles gives rights: there is no superuser, no group, no permission."""

    first_name = None  # type: ignore[assignment]  # taken away, as Django says
    last_name = None  # type: ignore[assignment]  # taken away, as Django says
    is_superuser = None
    groups = None  # type: ignore[assignment]  # taken away, as Django says
    user_permissions = None  # type: ignore[assignment]  # taken away, as Django says
    name = models.CharField(pgettext_lazy("person", "name"), max_length=80)
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("department"),
    )
    roles = models.ManyToManyField(Role, blank=True, related_name="users", verbose_name=_("roles"))
    language = models.CharField(
        _("language"), max_length=8, choices=[("zh-hans", "简体中文"), ("en", "English")], default="zh-hans"
    )
    grade = models.CharField(_("grade"), max_length=20, blank=True, help_text=_("decides the cost rate of a day"))
    mail_wish = models.CharField(_("notices by mail"), max_length=10, choices=MailWish, default=MailWish.NONE)

    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.forget()
        super().refresh_from_db(*args, **kwargs)

    def forget(self) -> None:
        """Read roles, deputies, departments and seats again: they are read once per request otherwise."""
        for name in ("standing", "_seats", "_sees", "_headed"):
            self.__dict__.pop(name, None)

    @cached_property
    def standing(self) -> standing.Standing:
        """Roles, rights, people acted for and departments seen, read once per request."""
        return standing.read(self.pk, self.department_id, today())

    @property
    def role_codes(self) -> frozenset[str]:
        """Codes of the company-wide roles."""
        return self.standing.role_codes

    @property
    def rights(self) -> frozenset[str]:
        """Rights that the roles give."""
        return self.standing.rights

    @property
    def duty(self) -> str:
        """Which of the three administrators the person is; empty for everybody else."""
        return self.standing.duty

    @property
    def is_staff(self) -> bool:
        """Whether the back room opens to the person: it does to the three administrators only."""
        return bool(self.duty)

    @property
    def sees_business(self) -> bool:
        """Whether deals are any business of the person: to the administrators of system and security none is."""
        return self.duty not in (Duty.SYSTEM, Duty.SECURITY)

    @property
    def needs_second_factor(self) -> bool:
        """Whether one of the roles asks for a second factor."""
        return self.standing.needs_second_factor

    @property
    def acting_ids(self) -> frozenset[int]:
        """Ids of the people this user may act for today: the user and those who delegated."""
        return self.standing.acting_ids

    def deciding_for(self, document: str) -> frozenset[int]:
        """Ids of the people this user may give opinions and decisions for on a kind of document today, with the own.

        A deputy for named documents does nothing else for the principal.
        """
        return self.standing.acting_ids | self.standing.deciding_for.get(document, frozenset())

    @property
    def department_ids(self) -> frozenset[int]:
        """Ids of the departments whose cases this user sees as head (or by right), with all below them."""
        return self.standing.department_ids

    def has_role(self, code: str) -> bool:
        return code in self.standing.role_codes

    def has_right(self, right: str) -> bool:
        return right in self.standing.rights


class SecurityEntry(models.Model):
    """安全日志: what happened to an account, for the audit administrator; never changed, never deleted."""

    class Event(models.TextChoices):
        SIGNED_IN = "sign_in", _("signed in")
        FAILED = "sign_in_failed", _("wrong password or code")
        LOCKED = "locked", _("locked out")
        SIGNED_OUT = "sign_out", _("signed out")
        UNLOCKED = "unlocked", _("unlocked")
        SESSION_ENDED = "session_ended", _("session ended")
        PASSWORD_CHANGED = "password_changed", _("password changed")
        RESET_ASKED = "reset_asked", _("password link sent")
        PASSWORD_RESET = "password_reset", _("password chosen by link")
        LINK_MADE = "link_made", _("password link handed out")
        FACTOR_ADDED = "factor_added", _("second factor added")
        FACTOR_REMOVED = "factor_removed", _("second factor removed")
        TOKEN_MADE = "token_made", _("API token made")
        TOKEN_REVOKED = "token_revoked", _("API token revoked")
        CODES_MADE = "codes_made", _("recovery codes made")
        FACTORS_RESET = "factors_reset", _("second factors reset")
        ROLES_CHANGED = "roles_changed", _("roles changed")
        ROLE_CHANGED = "role_changed", _("rights of a role changed")
        PERSON_ADDED = "person_added", _("account opened")
        PERSON_CHANGED = "person_changed", _("account changed")
        LEFT = "left", _("account closed")
        RETURNED = "returned", _("account opened again")
        EXPORTED = "exported", _("evidence pack taken out")
        SEGREGATION_CHANGED = "segregation_changed", _("segregation of duties changed")

    append_only = True

    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    event = models.CharField(_("event"), max_length=20, choices=Event)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    by_name = models.CharField(_("by"), max_length=100, blank=True)
    ip = models.CharField(_("address"), max_length=45, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("security log entry")
        verbose_name_plural = _("security log")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["user", "-at"], name="security_by_user")]

    def __str__(self) -> str:
        return f"{self.get_event_display()} {self.user or ''}".strip()


class ResetRequest(models.Model):
    """Somebody asked for a password link; written for every address alike, whether an account has it or not."""

    email = models.EmailField(_("e-mail"))
    base_url = models.CharField(max_length=300)
    ip = models.CharField(max_length=45, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("asked password link")
        verbose_name_plural = _("asked password links")
        indexes = [models.Index(fields=["asked_at"], name="reset_asked_at")]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"


class Delegation(models.Model):
    """A deputy acts for a principal for a time; what is done so is recorded as "B for A"."""

    principal = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="delegations", verbose_name=_("principal")
    )
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputations", verbose_name=_("deputy"))
    during = DateRangeField(_("period"))
    documents = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        verbose_name=_("documents"),
        help_text=_("only opinions and decisions on these; empty: everything"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            models.CheckConstraint(condition=~Q(principal=models.F("deputy")), name="nobody_deputises_oneself"),
            ExclusionConstraint(
                name="one_deputy_at_a_time",
                expressions=[("principal", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal} → {self.deputy}"


class Notice(models.Model):
    """One thing one person is told once; the key makes a repeated job harmless."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200)
    message = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    words = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True)
    level = models.CharField(max_length=10, default="info")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="a_notice_is_sent_once")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notice_by_user"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The message in the reader's language; `words` are message ids that are translated too."""
        words = {name: gettext(word) for name, word in self.words.items()}
        return gettext(self.message) % {**self.params, **words}


class ApiToken(AbstractAuthToken):
    """What a program signs in with on behalf of a person; the token itself is shown once, its digest is kept."""

    class Scope(models.TextChoices):
        READ = "read", _("read")
        WRITE = "write", _("read and write")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    label = models.CharField(_("label"), max_length=80)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.READ)
    areas = ArrayField(models.CharField(max_length=30), default=list, blank=True, verbose_name=_("parts"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.label

    @property
    def has_expired(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()


class Mail(models.Model):
    """寄件箱: one notice that also goes to its reader by mail; subject and text are written when it is sent."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", pgettext_lazy("mail", "sent")
        DEAD = "dead", _("given up")

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="mail", verbose_name=_("notice"))
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mails", verbose_name=_("recipient"))
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="waiting"), name="mail_due")]

    def __str__(self) -> str:
        return self.message_id
