"""The project page puts first what matters: the costings, the panels of the reader's job; the rest is folded."""

import pytest

from process.models.case import SEATS
from projects import page
from tests.factories.projects import make_approved_project, make_project
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def _names(panels: list[dict]) -> list[str]:
    return [one["name"] for one in panels]


def test_cost_stands_first_for_those_who_may_see_it(sales, pfc) -> None:
    project = make_project(sales)
    assert _names(page.context(project, sales, "ar")["panels"]) == []
    assert _names(page.context(project, pfc, "ar")["panels"]) == [page.COSTINGS]


def test_panels_with_records_are_open_and_empty_ones_folded(sales) -> None:
    project = make_approved_project(sales)
    shown = page.context(project, sales, "ar")
    assert all(one["count"] for one in shown["view_panels"])
    folded = [one for group in shown["panel_groups"] for one in group["panels"]]
    everything = _names(shown["view_panels"]) + _names(folded)
    assert len(everything) == len(set(everything)) >= 15
    assert "contracts:contract-panel" in _names(folded)


def test_groups_follow_the_view(sales) -> None:
    project = make_project(sales)
    first = {view: page.context(project, sales, view)["panel_groups"][0]["panels"][0]["name"] for view in page.VIEWS}
    assert first["ar"].startswith("contracts:")
    assert first["sr"].startswith("guidance:")
    assert first["fr"].startswith("delivery:")


def test_the_reader_starts_in_the_view_of_the_own_seat(sales) -> None:
    project = make_project(sales)
    assert page.first_view(project, sales) == "ar"
    assert set(page.VIEWS) < set(SEATS)
    assert 'class="active"' in signed_in(sales).get(project.get_absolute_url()).content.decode()
