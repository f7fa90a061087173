"""Filters of contracts."""

import django_filters
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from core.dictionary import Term


def _kinds(request):
    return Term.objects.filter(dictionary="contract_type", is_active=True)


class ContractFilter(django_filters.FilterSet):
    """By type and by the day of signing."""

    kind = django_filters.ModelChoiceFilter(queryset=_kinds, label=_("contract type"))
    signed_from = django_filters.DateFilter(field_name="signed_on", lookup_expr="gte", label=_("signed from"))
    signed_until = django_filters.DateFilter(field_name="signed_on", lookup_expr="lte", label=_("signed until"))

    class Meta:
        model = Contract
        fields = ["kind", "signed_from", "signed_until"]
