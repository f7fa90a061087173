"""The schema is valid, complete and made without a warning; its pages need a sign-in."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.models import User
from process.outlet import outlets
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema(django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    """Made once: it takes seconds."""
    GENERATOR_STATS.reset()
    with django_db_blocker.unblock(), GENERATOR_STATS.silence():
        return dict(SchemaGenerator().get_schema(request=None, public=True))


def test_the_schema_is_valid_and_made_without_a_warning(schema: dict[str, Any]) -> None:
    assert [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache] == []
    assert schema["openapi"] == "3.1.1"
    validate_schema(schema)


def test_every_operation_names_its_problems(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            wanted = {"400", "401", "403", "405", "406", "429"} | ({"404"} if "{" in path else set())
            wanted |= {"409", "415", "422"} if method in ("post", "patch", "delete") else set()
            wanted |= {"412", "428"} if method == "patch" else set()
            assert wanted <= set(operation["responses"]), (method, path)
            assert "application/problem+json" in operation["responses"]["400"]["content"]


def test_every_operation_says_what_it_does(schema: dict[str, Any]) -> None:
    said = [operation["summary"] for operations in schema["paths"].values() for operation in operations.values()]
    assert all(0 < len(one) <= 120 for one in said), [one for one in said if not 0 < len(one) <= 120]
    twice = {one for one in said if said.count(one) > 1}
    assert not twice


def test_the_actions_of_the_api_are_the_verbs_of_the_pages(schema: dict[str, Any]) -> None:
    """Equal sets, outlet by outlet: what a page can do, a program can do, and nothing more."""
    own = {"page", "timeline", "actions", "files"}
    for outlet in outlets():
        stem = f"/api/v1/{outlet.plural}/{{id}}/"
        rest = {path.removeprefix(stem).rstrip("/") for path in schema["paths"] if path.startswith(stem)}
        actions = {name for name in rest - own if name and "post" in schema["paths"][f"{stem}{name}/"]}
        assert actions == {*outlet.offered(), *outlet.acts}, outlet.plural
        assert ("patch" in schema["paths"][stem]) == (outlet.service("edit") is not None), outlet.plural
        assert ("post" in schema["paths"][f"/api/v1/{outlet.plural}/"]) == (outlet.form is not None), outlet.plural


def test_an_array_is_described_as_one(schema: dict[str, Any]) -> None:
    for path in ("actions/", "files/"):
        answer = schema["paths"][f"/api/v1/leads/{{id}}/{path}"]["get"]["responses"]["200"]
        assert answer["content"]["application/json"]["schema"]["type"] == "array"


def test_no_input_takes_a_state(schema: dict[str, Any]) -> None:
    for operations in schema["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                assert "state" not in schema["components"]["schemas"].get(name, {}).get("properties", {}), name


def test_schema_and_documents_need_a_sign_in(sales: User) -> None:
    assert Client().get("/api/schema/").status_code == 401
    away = Client().get("/api/docs/")
    assert (away.status_code, away["Location"].partition("?")[0]) == (302, "/login/")
    inside = signed_in(sales)
    answer = inside.get("/api/docs/")
    assert answer.status_code == 200
    assert b"<style" not in answer.content and b"<script>" not in answer.content
    assert inside.get("/api/docs/?script=").status_code == 200
