"""Filters of costings, vouchers and deposits."""

import django_filters

from finance.models import CostSheet, Deposit, Voucher


class CostSheetFilter(django_filters.FilterSet):
    """By costing."""

    kind = django_filters.ChoiceFilter(choices=CostSheet.Kind.choices)

    class Meta:
        model = CostSheet
        fields = ["kind"]


class VoucherFilter(django_filters.FilterSet):
    """By kind and days."""

    kind = django_filters.ChoiceFilter(choices=Voucher.Kind.choices)
    worked_on = django_filters.DateFromToRangeFilter()

    class Meta:
        model = Voucher
        fields = ["kind", "worked_on"]


class DepositFilter(django_filters.FilterSet):
    """By form."""

    form = django_filters.ChoiceFilter(choices=Deposit.Form.choices)

    class Meta:
        model = Deposit
        fields = ["form"]
