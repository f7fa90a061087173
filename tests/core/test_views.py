"""Health checks and error pages, through URLs of their own."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from django.urls import include, path

from core import health, views
from core.errors import BadCursor, NotAllowed
from core.paging import Keyset, page

urlpatterns: list[Any] = [path("", include("core.urls"))]

pytestmark = [pytest.mark.urls(__name__)]

SECRET = "s3cret"


@pytest.fixture
def error_pages(settings: Any, tmp_path: Path) -> Path:
    """A folder with one template per status that shows what it was given."""
    folder = tmp_path / "errors"
    folder.mkdir()
    for code in (400, 403, 404, 500):
        (folder / f"{code}.html").write_text("<h1>{{ status }}</h1>{{ title }} {{ reason }}")
    options = {"loaders": ["django.template.loaders.filesystem.Loader"]}  # not cached
    engine = settings.TEMPLATES[0] | {"DIRS": [tmp_path], "OPTIONS": options, "APP_DIRS": False}
    settings.TEMPLATES = [engine]
    return folder


def get(path: str = "/leads/") -> HttpRequest:
    return RequestFactory().get(path)


def test_healthz_needs_neither_database_nor_sign_in(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_readyz_when_all_is_there(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "missing": {}})


@pytest.mark.django_db
def test_readyz_names_redis_without_telling_where_it_is(client: Client, settings: Any) -> None:
    settings.REDIS_URL = f"redis://:{SECRET}@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, list(answer.json()["missing"])) == (503, ["redis"])
    assert SECRET not in answer.content.decode()


@pytest.mark.django_db
def test_readyz_counts_pending_migrations(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", set())
    applied = MigrationRecorder.applied_migrations

    def one_less(recorder: MigrationRecorder) -> dict[Any, Any]:
        return {key: row for key, row in applied(recorder).items() if key < ("core", "0002") or key[0] != "core"}

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", one_less)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "pending" in answer.json()["missing"]["migrations"]


@pytest.mark.django_db(transaction=True)
def test_readyz_names_a_database_that_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", 1)
        answer = client.get("/readyz")
        connection.close()
    assert (answer.status_code, list(answer.json()["missing"])) == (503, ["database"])


@pytest.mark.parametrize(
    ("handler", "error", "status"),
    [
        (views.bad_request, BadCursor("x"), 400),
        (views.permission_denied, PermissionDenied(), 403),
        (views.page_not_found, Http404(), 404),
    ],
)
def test_error_pages_use_their_template(error_pages: Path, handler: Any, error: Exception, status: int) -> None:
    answer = handler(get(), error)
    assert answer.status_code == status
    assert f"<h1>{status}</h1>" in answer.content.decode()


def test_the_reason_of_not_allowed_is_shown(error_pages: Path) -> None:
    answer = views.permission_denied(get(), NotAllowed("Only <finance> may do this."))
    assert "Only &lt;finance&gt; may do this." in answer.content.decode()


def test_a_server_error_is_answered_even_when_its_own_page_fails(error_pages: Path) -> None:
    assert "<h1>500</h1>" in views.server_error(get()).content.decode()
    for broken in ("{% include 'missing.html' %}", "{% nonsense %}"):
        (error_pages / "500.html").write_text(broken)
        answer = views.server_error(get())
        assert (answer.status_code, answer["Content-Type"]) == (500, "text/plain; charset=utf-8")
    (error_pages / "500.html").unlink()
    assert views.server_error(get()).status_code == 500


def test_the_api_is_answered_in_problem_json() -> None:
    for answer, status in (
        (views.page_not_found(get("/api/v1/x/"), Http404()), 404),
        (views.server_error(get("/api/v1/x/")), 500),
    ):
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
        assert json.loads(answer.content)["status"] == status
    refused = views.permission_denied(get("/api/v1/x/"), NotAllowed("Only finance."))
    assert json.loads(refused.content)["detail"] == "Only finance."


def raise_bad_cursor(request: HttpRequest) -> Any:
    from core.models import Term

    return page(Term.objects.all(), keyset=Keyset(["id"]), cursor=request.GET["cursor"])


def raise_not_allowed(request: HttpRequest) -> Any:
    raise NotAllowed("Only finance.")


urlpatterns += [path("cursor/", raise_bad_cursor), path("api/finance/", raise_not_allowed)]
handler400, handler403 = views.bad_request, views.permission_denied


@pytest.mark.django_db
def test_domain_errors_become_4xx_without_any_middleware_of_ours(settings: Any, error_pages: Path) -> None:
    settings.MIDDLEWARE = []
    client = Client()
    assert client.get("/api/finance/").status_code == 403
    assert client.get("/cursor/?cursor=x").status_code == 400


def test_a_void_token_tells_the_script_to_fetch_the_page_anew(error_pages: Path) -> None:
    answer = views.csrf_failure(get(), "CSRF cookie not set.")
    assert (answer.status_code, answer["X-Form-Outdated"]) == (403, "1")
