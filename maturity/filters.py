"""Filters of the as-is inventory."""

from typing import Any

import django_filters
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from core.calendar import today
from core.parameters import key_of
from maturity.models import Practice
from maturity.selectors import STAGES, Coverage, Pair
from process import catalogue


class PracticeFilter(django_filters.FilterSet):
    """By department, stage, step, what it is done in, fit, and what is late."""

    department = django_filters.ModelChoiceFilter(queryset=Department.objects.all(), label=_("department"))
    stage = django_filters.ChoiceFilter(
        choices=[(one.code, one.label) for one in STAGES], method="of_stage", label=_("stage")
    )
    step = django_filters.CharFilter(label=_("process step"))
    medium = django_filters.ChoiceFilter(choices=Practice.Medium.choices, label=_("done in"))
    fit = django_filters.ChoiceFilter(choices=Practice.Fit.choices, label=_("fit"))
    late = django_filters.BooleanFilter(method="of_late", label=_("should be in LTC by now"))

    class Meta:
        model = Practice
        fields = ["department", "stage", "step", "medium", "fit", "late"]

    def of_stage(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Steps that belong to the stage now."""
        return queryset.filter(step__in=[code for code, step in catalogue.in_force().items() if step.stage == value])

    def of_late(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        """Applicable, promised for a day that is past, and not done in LTC; or all others."""
        late = Practice.objects.late(today())
        return queryset.filter(pk__in=late.values("pk")) if value else queryset.exclude(pk__in=late.values("pk"))


def scope(given: Any) -> tuple[int | None, str]:
    """`?department=` and `?stage=`, None and empty where they are not named. BadRequest for what is not known."""
    department, stage = key_of(given.get("department", "")), given.get("stage", "")
    if stage and stage not in {one.code for one in STAGES}:
        raise BadRequest(_t("Unknown filter: %(name)s") % {"name": stage[:60]})
    return department, stage


def narrowed(found: Coverage, given: Any) -> list[Pair] | None:
    """The pairs of a scope; None where none is named."""
    department, stage = scope(given)
    if department is None and not stage:
        return None
    return [pair for pair in found.pairs if department in (None, pair.department.pk) and stage in ("", pair.step.stage)]
