"""The record every stage is made of: a case, a state, an owner, a row version."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.db.models.sql import Query
from django.db.models.sql.constants import SINGLE
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from core.branches import Through, any_of
from core.conditions import holds
from core.models import TimeStamped
from core.search import BigramIndex
from process.machine import States
from process.models.case import Case, Seat
from process.models.steps import StepRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


@cache
def _pages(model: "type[StageRecord]", script: str) -> str:
    """The address below which the pages of a kind of record lie: a list of 50 rows resolves it once, not 50 times."""
    slug = model.noun().replace("_", "-")
    return reverse(f"{model._meta.app_label}:{slug}-detail", args=[0]).removesuffix("0/")


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
        if not user.sees_business:
            return self.none()
        return any_of(self, self.model.visibility(user))


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
    # The field that names what a new record is opened on, and so its case; empty where it is opened on nothing.
    opened_on: ClassVar[str] = ""
    # False where a new record has no owner until somebody is given it (a collected lead).
    owner_defaults_to_actor: ClassVar[bool] = True
    # Acts without a state that the catalogue may bind a step to (`guidance_plan.add_requirement`).
    acts_logged: ClassVar[tuple[str, ...]] = ()
    # A change of these voids a running or given approval.
    watched_fields: ClassVar[tuple[str, ...]] = ()
    # What names a record where another one refers to it.
    shown_by: ClassVar[tuple[str, ...]] = ("code", "title")
    # Fields and properties only readers with one of the rights to cost may see, wherever the record is told.
    cost_fields: ClassVar[tuple[str, ...]] = ()
    cost_rights: ClassVar[tuple[str, ...]] = ("see_cost",)

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

    @classmethod
    def tells_cost_to(cls, user: "User") -> bool:
        """Whether the person may see what such records cost."""
        return any(user.has_right(right) for right in cls.cost_rights)

    @classmethod
    def hidden_from(cls, user: "User") -> tuple[str, ...]:
        """The fields and properties that the person may not see, nor sort or filter by."""
        return () if cls.tells_cost_to(user) else cls.cost_fields

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
            or self._is_known(field)
        }
        super().clean_fields(exclude={*(exclude or ()), *spared})

    def _is_known(self, field: Any) -> bool:
        """Whether a reference needs no question: the database knows its row, which is at hand and among the choices."""
        if not isinstance(field, models.ForeignKey) or getattr(self, field.attname) is None:
            return False
        limits = field.get_limit_choices_to()
        row = self._state.fields_cache.get(field.name)
        if not limits:
            return True
        return (
            isinstance(limits, dict)
            and row is not None
            and row.pk == getattr(self, field.attname)
            and all(getattr(row, name, None) == wanted for name, wanted in limits.items())
        )

    def validate_constraints(self, exclude: Any = None) -> None:
        # No question for check constraints that plain values meet, one for all others; which of them is broken is
        # asked only when one is.
        self._checks_hold = self._hold(exclude)
        try:
            super().validate_constraints(exclude)
        finally:
            del self._checks_hold

    def get_constraints(self) -> list[Any]:
        """What is still to be validated of the constraints."""
        found = super().get_constraints()
        if not getattr(self, "_checks_hold", False):
            return found
        return [
            (model, [one for one in constraints if not isinstance(one, models.CheckConstraint)])
            for model, constraints in found
        ]

    def _hold(self, exclude: Any) -> bool:
        """Whether all check constraints hold; False where one speaks of a field that is not validated."""
        plain = {
            field.name: getattr(self, field.attname)
            for field in self._meta.concrete_fields
            if field.name not in (exclude or ()) and not field.generated
        }
        checks = [
            one
            for one in self._meta.constraints
            if isinstance(one, models.CheckConstraint) and not holds(one.condition, plain)
        ]
        if not checks:
            return True
        query = Query(None)
        known: dict[str, Any] = self._get_field_expression_map(meta=self._meta, exclude=exclude)  # type: ignore[attr-defined]  # as Model.full_clean does
        for name, value in known.items():
            query.add_annotation(value, name, select=False)
        query.add_annotation(Value(1), "_check")
        try:
            for check in checks:
                query.add_q(Q(Coalesce(check.condition, True, output_field=models.BooleanField())))
        except FieldError:
            return False
        return query.get_compiler(using=DEFAULT_DB_ALIAS).execute_sql(SINGLE) is not None

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
        """The condition under which a record is visible to `user`, the widest reason first; subclasses may add some."""
        seats = Seat.objects.current().filter(user_id__in=user.acting_ids)
        seen = Q(owner_id__in=user.acting_ids) | Q(Through("case_id", seats, "case_id"))
        return Q(department_id__in=user.department_ids) | seen if user.department_ids else seen

    def ground_case(self) -> int | None:
        """The case of what the record is opened on; None where that is not named."""
        ground = getattr(self, self.opened_on, None) if self.opened_on else None
        return ground.case_id if ground is not None else None

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
        return f"{_pages(type(self), get_script_prefix())}{self.pk}/"

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

    # The state in which opinions and the decision are waited for.
    review_state: ClassVar[str] = "in_review"

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
        return super().visibility(user) | cls.asked_of(user)

    @classmethod
    def asked_of(cls, user: "User") -> Q:
        """The records on which the opinion or decision of `user` is asked for now."""
        asked = StepRecord.objects.filter(
            kind=cls.record_kind(),
            state=StepRecord.State.OPEN,
            assignees__overlap=list(user.deciding_for(cls.record_kind())),
        )
        return Q(pk__in=asked.values("object_id"))
