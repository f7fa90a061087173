"""A running deal goes on by the version it began with, until the PMO moves it; the dialog shows what changes."""

from collections.abc import Iterator

import pytest

from core.errors import NotAllowed, Refused
from process import catalogue
from process.services import definitions
from projects import services
from tests.factories.projects import make_project
from tests.helpers import last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
ADDED = {
    "code": "PI-4",
    "stage": "initiation",
    "zh": "资质核查",
    "en": "Qualification check",
    "accountable": "qa",
    "verbs": [],
    "by_hand": True,
    "locks": ["project.submit"],
}


@pytest.fixture(autouse=True)
def fresh_catalogue() -> Iterator[None]:
    catalogue.forget()
    yield
    catalogue.forget()


@pytest.fixture
def newer() -> None:
    """Another version is published after the project was opened."""
    keeper = make_user("keeper", department="it", roles=("sysadmin",))
    definitions.start_draft(by=keeper)
    definitions.write_step(ADDED, by=keeper)
    definitions.publish_draft(by=keeper, note="qualification first")


@pytest.fixture
def project(sales):
    return make_project(sales)


def test_the_pmo_moves_a_deal_and_sees_before_what_changes(sales, project, newer) -> None:
    pmo = make_user("pmo", department="pmo", roles=("pmo",))
    client = signed_in(pmo)
    address = f"{project.get_absolute_url()}move_process/"
    assert "PI-4" in client.get(address).content.decode()
    assert client.post(address, {"note": ""}).status_code == 409
    assert client.post(address, {"note": "customer asks for it"}).status_code == 302
    assert (last_log(project).action, last_log(project).note) == ("project.move_process", "customer asks for it")
    with pytest.raises(Refused) as refusal:
        services.submit(project, by=sales)
    assert any("PI-4" in reason for reason in refusal.value.reasons)


def test_who_may_not_move_it_changes_nothing(sales, project, newer) -> None:
    with unchanged(project), pytest.raises(NotAllowed):
        services.move_process(project, by=sales, note="I want to")


def test_there_must_be_something_to_move_to(project, director) -> None:
    with unchanged(project), pytest.raises(Refused):
        services.move_process(project, by=director, note="again")
