"""Filters of billing's lists and of the collection plan."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.utils.http import urlencode
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import BankAccount, Department, LegalEntity, User
from billing.models import BankStatement, Invoice, Receipt, ReceivableLine
from billing.plan.items import FIGURES
from billing.plan.scope import BY, MOST_MONTHS, Scope, Span, month_of, usual_months
from core.calendar import today
from core.dictionary import Term
from core.forms import MonthInput
from customers.models import Customer
from process.forms import scope_fields


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


# Collection plan -----------------------------------------------------------------------------------
_YEARS = (1990, 2100)


def _month_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, input_formats=["%Y-%m"], widget=MonthInput())


class PlanForm(forms.Form):
    """Which months, and whose."""

    from_month = _month_field(_("From month"))
    to_month = _month_field(_("To month"))
    department = forms.ModelChoiceField(
        Department.objects.all(), label=_("Department"), required=False, empty_label=_("All")
    )
    owner = forms.ModelChoiceField(User.objects.all(), label=_("Account manager"), required=False)
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Payer"), required=False)
    entity = forms.ModelChoiceField(
        LegalEntity.objects.all(), label=_("legal entity"), required=False, empty_label=_("All")
    )
    # The month that is broken down, or whose rows are asked for.
    month = _month_field(_("Month"))
    by = forms.ChoiceField(
        label=_("Broken down by"), required=False, choices=[(code, label) for code, (label, _model) in BY.items()]
    )

    def __init__(self, data: Any, user: User) -> None:
        super().__init__(data)
        scope_fields(self, user)
        # Also of those who have left: their lines stay theirs.
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.all()

    def clean(self) -> dict[str, Any]:
        """Both ends, in order and not too far apart."""
        given = self.cleaned_data
        for name in ("from_month", "to_month", "month"):
            if given.get(name) and not _YEARS[0] <= given[name].year <= _YEARS[1]:
                self.add_error(name, _t("Please give a month as YYYY-MM."))
        first, last = usual_months()
        given["from_month"] = given.get("from_month") or min(first, given.get("to_month") or first)
        given["to_month"] = given.get("to_month") or max(last, given["from_month"])
        if not self.errors and not 0 < len(Span(given["from_month"], given["to_month"]).months) <= MOST_MONTHS:
            text = _t("From one month to a later one, at most %(most)s in all.")
            self.add_error("to_month", text % {"most": MOST_MONTHS})
        return given


class PlanItemsForm(PlanForm):
    """Also which figure; `by` and `key` name one row of a breakdown, without a key what has none."""

    figure = forms.ChoiceField(label=_("Figure"), choices=[(code, one.label) for code, one in FIGURES.items()])
    key = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: Any, user: User) -> None:
        super().__init__(data, user)
        self.fields["month"].required = True


@dataclass(frozen=True)
class PlanAsked:
    """A plan as it was asked for."""

    scope: Scope
    span: Span
    month: dt.date
    by: str
    figure: str
    form: PlanForm

    def query(self, **more: Any) -> str:
        """The same question as the end of an address; with something more or other, without what is None."""
        given = {name: str(self.form.data[name]) for name in self.form.fields if self.form.data.get(name)}
        return urlencode({name: value for name, value in {**given, **more}.items() if value is not None})


# What of a form narrows the scope.
NARROWED = ("department", "owner", "customer", "entity")


def read_plan(
    given: Any, user: User, form_class: type[PlanForm] = PlanForm, also: tuple[str, ...] = ()
) -> tuple[PlanAsked | None, dict[str, list[str]]]:
    """What the parameters ask for, or what is wrong with them, by name; `also` are read by the caller."""
    form = form_class(given, user)
    unknown = sorted(set(given) - set(form.fields) - set(also))
    if unknown:
        return None, {name[:60]: [_t("Unknown filter: %(name)s") % {"name": name[:60]}] for name in unknown}
    if not form.is_valid():
        return None, {name: [str(one) for one in found] for name, found in form.errors.items()}
    read = form.cleaned_data
    span = Span(read["from_month"], read["to_month"])
    scope = Scope(user, **{name: read[name] for name in NARROWED})
    if read.get("figure") and read["by"]:
        scope = scope.of(read["by"], read["key"])
    now = month_of(today())
    month = read["month"] or (now if span.first <= now <= span.last else span.last)
    return PlanAsked(scope, span, month, read["by"], read.get("figure", ""), form), {}
