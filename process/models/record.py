"""The record every stage is made of: a case, a state, an owner, a row version."""

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from core.models import TimeStamped
from core.search import BigramIndex
from process.machine import States
from process.models.case import Case, Seat
from process.models.steps import StepRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


class RecordQuerySet(models.QuerySet):
    """What every list of records can say about itself."""

    model: Any

    def update(self, **kwargs: Any) -> int:
        if "state" in kwargs:
            raise AttributeError("A state moves only at the door: process.services.fire")
        return super().update(**kwargs)

    def open(self) -> Self:
        """Records that somebody still has work with."""
        return self.filter(state__in=self.model.states.active)

    def visible_to(self, user: "User") -> Self:
        """Records `user` may see: own, of the headed departments, or on whose case the user has a seat."""
        if user.has_right("see_all"):
            return self
        return self.filter(self.model.visibility(user))


class StageRecord(TimeStamped):
    """A record with a state machine, hung on a case. Subclasses declare `states`, `state` and their verbs."""

    states: ClassVar[States]
    # Declared by every subclass as `state = StateField(states)`.
    state: Any
    home_stage: ClassVar[str] = ""
    code_prefix: ClassVar[str] = ""
    # False for the kernel's own records (handover, approval request): they are work about a record, not the record.
    tracked: ClassVar[bool] = True
    # False where the record that this one is about tells the owner already.
    tells_owner: ClassVar[bool] = True
    # Which states and people allow changing fields; empty states mean every open state.
    edit_states: ClassVar[tuple[str, ...]] = ()
    edit_who: ClassVar[tuple[str, ...]] = ("owner",)
    open_who: ClassVar[tuple[str, ...]] = ("anyone",)
    # False where a new record has no owner until somebody is given it (a collected lead).
    owner_defaults_to_actor: ClassVar[bool] = True
    # Acts without a state that the catalogue may bind a step to (`guidance_plan.add_requirement`).
    acts_logged: ClassVar[tuple[str, ...]] = ()
    # A change of these voids a running or given approval.
    watched_fields: ClassVar[tuple[str, ...]] = ()
    # Fields only readers with the right to cost may see.
    cost_fields: ClassVar[tuple[str, ...]] = ()

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", editable=False)
    code = models.CharField(_("number"), max_length=40, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    department = models.ForeignKey(
        "accounts.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
        editable=False,
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    row_version = models.PositiveIntegerField(default=1, editable=False)
    state_since = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    imported = models.BooleanField(_("imported"), default=False, editable=False)
    search_text = models.CharField(max_length=600, default="", editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True
        # The index that finds two-character Chinese words; a subclass's Meta inherits from StageRecord.Meta.
        indexes: ClassVar[list] = [BigramIndex("search_text", name="%(class)s_find")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        # django-fsm's own version unprotects the shared field for a moment, which is not safe under threads.
        # A protected field takes a value only while it has none; without one it looks deferred, so it is named.
        protected = {field.attname for field in self._meta.concrete_fields if isinstance(field, FSMField)}
        if fields is None:
            fields = [field.attname for field in self._meta.concrete_fields if field.attname in self.__dict__]
            self._prefetched_objects_cache: dict[str, Any] = {}
            for relation in self._meta.related_objects:
                if relation.is_cached(self):
                    relation.delete_cached_value(self)
        kept = {name: self.__dict__.pop(name) for name in protected & {*fields} & {*self.__dict__}}
        try:
            models.Model.refresh_from_db(self, using=using, fields=fields, from_queryset=from_queryset)
        finally:
            for name, value in kept.items():
                self.__dict__.setdefault(name, value)

    def clean_fields(self, exclude: Any = None) -> None:
        # A protected state cannot be assigned, not even to itself; constraints on it are validated all the same.
        # A column that may be null, or has an empty default, may be empty: `blank` is a matter of forms.
        spared = {
            field.name
            for field in self._meta.concrete_fields
            if isinstance(field, FSMField)
            or ((field.null or field.has_default()) and getattr(self, field.attname) in field.empty_values)
        }
        super().clean_fields(exclude={*(exclude or ()), *spared})

    @classmethod
    def noun(cls) -> str:
        """The word for this record in URLs, log actions and the catalogue: `guidance_plan`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def record_kind(cls) -> str:
        """The generic key's type: `guidance.guidanceplan`. (Not `kind`: many records have a field of that name.)"""
        return cls._meta.label_lower

    @classmethod
    def visibility(cls, user: "User") -> Q:
        """The condition under which a record is visible to `user`; subclasses may widen it."""
        seats = Seat.objects.current().filter(user_id__in=user.acting_ids).values("case_id")
        seen = Q(owner_id__in=user.acting_ids) | Q(case_id__in=seats)
        if user.department_ids:
            seen |= Q(department_id__in=user.department_ids)
        return seen

    @property
    def state_label(self) -> str:
        return self.states.label(self.state)

    @property
    def state_colour(self) -> str:
        return self.states.colour(self.state)

    @property
    def is_open(self) -> bool:
        return self.state in self.states.active

    def get_absolute_url(self) -> str:
        slug = self.noun().replace("_", "-")
        return reverse(f"{self._meta.app_label}:{slug}-detail", args=[self.pk])

    def searchable(self) -> str:
        """What the global search finds this record by."""
        return f"{self.code} {self.title}"

    def holder_id(self) -> int | None:
        """Who holds the record now: by default its owner."""
        return self.owner_id

    def open_checks(self) -> list[str]:
        """Reasons that forbid creating this record; none by default."""
        return []

    def edit_checks(self) -> list[str]:
        """Reasons that forbid the values after a change; none by default."""
        return []

    def measures(self) -> dict[str, Any]:
        """What authority rules measure: gross_amount, margin, discount, … (Decimal)."""
        return {}

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        """The few figures a decider sees first, as (label, formatted value)."""
        return []

    @classmethod
    def has_field(cls, name: str) -> bool:
        try:
            cls._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        return True


class Reviewed(StageRecord):
    """A record that is submitted and decided upon."""

    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("submitted by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        abstract = True

    @classmethod
    def visibility(cls, user: "User") -> Q:
        """Beside the usual people: those whose opinion or decision is asked for."""
        asked = StepRecord.objects.filter(
            kind=cls.record_kind(), state=StepRecord.State.OPEN, assignees__overlap=list(user.acting_ids)
        )
        return super().visibility(user) | Q(pk__in=asked.values("object_id"))
