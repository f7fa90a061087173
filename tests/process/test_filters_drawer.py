"""The fields of the filter drawer are fetched when it is opened; until then the list keeps what is narrowed."""

import pytest

from tests.factories.leads import make_lead
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_a_list_names_where_its_filters_are_and_keeps_those_in_use(sales) -> None:
    make_lead(sales)
    page = signed_in(sales).get("/leads/?temperature=hot&q=x&sort=code").content.decode()
    assert 'hx-get="/leads/filters/?temperature=hot"' in page
    assert '<input type="hidden" name="temperature" value="hot">' in page
    assert '<select name="temperature"' not in page


def test_the_drawer_is_filled_as_the_list_is_narrowed(sales) -> None:
    fields = signed_in(sales).get("/leads/filters/?temperature=hot").content.decode()
    assert '<option value="hot" selected>' in fields
    assert "<!doctype" not in fields.lower()


def test_the_drawer_shows_what_cannot_be_filtered_by(sales) -> None:
    answer = signed_in(sales).get("/leads/filters/?temperature=nonsense")
    assert answer.status_code == 200
    assert signed_in(sales).get("/leads/?temperature=nonsense").status_code == 400
