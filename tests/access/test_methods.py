"""Methods and tokens, for every address of the map: reading writes nothing, and writing asks for its token."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from process.models import LogEntry
from process.outlet import outlets
from tests.access.eyes import Eyes, eyes
from tests.access.routes import routes
from tests.access.test_pages import address
from tests.access.world import World

OTHER_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What the API knows beside GET and POST: a record is changed by PATCH, described by OPTIONS, a token revoked by DELETE.
DOCUMENTED = {200, 204, 400, 401, 403, 404, 405, 415, 428}


def rows_written() -> int:
    """Rows that this transaction has written so far, in all tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0])


def test_a_page_knows_no_other_method(world: World) -> None:
    client = eyes(world, "pfc").client
    before = rows_written()
    for route in routes():
        if route.kind != "api":
            for method in OTHER_METHODS:
                answer = client.generic(method, address(route))
                assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST"), (method, route.route)
    assert rows_written() == before


@pytest.mark.usefixtures("unhurried")
def test_other_methods_of_the_api_are_refused_or_documented(world: World) -> None:
    client = eyes(world, "legal").client
    before = LogEntry.objects.count()
    for route in routes():
        if route.kind == "api":
            for method in ("PUT", "DELETE", "TRACE"):
                status = client.generic(method, address(route), b"{}", "application/json").status_code
                assert status in DOCUMENTED, (method, route.route, status)
                assert status in (403, 404, 405) or route.name in ("api:token",), (method, route.route, status)
            for method in ("OPTIONS", "HEAD"):
                status = client.generic(method, address(route)).status_code
                assert status in DOCUMENTED, (method, route.route, status)
    assert LogEntry.objects.count() == before


def writing(world: World, reader: Eyes, *, api: bool) -> Iterator[str]:
    """Every address that takes a POST: those of records on a visible record, with every verb and act by name."""
    for route in routes():
        if route.outlet is None and (route.kind == "api") is api and route.kind not in ("public", "admin"):
            yield address(route)
    for outlet in outlets():
        record = next(iter(world.records("own", outlet)), None)
        if record is None:
            continue
        stem = f"/api/v1/{outlet.plural}/" if api else f"/{outlet.plural}/"
        verbs = [*outlet.offered(), *outlet.acts]
        yield from (f"{stem}{record.pk}/{verb}/" for verb in verbs)
        yield f"{stem}{record.pk}/files/"
        yield from (f"{stem}bulk/{spec.name}/" for spec in outlet.bulk_verbs())
        if not api:
            acts = {route.act for route in routes() if route.outlet is outlet}
            yield from (f"{stem}{act}/" for act in ("columns", "views", "new") if act in acts)
            yield from (f"{stem}{record.pk}/edit/" for act in ("edit",) if act in acts)


@pytest.mark.parametrize("api", [False, True])
def test_nothing_is_written_without_its_token(world: World, api: bool) -> None:
    """Neither without a token nor with a false one, by somebody who may do much."""
    reader = eyes(world, "pfc")
    client = Client(enforce_csrf_checks=True)
    client.cookies = reader.client.cookies
    before, kind = rows_written(), "application/json"
    for url in writing(world, reader, api=api):
        for headers in ({}, {"X-CSRFToken": "x" * 64}):
            answer = client.post(url, "{}", kind, headers=headers) if api else client.post(url, headers=headers)
            assert answer.status_code in (403, 405) if api else answer.status_code == 403, (url, answer.status_code)
    assert rows_written() == before


@pytest.mark.usefixtures("unhurried")
def test_no_verb_is_done_by_asking_for_its_dialog(world: World) -> None:
    """GET shows what would be asked; also to those who may do it."""
    own = world.deals["own"]
    before = LogEntry.objects.count()
    for person in ("ar", "fr", "finance"):
        reader = Eyes(world, own.who(person))
        for outlet in outlets():
            record = next(iter(world.records("own", outlet)), None)
            if record is None or not reader.sees(record):
                continue
            for verb in [*outlet.offered(), *outlet.acts]:
                url = outlet.url("verb", record.pk, verb)
                assert reader.client.get(url).status_code in (200, 403), url
                program = f"/api/v1/{outlet.plural}/{record.pk}/{verb}/"
                assert reader.client.get(program).status_code == 405, program
    assert LogEntry.objects.count() == before
