"""Filters of guidance plans."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from core.calendar import today
from guidance.models import Activity, GuidancePlan


class GuidancePlanFilter(django_filters.FilterSet):
    """Plans whose agreed next step is late."""

    overdue = django_filters.ChoiceFilter(
        label=_("Overdue"), choices=[("next_step", _("Next step"))], method="late", empty_label="–"
    )

    class Meta:
        model = GuidancePlan
        fields = ["overdue"]

    def late(self, queryset: Any, name: str, value: str) -> QuerySet[GuidancePlan]:
        """A next step whose day has passed."""
        steps = Activity.objects.filter(plan=OuterRef("pk"), next_step_on__lt=today(), step_done_on__isnull=True)
        return queryset.filter(Exists(steps))
