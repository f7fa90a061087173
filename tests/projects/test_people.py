"""Who may be named on the seats of a project: only people with the role, in the picker as in what is posted."""

import html
import re

import pytest

from process.services import seat
from tests.factories.projects import make_project
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_the_pickers_of_the_triangle_offer_people_with_the_role(
    sales, sales2, solution, delivery, pfc, director, legal, stranger
) -> None:
    project = make_project(sales)
    client = signed_in(sales)
    address = f"{project.get_absolute_url()}name_triangle/"
    page = html.unescape(client.get(address).content.decode())
    pickers = re.findall(r'name="(\w+)"[^>]*data-picker-url="([^"]+)"|data-picker-url="([^"]+)"[^>]*name="(\w+)"', page)
    urls = {first or second: url or other for first, url, other, second in pickers}
    assert set(urls) == {"sr", "fr", "director", "pfc"}
    offered = {role: {row["id"] for row in client.get(url).json()} for role, url in urls.items()}
    assert {solution.pk, sales.pk, sales2.pk} <= offered["sr"]
    assert offered["fr"] >= {delivery.pk} and offered["director"] >= {director.pk} and offered["pfc"] >= {pfc.pk}
    everybody = set().union(*offered.values())
    assert not everybody & {legal.pk, stranger.pk}
    assert client.get(urls["fr"] + "&q=" + legal.name).json() == []


def test_somebody_without_the_role_is_not_named(sales, solution, delivery, legal) -> None:
    project = make_project(sales)
    client = signed_in(sales)
    address = f"{project.get_absolute_url()}name_triangle/"
    assert client.post(address, {"fr": legal.pk}).status_code == 422
    assert client.post(address, {"sr": delivery.pk}).status_code == 422
    assert seat(project.case_id, "fr") is None
    assert client.post(address, {"fr": delivery.pk, "sr": solution.pk}).status_code == 302
    assert seat(project.case_id, "fr") == delivery
