"""People, departments, our legal entities, roles and what each person is told."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.calendar import today
from core.dictionary import Labelled

RIGHTS = {
    "see_all": _("sees every case"),
    "see_department": _("sees the cases of the own department and those below it"),
    "see_cost": _("sees cost and margin"),
    "see_money": _("sees receipts, bank statements and payments"),
    "see_people": _("sees personal names in process exports"),
    "configure": _("keeps rules, dictionaries and users"),
}


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


class Role(Labelled):
    """What a person may do for the whole company, beside the seats held on single cases."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    rights = ArrayField(models.CharField(max_length=30), default=list, blank=True, verbose_name=_("rights"))

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["position", "pk"]


class User(AbstractUser):
    """A person who signs in."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
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

    REQUIRED_FIELDS = ["name"]

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
        for name in ("role_codes", "rights", "_roles", "acting_ids", "department_ids", "_seats"):
            self.__dict__.pop(name, None)

    @cached_property
    def role_codes(self) -> frozenset[str]:
        """Codes of the company-wide roles, read once per request."""
        return frozenset(role.code for role in self._roles)

    @cached_property
    def rights(self) -> frozenset[str]:
        """Rights that the roles give, read once per request."""
        return frozenset(right for role in self._roles for right in role.rights)

    @cached_property
    def _roles(self) -> list[Role]:
        return list(self.roles.filter(is_active=True))

    def has_role(self, code: str) -> bool:
        return code in self.role_codes

    def has_right(self, right: str) -> bool:
        return right in self.rights

    @cached_property
    def acting_ids(self) -> frozenset[int]:
        """Ids of the people this user may act for today: the user and those who delegated."""
        delegated = Delegation.objects.filter(deputy=self, during__contains=today()).values_list(
            "principal_id", flat=True
        )
        return frozenset({self.pk, *delegated})

    @cached_property
    def department_ids(self) -> frozenset[int]:
        """Ids of the departments whose cases this user sees as head (or by right), with all below them."""
        rows = list(Department.objects.values_list("pk", "parent_id", "head_id"))
        seen = {pk for pk, _parent, head in rows if head in self.acting_ids}
        if self.has_right("see_department") and self.department_id:
            seen.add(self.department_id)
        grown = True
        while grown:
            below = {pk for pk, parent, _head in rows if parent in seen} - seen
            seen |= below
            grown = bool(below)
        return frozenset(seen)


class Delegation(models.Model):
    """A deputy acts for a principal for a time; what is done so is recorded as "B for A"."""

    principal = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="delegations", verbose_name=_("principal")
    )
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputations", verbose_name=_("deputy"))
    during = DateRangeField(_("period"))
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
