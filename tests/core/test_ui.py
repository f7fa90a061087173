"""The template tags of core: rows, icons, widgets."""

from decimal import Decimal
from typing import Any

from django import forms
from django.template import Context, Template
from django.test import override_settings
from django.utils.translation import override

from core.templatetags.ui import table_rows, widget
from process.shapes import Action, Cell, Row


def render(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def test_a_row_links_its_first_cell_and_shows_badge_and_second_line() -> None:
    row = Row([Cell("Hospital", sub="LD-1"), Cell("New", badge="azure"), Cell("-1.00", cls="num neg")], url="/leads/1/")

    assert table_rows([row]) == (
        '<tr data-href="/leads/1/"><td><a href="/leads/1/">Hospital</a><small>LD-1</small></td>'
        '<td><span class="badge bg-azure-lt">New</span></td><td class="num neg">-1.00</td></tr>'
    )


def test_dictionaries_are_rows_too() -> None:
    assert table_rows([{"cells": [{"text": 0}]}]) == "<tr><td>0</td></tr>"


def test_every_value_of_a_row_is_escaped() -> None:
    bad = '"><b>&'
    row = Row([Cell(bad, cls=bad, sub=bad), Cell(bad, badge=bad, url=bad)], url=bad, actions=[Action(bad, bad)])

    html = table_rows([row], has_actions=True)

    assert "<b>" not in html
    assert html.count("&lt;b&gt;&amp;") == 11


def test_actions_open_the_dialog_and_rows_without_keep_the_column() -> None:
    html = table_rows([Row([Cell("a")], actions=[Action("Sign", "/x/sign/")]), Row([Cell("b")])], has_actions=True)

    assert 'hx-get="/x/sign/" hx-target="#modal-body">Sign</a></td></tr>' in html
    assert html.endswith('<tr><td>b</td><td class="row-actions"></td></tr>')


@override_settings(STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}})
def test_an_icon_is_decoration_out_of_the_sprite() -> None:
    html = render('{% icon "bell" "icon-lg" %}')

    assert 'class="icon icon-lg" aria-hidden="true"' in html
    assert html.endswith('dist/icons.svg#bell"/></svg>')


class _Form(forms.Form):
    day = forms.DateField(initial="2026-03-05")
    amount = forms.DecimalField()
    note = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    sure = forms.BooleanField()


def test_dates_are_iso_for_the_browser_in_every_language() -> None:
    with override("zh-hans"):
        html = widget(_Form()["day"])

    assert 'type="date"' in html
    assert 'value="2026-03-05"' in html


def test_amounts_take_separators_and_errors_are_marked() -> None:
    html = widget(_Form({"amount": "x"})["amount"], "Amount")

    assert 'type="text"' in html
    assert 'inputmode="decimal"' in html
    assert 'class="form-control is-invalid"' in html
    assert 'aria-label="Amount"' in html


def test_a_field_shows_its_error_where_aria_points_to() -> None:
    html = render('{% include "components/_field.html" %}', field=_Form({})["amount"])

    assert 'aria-describedby="id_amount_error"' in html
    assert 'id="id_amount_error"' in html


def test_radio_buttons_are_a_group_with_a_legend_and_a_check_box_stands_before_its_label() -> None:
    group = render('{% include "components/_field.html" %}', field=_Form()["kind"])
    single = render('{% include "components/_field.html" %}', field=_Form()["sure"])

    assert "<legend>Kind" in group
    assert single.index("<input") < single.index("<label")


def test_facts_without_a_value_are_named_in_one_line() -> None:
    facts = [{"label": "Need", "value": "beds"}, {"label": "Region", "value": "–"}, {"label": "Score", "value": 0}]
    shown = render('{% include "components/_facts.html" %}', facts=facts)
    assert shown.count("<dt>") == 2 and "<dt>Region" not in shown
    assert "facts-missing" in shown and "Region" in shown


def test_stored_quantities_lose_the_zeros_of_their_column() -> None:
    class Line(forms.Form):
        quantity = forms.DecimalField(max_digits=14, decimal_places=3)
        price = forms.DecimalField(max_digits=14, decimal_places=2)

    form = Line(initial={"quantity": Decimal("1.000"), "price": Decimal("2.00")})
    assert 'value="1"' in widget(form["quantity"]) and 'value="2.00"' in widget(form["price"])
