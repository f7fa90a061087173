"""Filters of orders and bills."""

import django_filters

from purchasing.models import Bill, PurchaseOrder


class PurchaseOrderFilter(django_filters.FilterSet):
    """By kind."""

    kind = django_filters.ChoiceFilter(choices=PurchaseOrder.Kind.choices)

    class Meta:
        model = PurchaseOrder
        fields = ["kind"]


class BillFilter(django_filters.FilterSet):
    """By days."""

    due_on = django_filters.DateFromToRangeFilter()

    class Meta:
        model = Bill
        fields = ["due_on"]
