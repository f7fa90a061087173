"""Filters of the project list; page and API share them."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from core.dictionary import Term
from process import stages
from process.models import Seat
from projects.models import Level, Project


def _words(dictionary: str) -> Any:
    return lambda request: Term.objects.filter(dictionary=dictionary, is_active=True)


class ProjectFilter(django_filters.FilterSet):
    """By stage, level, variant, type, people and expected signature."""

    scope = django_filters.ChoiceFilter(
        label=_("Projects"), choices=[("mine", _("My projects"))], method="in_scope", empty_label=_("all")
    )
    stage = django_filters.ChoiceFilter(
        label=_("Stage"), choices=[(code, stages.BY_CODE[code].label) for code in stages.PROJECT_STAGES]
    )
    level = django_filters.ChoiceFilter(label=_("Level"), choices=Level.choices)
    variant = django_filters.ModelChoiceFilter(label=_("Variant"), queryset=_words("variant"))
    project_type = django_filters.ModelChoiceFilter(label=_("Project type"), queryset=_words("project_type"))
    owner = django_filters.ModelChoiceFilter(
        label=_("Account manager"),
        queryset=lambda request: User.objects.filter(is_active=True, roles__code="ar").order_by("name"),
    )
    department = django_filters.ModelChoiceFilter(
        label=_("Department"), queryset=lambda request: Department.objects.filter(is_active=True)
    )
    sign_from = django_filters.DateFilter(
        label=_("Signature expected from"), field_name="expected_sign_on", lookup_expr="gte"
    )
    sign_to = django_filters.DateFilter(
        label=_("Signature expected to"), field_name="expected_sign_on", lookup_expr="lte"
    )

    class Meta:
        model = Project
        fields = ["scope", "stage", "level", "variant", "project_type", "owner", "department", "sign_from", "sign_to"]

    def in_scope(self, queryset: Any, name: str, value: str) -> QuerySet[Project]:
        """Projects on which the person, or somebody the person deputises for, has a seat."""
        seats = Seat.objects.current().filter(user_id__in=self.request.user.acting_ids)
        return queryset.filter(case_id__in=seats.values("case_id"))
