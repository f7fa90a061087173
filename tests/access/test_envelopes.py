"""What comes around a request: names of files, ways back, hosts, addresses and ids that others make up."""

import logging
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from accounts.models import User
from ltc.observe.logs import configuration
from process.services import attach
from tests.access.eyes import Eyes
from tests.access.world import World

ACTIVE = {"x.html": b"<script>alert(1)</script>", "x.svg": b"<svg onload='alert(1)'/>", "x.xhtml": b"<html/>"}
NAMES = [
    'a".html',
    "a\r\nSet-Cookie: x=1.pdf",
    "合同 “终稿”.pdf",
    "a;filename=b.exe",
    "a\x00b.pdf",
    "..%2f..%2fx.pdf",
    "’",
]
# Elsewhere, in every spelling that a browser follows.
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    r"/\evil.example",
    "javascript:alert(1)",
    "/x\r\nSet-Cookie: a=b",
]


@pytest.mark.parametrize("name", ACTIVE)
def test_what_a_browser_would_run_is_saved_instead(world: World, name: str) -> None:
    owner = world.deals["own"].who("ar")
    made = attach(world.deals["own"].contract, file=SimpleUploadedFile(name, ACTIVE[name]), by=owner)
    for url in (f"/files/{made.pk}/", f"/api/v1/files/{made.pk}/"):
        answer = Eyes(world, owner).client.get(url)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        b"".join(answer.streaming_content)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_one_header(world: World, name: str) -> None:
    owner, contract = world.deals["own"].who("ar"), world.deals["own"].contract
    client = Eyes(world, owner).client
    file = SimpleUploadedFile("x", b"content")
    file._name = name  # a browser of one's own sends what it likes
    sent = client.post(f"/contracts/{contract.pk}/files/", {"file": file})
    assert sent.status_code in (302, 400, 409), name
    if sent.status_code == 302:
        made = contract_files(contract)[0]
        answer = client.get(f"/files/{made.pk}/")
        assert answer.status_code == 200
        head = answer["Content-Disposition"]
        assert head.startswith("attachment") and "\r" not in head and "\n" not in head
        assert not answer.cookies.get("x")
        b"".join(answer.streaming_content)


def test_a_stored_name_with_a_line_end_is_served_on_one_line(world: World) -> None:
    """A name that came in by a service or an old archive."""
    owner, contract = world.deals["own"].who("ar"), world.deals["own"].contract
    made = attach(contract, file=SimpleUploadedFile("x.pdf", b"content"), by=owner)
    for name in ("a\r\nSet-Cookie: x=1", 'a"b', "合同.pdf"):
        type(made).objects.filter(pk=made.pk).update(name=name)
        answer = Eyes(world, owner).client.get(f"/files/{made.pk}/")
        assert answer.status_code == 200 and "\n" not in answer["Content-Disposition"]
        b"".join(answer.streaming_content)


def contract_files(contract: Any) -> Any:
    from process.views.details import attached_to

    return attached_to(contract)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_led_elsewhere(world: World, target: str) -> None:
    person = User.objects.get(pk=world.deals["own"].who("ar").pk)
    person.set_password("a long enough Passw0rd")
    person.save()
    visits = [
        Client().post("/language/", {"language": "en", "next": target}),
        Client().post("/login/", {"login": person.username, "password": "a long enough Passw0rd", "next": target}),
    ]
    for answer in visits:
        place = answer.headers.get("Location", "/")
        assert place.startswith("/") and not place.startswith(("//", "/\\")) and "evil" not in place, place


def test_a_made_up_host_is_refused_and_never_repeated(world: World) -> None:
    client = Eyes(world, world.deals["own"].who("ar")).client
    for headers in ({"host": "evil.example"}, {"host": "127.0.0.1:80@evil.example"}):
        answer = client.get("/projects/", headers=headers)
        assert answer.status_code == 400 and "evil" not in answer.content.decode()
    for url in ("/projects/", "/api/v1/projects/", "/login/"):
        answer = client.get(url, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
        assert "evil" not in answer.content.decode() and "evil" not in answer.headers.get("Location", "")
        assert not answer.wsgi_request.is_secure(), "nobody of ours said so"


@pytest.mark.parametrize("form", ["json", "plain"])
def test_what_others_send_makes_no_second_line_in_the_log(form: str) -> None:
    """A line end in a path, a name, an id or a browser's name stays within its line."""
    made = configuration("INFO", form)["formatters"]
    spec = dict(next(iter(made.values())))
    formatter = spec.pop("()")(**spec)
    for text in ("a\nb", "a\r\nlevel=error", "a\x85b\u2028c"):
        request = RequestFactory().get(f"/leads/{text}", headers={"User-Agent": text, "X-Request-ID": text})
        record = logging.LogRecord("ltc", logging.WARNING, __file__, 1, "Not found: %s %s", (request.path, text), None)
        line = formatter.format(record)
        assert "\n" not in line and "\r" not in line, line
