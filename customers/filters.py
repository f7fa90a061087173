"""Filters of the register."""

import django_filters
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term
from customers.models import Customer, Supplier


def _words(dictionary: str):
    return lambda request: Term.objects.filter(dictionary=dictionary, is_active=True)


class CustomerFilter(django_filters.FilterSet):
    """By tier, credit, industry."""

    tier = django_filters.ChoiceFilter(choices=Customer.Tier.choices)
    credit = django_filters.ChoiceFilter(choices=Customer.Credit.choices)
    industry = django_filters.ModelChoiceFilter(queryset=_words("industry"), label=_("industry"))

    class Meta:
        model = Customer
        fields = ["tier", "credit", "industry"]


class SupplierFilter(django_filters.FilterSet):
    """By kind of taxpayer and size."""

    is_sme = django_filters.BooleanFilter(label=_("small or medium enterprise"))

    class Meta:
        model = Supplier
        fields = ["taxpayer", "is_sme"]
