"""Filters of billing's lists."""

from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount
from billing.models import BankStatement, Invoice, Receipt, ReceivableLine
from core.dictionary import Term


class ReceivableFilter(django_filters.FilterSet):
    """Overdue, retention, due days."""

    overdue = django_filters.BooleanFilter(label=_("past due"), method="only_overdue")
    is_retention = django_filters.BooleanFilter(label=_("retention"))
    due_from = django_filters.DateFilter(field_name="due_on", lookup_expr="gte", label=_("due from"))
    due_until = django_filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("due until"))

    class Meta:
        model = ReceivableLine
        fields = ["overdue", "is_retention", "due_from", "due_until"]

    def only_overdue(self, queryset: Any, name: str, value: bool) -> Any:
        """Payable and past the due day."""
        return queryset.overdue() if value else queryset


class InvoiceFilter(django_filters.FilterSet):
    """By kind and day of issue."""

    fapiao = django_filters.ModelChoiceFilter(
        queryset=lambda request: Term.objects.filter(dictionary="fapiao", is_active=True), label=_("kind of fapiao")
    )
    issued_from = django_filters.DateFilter(field_name="issued_on", lookup_expr="gte", label=_("issued from"))
    issued_until = django_filters.DateFilter(field_name="issued_on", lookup_expr="lte", label=_("issued until"))

    class Meta:
        model = Invoice
        fields = ["fapiao", "issued_from", "issued_until"]


class ReceiptFilter(django_filters.FilterSet):
    """By kind of money and value date."""

    method = django_filters.ModelChoiceFilter(
        queryset=lambda request: Term.objects.filter(dictionary="receipt_method", is_active=True),
        label=_("receipt method"),
    )
    value_from = django_filters.DateFilter(field_name="value_on", lookup_expr="gte", label=_("value date from"))
    value_until = django_filters.DateFilter(field_name="value_on", lookup_expr="lte", label=_("value date until"))

    class Meta:
        model = Receipt
        fields = ["method", "value_from", "value_until"]


class BankStatementFilter(django_filters.FilterSet):
    """By account and period."""

    account = django_filters.ModelChoiceFilter(
        queryset=lambda request: BankAccount.objects.order_by("bank", "number"), label=_("bank account")
    )
    until_from = django_filters.DateFilter(field_name="period_until", lookup_expr="gte", label=_("last day from"))
    until_until = django_filters.DateFilter(field_name="period_until", lookup_expr="lte", label=_("last day until"))

    class Meta:
        model = BankStatement
        fields = ["account", "until_from", "until_until"]
