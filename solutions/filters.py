"""Filters of solutions, quotes and tenders."""

import django_filters
from django.utils.translation import gettext_lazy as _

from solutions.models import Quote, Tender


class QuoteFilter(django_filters.FilterSet):
    """By validity, and alternatives."""

    valid_until_from = django_filters.DateFilter(label=_("Valid from"), field_name="valid_until", lookup_expr="gte")
    valid_until_to = django_filters.DateFilter(label=_("Valid to"), field_name="valid_until", lookup_expr="lte")
    is_alternative = django_filters.BooleanFilter(label=_("Alternative"))

    class Meta:
        model = Quote
        fields = ["valid_until_from", "valid_until_to", "is_alternative"]


class TenderFilter(django_filters.FilterSet):
    """By deadline."""

    deadline_from = django_filters.DateFilter(
        label=_("Deadline from"), field_name="deadline_at", lookup_expr="date__gte"
    )
    deadline_to = django_filters.DateFilter(label=_("Deadline to"), field_name="deadline_at", lookup_expr="date__lte")

    class Meta:
        model = Tender
        fields = ["deadline_from", "deadline_to"]
