"""Bad input on every write and list route, generated from the address map: refused by the field it is in.

No answer is a fault, nothing is written, and what was typed stands in the form again.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actor import Actor
from process import access
from process.api.outlets import editable
from process.forms import VerbForm
from process.models import LogEntry
from process.outlet import Outlet, outlets
from process.views.verbs import with_note
from tests.access.bad import HUGE, NUL, ROUNDS, RTL, not_kept, sent, without_error
from tests.access.eyes import Eyes, eyes
from tests.access.routes import routes
from tests.access.test_methods import rows_written
from tests.access.world import World

pytestmark = pytest.mark.usefixtures("quiet")
TEXTS = (NUL, HUGE, "-0", "NaN", "2026-02-30", RTL, "%ED%A0%80", "9" * 5000)


def who_may(crowd: list[Eyes], record: Any, words: Any) -> Eyes | None:
    """Somebody who sees the record and may do what these words allow."""
    for one in crowd:
        if (record.pk is None or one.sees(record)) and access.may_any(words, record, Actor.of(one.user)):
            return one
    return None


def _forms(world: World, crowd: list[Eyes]) -> Iterator[tuple[Eyes, str, Any, dict[str, Any]]]:
    """(person, address, blank form, lines) of every form of every outlet that somebody of the crowd may send."""
    for outlet in outlets():
        if outlet.form is not None:
            for one in crowd:
                if one.client.get(outlet.url("new")).status_code == 200:
                    yield one, outlet.url("new"), outlet.form(user=one.user, record=None), outlet.lines
                    break
        record = next(iter(world.records("own", outlet)), None)
        if record is None:
            continue
        reader = who_may(crowd, record, access.words_for(record, "edit"))
        if editable(outlet) and reader is not None:
            form: Any = outlet.edit_form or outlet.form
            yield reader, outlet.url("edit", record.pk), form(user=reader.user, record=record), outlet.lines
        for verb, words in verbs_of(outlet, record):
            reader = who_may(crowd, record, words)
            if reader is not None:
                form_class: Any = outlet.verb_form(verb) or VerbForm
                made = form_class(user=reader.user, record=record)
                with_note(made, outlet.spec(verb))
                yield reader, outlet.url("verb", record.pk, verb), made, getattr(form_class, "lines", {})


def verbs_of(outlet: Outlet, record: Any) -> Iterator[tuple[str, Any]]:
    for verb in outlet.offered():
        yield verb, access.words_for(record, verb)
    for act, spec in outlet.acts.items():
        yield act, spec.who


def _rows(lines: dict[str, Any], reader: Eyes, record: Any, round_: dict[Any, str]) -> dict[str, dict[str, str]]:
    """One bad row for every kind of lines."""
    return {name: sent(one.form(user=reader.user, record=record), round_) for name, one in lines.items()}


def _posted(given: dict[str, str], rows: dict[str, dict[str, str]]) -> dict[str, str]:
    body = dict(given)
    for name, row in rows.items():
        body |= {f"{name}-TOTAL_FORMS": "1", f"{name}-INITIAL_FORMS": "0"}
        body |= {f"{name}-0-{field}": value for field, value in row.items()}
    return body


def test_every_field_of_every_form_answers_for_itself(world: World, crowd: list[Eyes]) -> None:
    """All fields at once, four values each: 422, each with its own error, and what was typed is shown again."""
    found, asked = [], 0
    before = rows_written()
    for reader, url, form, lines in _forms(world, crowd):
        for round_ in ROUNDS:
            given, rows = sent(form, round_), _rows(lines, reader, form.record, round_)
            if not any(
                value in (NUL, HUGE) for value in [*given.values(), *(v for row in rows.values() for v in row.values())]
            ):
                continue
            answer = reader.client.post(url, _posted(given, rows))
            html = answer.content.decode()
            if answer.status_code != 422:
                found.append((url, answer.status_code, given))
                continue
            checked = [(answer.context["form"], given)]
            made = {one["prefix"]: one["formset"] for one in answer.context["formsets"]}
            checked += [(made[name].forms[0], row) for name, row in rows.items()]
            for shown, values in checked:
                asked += len(values)
                found += [(url, "no error", name, values[name]) for name in without_error(shown, values)]
                found += [(url, "not kept", name, values[name]) for name in not_kept(shown, values, html)]
    assert found == []
    assert rows_written() == before
    assert asked > 1000


# What a list, a board, an export and the choice of columns do not know.
STRICT = {
    "list": ("nonsense", "sort", "state", "cursor", "columns"),
    "board": ("nonsense", "column"),
    "export": ("nonsense", "sort", "state", "format"),
    "columns": ("columns",),
}


def test_lists_boards_and_exports_refuse_what_they_do_not_know(world: World) -> None:
    client, found, refused = eyes(world, "pfc").client, [], 0
    for route in routes():
        for name in STRICT.get(route.act, ()) if route.outlet else ():
            for value in ("nonsense", NUL):
                url = f"/{route.route}?{_query(name, value)}"
                status = client.get(url).status_code
                refused += status == 400
                if status not in (400, 403):
                    found.append((url, status))
    assert found == []
    assert refused > 200


def test_no_filter_fails_by_its_value(world: World) -> None:
    client, found = eyes(world, "pfc").client, []
    for outlet in outlets():
        for name in outlet.filterset.base_filters if outlet.filterset else ():
            for value in (NUL, HUGE, "2026-02-30"):
                url = f"{outlet.url('list')}?{_query(name, value)}"
                status = client.get(url).status_code
                if status not in (200, 400, 403):
                    found.append((url, status))
    assert found == []


def _query(name: str, value: str) -> str:
    return urlencode({name: value})


@pytest.mark.parametrize("value", TEXTS)
def test_a_picker_finds_nobody_by_nonsense(world: World, value: str) -> None:
    reader = eyes(world, "pfc")
    for name in ("q", "role"):
        answer = reader.client.get(f"/pick/accounts.user/?{_query(name, value)}")
        assert answer.status_code == 200
        assert reader.leaks(answer) == []


# Files ----------------------------------------------------------------------------------------------------
FILES = {
    "a program": SimpleUploadedFile("x.csv", b"MZ\x90\x00\x03", "application/x-msdownload"),
    "a paper called a table": SimpleUploadedFile("x.xlsx", b"%PDF-1.7", "application/pdf"),
    "a table called a paper": SimpleUploadedFile("x.pdf", b"PK\x03\x04", "text/csv"),
    "nothing": SimpleUploadedFile("x.csv", b"", "text/csv"),
    "half a character": SimpleUploadedFile("x.csv", b"a,\xed\xa0\x80\n\x00,\xff", "text/csv"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bank_statement_that_is_none_is_refused_and_says_why(world: World, name: str) -> None:
    reader, file = eyes(world, "cashier"), FILES[name]
    before = LogEntry.objects.count()
    url = "/bank-statements/new/"
    blank = reader.client.get(url).context["form"]
    account = blank.fields["account"].queryset.first() if "account" in blank.fields else None
    file.seek(0)
    body = {**({"account": account.pk} if account else {}), "file": file}
    answer = reader.client.post(url, body)
    assert answer.status_code in (409, 422), name
    assert answer.context["form"].errors or answer.context["reasons"]
    assert LogEntry.objects.count() == before
