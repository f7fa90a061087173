"""Inputs and fields of forms."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.db import connection, models
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext, isolate_apps

from core.fields import MoneyField, RateField, validate_tax_rate
from core.forms import DateInput, DateTimeInput, MoneyInput, Picker, PickerField
from core.models import Currency, Term
from core.services import load_currencies
from core.widgets import plain_number


class Amounts(forms.Form):
    amount = forms.DecimalField(max_digits=18, decimal_places=2, widget=MoneyInput)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.5", "1234.5"),
        ("1,234,567.89", "1234567.89"),
        ("-1,234", "-1234"),
        ("１，２３４．５０", "1234.50"),
        ("￥1,000", "1000"),
        (" 12 345 ", "12345"),
        (".5", "0.5"),
        ("\u22125", "-5"),
    ],
)
def test_amounts_are_read_as_people_type_them(typed: str, amount: str) -> None:
    form = Amounts(QueryDict("", mutable=True) | {"amount": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == Decimal(amount)


@pytest.mark.parametrize("typed", ["1,5", "1,23,456", "12,34.5", "1.234,50", "abc", "1e30", "NaN", "10" * 20, "1.005"])
def test_what_is_no_amount_is_refused_and_stays_as_typed(typed: str) -> None:
    form = Amounts({"amount": typed})
    assert not form.is_valid()
    assert f'value="{typed}"' in str(form["amount"])


def test_an_amount_is_shown_with_separators_for_number_keys() -> None:
    html = str(Amounts(initial={"amount": Decimal("1234567.50")})["amount"])
    assert 'value="1,234,567.50"' in html and 'inputmode="decimal"' in html and 'type="text"' in html
    unchanged = Amounts({"amount": "1,234,567.50"}, initial={"amount": Decimal("1234567.5")})
    assert not unchanged.has_changed()
    assert plain_number("no number") == "no number"


def test_dates_are_the_browser_s_own_inputs() -> None:
    html = DateInput().render("on", date(2026, 7, 1))
    assert 'type="date"' in html and 'value="2026-07-01"' in html
    html = DateTimeInput().render("at", datetime(2026, 7, 1, 9, 5))
    assert 'type="datetime-local"' in html and 'value="2026-07-01T09:05"' in html


@isolate_apps("core")
def test_money_and_rate_fields_look_plain_to_migrations() -> None:
    class Bill(models.Model):
        gross_amount = MoneyField("gross", null=True)
        rate = RateField(default=0, validators=[validate_tax_rate])

        class Meta:
            app_label = "core"

    _name, path, _args, kwargs = Bill._meta.get_field("gross_amount").deconstruct()
    assert path == "django.db.models.DecimalField"
    assert (kwargs["max_digits"], kwargs["decimal_places"], kwargs["null"]) == (18, 2, True)
    rate = Bill._meta.get_field("rate")
    assert (rate.max_digits, rate.decimal_places) == (7, 4)
    assert isinstance(Bill._meta.get_field("gross_amount").formfield().widget, MoneyInput)
    rate.run_validators(Decimal(13))
    with pytest.raises(forms.ValidationError):
        rate.run_validators(Decimal("0.13"))


class Deal(forms.Form):
    currency = PickerField("core.Currency", url="/currencies/pick/")
    word = PickerField(Term, required=False)


@pytest.fixture
def currencies(db: None) -> None:
    load_currencies()


def rendered(form: forms.Form, name: str = "currency") -> str:
    return str(form[name])


def test_a_picker_renders_no_option_but_the_chosen_one(currencies: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        html = rendered(Deal())
    assert len(queries) == 0
    assert html.count("<option") == 1 and 'data-picker-url="/currencies/pick/"' in html
    with CaptureQueriesContext(connection) as queries:
        html = rendered(Deal({"currency": "USD"}))
    assert len(queries) == 1
    assert html.count("<option") == 2 and '<option value="USD" selected>USD</option>' in html
    known = Currency.objects.get(code="EUR")
    with CaptureQueriesContext(connection) as queries:
        assert '<option value="EUR" selected>EUR</option>' in rendered(Deal(initial={"currency": known}))
    assert len(queries) == 0


def test_a_picker_takes_only_what_its_scope_holds(currencies: None) -> None:
    def form(value: Any) -> Deal:
        deal = Deal({"currency": value})
        picker = deal.fields["currency"]
        assert isinstance(picker, PickerField)
        picker.queryset = Currency.objects.filter(code__in=["CNY", "USD"])
        return deal

    inside, outside = form("USD"), form("EUR")
    assert inside.is_valid() and inside.cleaned_data["currency"].code == "USD"
    assert not outside.is_valid()
    assert "EUR" not in rendered(outside)
    assert Deal({"currency": "EUR"}).is_valid()  # the narrowing of one form does not leak into the next


def test_an_initial_outside_the_scope_is_shown_but_not_taken(currencies: None) -> None:
    deal = Deal({"currency": "EUR"}, initial={"currency": Currency.objects.get(code="EUR")})
    picker = deal.fields["currency"]
    assert isinstance(picker, PickerField)
    picker.queryset = Currency.objects.filter(code="CNY")
    assert not deal.is_valid()


class StockDeal(forms.Form):
    currency = forms.ModelChoiceField(Currency.objects.all(), widget=Picker(url="/currencies/pick/"))


def test_a_picker_serves_a_stock_field_too(currencies: None) -> None:
    deal = StockDeal({"currency": "U\x00SD"})
    assert deal.is_valid() and deal.cleaned_data["currency"].code == "USD"
    assert '<option value="USD" selected>USD</option>' in rendered(deal)
    assert rendered(deal).count("<option") == 2
    with CaptureQueriesContext(connection) as queries:
        assert rendered(StockDeal()).count("<option") == 1
    assert len(queries) == 0
    assert not StockDeal({"currency": "nonsense"}).is_valid()


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "9" * 40, "", "x'; --"])
def test_a_picker_refuses_nonsense_without_an_error(currencies: None, value: str) -> None:
    deal = Deal({"currency": value, "word": value})
    assert not deal.is_valid()
    assert deal.errors["currency"]
    assert rendered(deal).count("<option") == 1
    assert rendered(deal, "word").count("<option") == 1


def test_a_picker_takes_a_callable_or_a_queryset_too(currencies: None) -> None:
    for source in (lambda: Currency.objects.filter(code="CNY"), Currency.objects.filter(code="CNY")):
        field = PickerField(source)
        assert field.clean("CNY").code == "CNY"
        with pytest.raises(forms.ValidationError):
            field.clean("USD")


@pytest.mark.urls("tests.core.test_views")
def test_a_picker_url_may_be_the_name_of_a_route(currencies: None) -> None:
    widget = Picker(url="core:healthz")
    assert 'data-picker-url="/healthz"' in widget.render("x", None)
    assert Picker(choices=[("a", "A"), ("b", "B")]).render("x", "b").count("<option") == 2
