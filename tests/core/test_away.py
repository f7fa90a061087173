"""Database or disk away: 503 in both languages, and nothing half written."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from psycopg import errors

from core import views
from core.away import Away, cause_of
from core.storage import WholeFileStorage

FULL = OSError(errno.ENOSPC, "No space left on device")


def break_down(request: HttpRequest, what: str) -> HttpResponse:
    """A page that meets the weather."""
    if what == "query":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    if what == "disk":
        raise FULL
    raise ValueError(what)


urlpatterns: list[Any] = [
    path("<str:what>/", break_down),
    path("api/<str:what>/", break_down),
    path("", include("core.urls")),
]
handler500 = views.server_error
at_work = pytest.mark.urls(__name__)


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("gone"), Away.DATABASE),
        (InterfaceError("closed"), Away.DATABASE),
        (chained(RuntimeError(), OperationalError()), Away.DATABASE),
        (chained(OperationalError(), errors.DiskFull()), Away.DISK),
        (FULL, Away.DISK),
        (OSError(errno.ENOENT, "No such file"), None),
        (ValueError(), None),
        (None, None),
    ],
)
def test_what_was_away_is_found_in_the_whole_chain(error: Any, away: Away | None) -> None:
    assert cause_of(error) == away


@at_work
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("what", "chinese", "english"), [("query", "请稍后再试", "in a moment"), ("disk", "磁盘已满", "full")]
)
def test_the_page_says_so_in_both_languages(sales, what: str, chinese: str, english: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(sales)
    answer = client.get(f"/{what}/")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0 and answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert chinese in page.partition('lang="en"')[0] and english in page.partition('lang="en"')[2]
    problem = client.get(f"/api/{what}/")
    assert (problem.status_code, json.loads(problem.content)["status"]) == (503, 503)
    assert problem["Retry-After"]


@at_work
@pytest.mark.django_db
def test_a_mistake_of_ours_is_still_500(admin) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    assert client.get("/mistake/").status_code == 500


class CutOff(ContentFile):
    """An upload for which the disk has room for one part only."""

    def chunks(self, chunk_size: int | None = None) -> Any:
        yield b"the first part"
        raise FULL


def test_a_file_the_disk_has_no_room_for_leaves_nothing(tmp_path: Path) -> None:
    storage = WholeFileStorage(tmp_path)
    with pytest.raises(OSError, match="No space"):
        storage.save("a/file.txt", CutOff(b"x"))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    assert storage.save("a/file.txt", ContentFile(b"x")) == "a/file.txt"
