"""Filters of the lead list."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from core.dictionary import Term
from leads.models import Lead

OVERDUE = [("next_act", _("Next act")), ("first_response", _("First response"))]
MINE = [("mine", _("My leads")), ("pool", _("The pool"))]


class LeadFilter(django_filters.FilterSet):
    """By source, temperature, owner, department, and what is late."""

    scope = django_filters.ChoiceFilter(label=_("Leads"), choices=MINE, method="in_scope", empty_label=_("all"))
    overdue = django_filters.ChoiceFilter(label=_("Overdue"), choices=OVERDUE, method="late", empty_label="–")
    source = django_filters.ModelChoiceFilter(
        label=_("Source"), queryset=lambda request: Term.objects.filter(dictionary="lead.source", is_active=True)
    )
    temperature = django_filters.ChoiceFilter(label=_("Temperature"), choices=Lead.Temperature.choices)
    owner = django_filters.ModelChoiceFilter(
        label=_("Owner"),
        queryset=lambda request: User.objects.filter(is_active=True, roles__code="ar").order_by("name"),
    )
    department = django_filters.ModelChoiceFilter(
        label=_("Department"), queryset=lambda request: Department.objects.filter(is_active=True)
    )

    class Meta:
        model = Lead
        fields = ["scope", "overdue", "source", "temperature", "owner", "department"]

    def in_scope(self, queryset: Any, name: str, value: str) -> QuerySet[Lead]:
        """Mine, or what anybody may pick."""
        if value == "pool":
            return queryset.filter(state="pooled")
        return queryset.filter(owner_id__in=self.request.user.acting_ids)

    def late(self, queryset: Any, name: str, value: str) -> QuerySet[Lead]:
        """What has waited too long."""
        return queryset.unanswered() if value == "first_response" else queryset.next_act_overdue()
