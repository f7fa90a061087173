"""Nonsense in every place of every address, and wrong bodies and values on everything that writes over the API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework import serializers

from process import access
from process.api import shapes
from process.api.fields import Upload
from process.api.outlets import editable
from process.outlet import outlets
from tests.access.eyes import Eyes, eyes
from tests.access.routes import routes
from tests.access.test_bad_input import verbs_of, who_may
from tests.access.test_methods import rows_written, writing
from tests.access.test_pages import address
from tests.access.world import World

pytestmark = pytest.mark.usefixtures("quiet", "unhurried")
# No key of any row, and texts that no database holds or that read backwards.
PLACES = ({"int": "9" * 30, "str": "%00"}, {"int": "0", "str": "%E2%80%AE%ED%A0%80"})
HUGE = 10**30
BODIES: dict[str, bytes] = {
    "half an object": b'{"title": ',
    "a list": b"[]",
    "a word": b'"x"',
    "nothing": b"null",
    "no number": b"NaN",
    "no text": b"\xff\xfe\x00",
    "half a character": b'{"\\ud800": 1}',
    "a number": b"-0",
    "a name twice": b'{"nonsense": 1, "nonsense": "a\\u0000"}',
    "too deep": b"[" * 20_000,
    "an unknown field": b'{"nonsense": {"a": [1e999]}}',
}


@pytest.mark.parametrize("places", PLACES, ids=["too long", "turned round"])
def test_nonsense_in_an_address_is_not_found(world: World, places: dict[str, str]) -> None:
    client, found = eyes(world, "pfc").client, []
    before = rows_written()
    for route in routes():
        if "<" not in route.route or route.kind == "admin":
            continue
        url = address(route, places)
        for method in ("get", "post"):
            status = getattr(client, method)(url).status_code
            # A panel of a case that is not there is an empty one.
            if status not in (302, 400, 403, 404, 405, 415) and not (status == 200 and route.kind == "case"):
                found.append((method, url, status))
    assert found == []
    assert rows_written() == before


# Pages that are no outlet's list, and what they know.
COLLECTIVE = ("/search/", "/dashboard/", "/collection/", "/receipts/unclaimed/", "/notices/", "/books/")


@pytest.mark.parametrize("path", COLLECTIVE)
def test_a_collective_page_refuses_parameters_it_does_not_know(world: World, path: str) -> None:
    client = eyes(world, "pfc").client
    assert client.get(path).status_code in (200, 403)
    for query in ("nonsense=1", "a%00=%00", "%E2%80%AE=x", "cursor=%00", "cursor=nonsense"):
        status = client.get(f"{path}?{query}").status_code
        assert status in (400, 403), query
    assert eyes(world, "finance").client.get(f"{path}?nonsense=1").status_code in (400, 403)


# Forms that are none: broken parts, another content type, too many fields, names that no form has.
NO_FORMS = (
    ("application/json", b"[" * 20_000),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\x00\r\n\r\nx"),
    ("application/x-www-form-urlencoded", b"a=1&" * 3000),
    ("application/x-www-form-urlencoded", b"%00=%00&title=%ED%A0%80&form-TOTAL_FORMS=9e99&idempotency_key=%00"),
)


def test_a_page_that_is_sent_no_form_answers_clearly(world: World) -> None:
    reader, found, asked = eyes(world, "pfc"), [], 0
    for url in writing(world, reader, api=False):
        for kind, body in NO_FORMS:
            answer = reader.client.generic("POST", url, body, kind)
            asked += 1
            if answer.status_code not in (200, 204, 302, 400, 403, 404, 405, 409, 413, 422):
                found.append((url, kind, answer.status_code))
    assert found == []
    assert asked > 1000


# The API: whoever may write is told what is wrong with what was sent -------------------------------------
Write = tuple[Eyes, str, str, type[serializers.Serializer]]


def writes(world: World, crowd: list[Eyes]) -> Iterator[Write]:
    """(person, method, address, what is taken) of every write on an outlet that somebody of the crowd may do."""
    for outlet in outlets():
        stem = f"/api/v1/{outlet.plural}/"
        if outlet.form is not None:
            for one in crowd:
                if one.client.get(outlet.url("new")).status_code == 200:
                    yield one, "post", stem, shapes.create_input(outlet)
                    break
        record = next(iter(world.records("own", outlet)), None)
        if record is None:
            continue
        reader = who_may(crowd, record, access.words_for(record, "edit"))
        if editable(outlet) and reader is not None:
            yield reader, "patch", f"{stem}{record.pk}/", shapes.edit_input(outlet)
        for verb, words in verbs_of(outlet, record):
            reader = who_may(crowd, record, words)
            if reader is not None:
                yield reader, "post", f"{stem}{record.pk}/{verb}/", shapes.verb_input(outlet, verb)


def _takes_files(taken: type[serializers.Serializer]) -> bool:
    return any(isinstance(field, Upload) for field in taken().fields.values())


def _send(write: Write, body: bytes, kind: str = "application/json") -> Any:
    reader, method, url, _taken = write
    return reader.client.generic(method.upper(), url, body, kind, headers={"if-match": "*"})


def test_a_body_that_is_none_is_refused_whatever_it_is_sent_to(world: World, crowd: list[Eyes]) -> None:
    found, asked = [], 0
    before = rows_written()
    for write in writes(world, crowd):
        files = _takes_files(write[3])
        for name, body in BODIES.items():
            answer = _send(write, body)
            expected = (415,) if files else (400,)
            asked += 1
            if answer.status_code not in expected or answer["Content-Type"] != "application/problem+json":
                found.append((write[1:3], name, answer.status_code))
        for kind in ("text/plain", "application/xml", "multipart/form-data"):
            status = _send(write, b"<a/>", kind).status_code
            if status not in ((400, 415) if files and kind.startswith("multipart") else (415,)):
                found.append((write[1:3], kind, status))
    assert found == []
    assert asked > 1000
    assert rows_written() == before


def _wrong_kind(field: serializers.Field) -> Any:
    """A value of another JSON type: an object for everything plain, a number for lists."""
    return 7 if isinstance(field, serializers.ListSerializer | serializers.ListField) else {"x": []}


def _wrong_value(field: serializers.Field) -> Any:
    """A value of the right JSON type that the field cannot have."""
    for kinds, value in (
        ((serializers.ListSerializer, serializers.ListField), [HUGE, "a\x00"]),
        ((serializers.DateField, serializers.DateTimeField), "2026-02-30"),
        ((serializers.BooleanField,), "perhaps"),
        ((serializers.DecimalField, serializers.FloatField), "NaN"),
        ((serializers.IntegerField,), HUGE),
        ((serializers.ChoiceField,), "\u202enonsense"),
    ):
        if isinstance(field, kinds):
            return value
    return "a\x00b"


@pytest.mark.parametrize("wrong", [_wrong_kind, _wrong_value], ids=["kind", "value"])
def test_every_field_of_the_api_answers_for_itself(world: World, crowd: list[Eyes], wrong: Any) -> None:
    """All fields at once: 400, each named."""
    found, asked = [], 0
    before = rows_written()
    for write in writes(world, crowd):
        fields = write[3]().fields
        if not fields or _takes_files(write[3]):
            continue
        answer = _send(write, json.dumps({name: wrong(field) for name, field in fields.items()}).encode())
        if answer.status_code != 400:
            found.append((write[1:3], answer.status_code))
            continue
        named = {one["field"].partition(".")[0] for one in answer.json()["errors"]}
        asked += len(fields)
        found += [(write[1:3], name, type(fields[name]).__name__) for name in fields.keys() - named]
    assert found == []
    assert asked > 500
    assert rows_written() == before
