"""Routes of outlets: an own page replaces the generic one under the same name, it does not shadow it."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver, resolve

from leads.views import LeadOutlet
from process import outlet
from projects import views


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes made by a test register nothing for the others."""
    assert get_resolver().url_patterns  # all outlets are registered first
    monkeypatch.setattr(outlet, "_registry", dict(outlet._registry))


def test_an_own_view_stands_in_the_place_of_the_generic_one() -> None:
    def page(request):
        return None

    generic, own = LeadOutlet.urls(), LeadOutlet.urls(detail=page)
    assert [route.name for route in own] == [route.name for route in generic]
    replaced = [route.name for route in own if route.callback is page]
    assert replaced == ["lead-detail"]


def test_an_own_view_needs_a_route() -> None:
    with pytest.raises(ImproperlyConfigured, match="bord"):
        LeadOutlet.urls(bord=lambda request: None)


def test_the_pages_of_a_project_are_its_own() -> None:
    assert resolve("/projects/1/").func is views.project_page
    assert resolve("/projects/board/").func is views.stage_board
    assert resolve("/projects/1/decision-sheet/").func is views.decision_sheet
    assert resolve("/projects/new/").url_name == "project-new"
