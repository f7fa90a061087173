"""Whoever may not open a record on a case is told so, before any reason of state and before what a form lacks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.core.files.base import ContentFile
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField

from accounts.actor import Actor
from core.calendar import today
from core.errors import NotAllowed
from process import access
from process.models import LogEntry
from process.outlet import Outlet, outlets
from tests.access.eyes import Eyes, eyes
from tests.access.world import World

# Who reads without being on a case; who is on the own case without a seat that opens; heads and deputies of others.
READERS = ("auditor", "legal", "ar", "department head", "deputy")


def opening() -> Iterator[Outlet]:
    """Outlets whose records are opened on another record."""
    return (outlet for outlet in outlets() if outlet.form is not None and outlet.model.opened_on)


def grounds(world: World, outlet: Outlet) -> Iterator[Any]:
    """What records of the kind stand on, one of each deal."""
    for deal in world.deals:
        for record in world.records(deal, outlet)[:1]:
            yield getattr(record, outlet.model.opened_on)


def plausible(form: Any) -> dict[str, Any]:
    """A form filled in as somebody might, without knowing more than what it offers."""
    filled: dict[str, Any] = {}
    for name, field in form.fields.items():
        if isinstance(field, ModelMultipleChoiceField | forms.BooleanField):
            continue
        if isinstance(field, ModelChoiceField):
            row = field.queryset.order_by("pk").first()
            filled[name] = row.pk if row is not None else ""
        elif isinstance(field, forms.ChoiceField):
            filled[name] = next((key for key, _label in field.choices if key), "")
        elif isinstance(field, forms.DateTimeField):
            filled[name] = f"{today()}T10:00"
        elif isinstance(field, forms.DateField):
            filled[name] = f"{today()}"
        elif isinstance(field, forms.FileField):
            filled[name] = ContentFile(b"paper", name="paper.pdf")
        else:
            filled[name] = "1"
    return filled


def bodies(outlet: Outlet, reader: Eyes, ground: Any) -> Iterator[dict[str, Any]]:
    """Hardly anything filled in, and all of it."""
    form: Any = outlet.form
    named = {outlet.model.opened_on: ground.pk}
    yield named
    yield {**plausible(form(user=reader.user, record=None)), **named}


def posted(outlet: Outlet, body: dict[str, Any]) -> dict[str, Any]:
    """The body as a browser sends it, without lines."""
    return {**body, **{f"{name}-{key}_FORMS": "0" for name in outlet.lines for key in ("TOTAL", "INITIAL")}}


def may(outlet: Outlet, ground: Any, reader: Eyes) -> bool:
    """Whether the machine's words let the reader open such a record there."""
    begun = outlet.model(**{outlet.model.opened_on: ground})
    begun.case_id = begun.ground_case()
    return access.may(begun, "open", Actor.of(reader.user))


def written() -> list[int]:
    """How much the log and the lists hold."""
    return [LogEntry.objects.count(), *(outlet.model._default_manager.count() for outlet in opening())]


def sees(ground: Any, reader: Eyes) -> bool:
    return bool(type(ground)._default_manager.visible_to(reader.user).filter(pk=ground.pk).exists())


def test_a_record_stands_on_the_case_of_what_it_was_opened_on(world: World) -> None:
    found = 0
    for outlet in opening():
        for deal in world.deals:
            for record in world.records(deal, outlet):
                found += 1
                assert record.ground_case() in (record.case_id, None), record
    assert found > 50


def test_what_is_opened_on_a_deal_says_on_what() -> None:
    """A form that names a record, a book or a deal it belongs to says which of them the new record stands on."""
    of_its_own = {"leads", "projects", "customers"}
    for outlet in outlets():
        named = [
            name
            for name, field in getattr(outlet.form, "base_fields", {}).items()
            if isinstance(field, ModelChoiceField)
            and any(one.name == "case" for one in field.queryset.model._meta.fields)
        ]
        if named and outlet.plural not in of_its_own:
            assert outlet.model.opened_on in named, (outlet.plural, named)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("name", READERS)
def test_who_may_not_open_it_there_is_told_only_that(world: World, name: str) -> None:
    reader = eyes(world, name)
    assert reader.client
    wrong, refused = [], 0
    before = written()
    for outlet in opening():
        for ground in grounds(world, outlet):
            if not sees(ground, reader) or may(outlet, ground, reader):
                continue
            for body in bodies(outlet, reader, ground):
                page = reader.client.post(outlet.url("new"), posted(outlet, body)).status_code
                sent = {key: value for key, value in body.items() if not isinstance(value, ContentFile)}
                program = reader.client.post(f"/api/v1/{outlet.plural}/", sent, "application/json").status_code
                refused += 2
                if (page, program) != (403, 403):
                    wrong.append((outlet.plural, sorted(body), page, program))
    assert wrong == []
    assert written() == before
    assert refused > 10, "there is much that each of them may not open"


@pytest.mark.usefixtures("unhurried")
def test_who_may_open_it_there_is_told_what_stands_in_the_way(world: World) -> None:
    """The other test would pass if everybody were refused; the same bodies reach the service for those who may."""
    own, answers = world.deals["own"], []
    for outlet in opening():
        for ground in list(grounds(world, outlet))[:1]:
            readers = [Eyes(world, own.who(seat)) for seat in ("ar", "sr", "fr", "service", "pfc", "finance")]
            reader = next(one for one in readers if sees(ground, one) and may(outlet, ground, one))
            for body in bodies(outlet, reader, ground):
                answers.append(reader.client.post(outlet.url("new"), posted(outlet, body)).status_code)
    assert 403 not in answers
    assert {302, 409, 422} <= set(answers)


@pytest.mark.parametrize("seat", ["sr", "fr", "service", "finance"])
def test_the_kernel_asks_before_the_service(world: World, seat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a service would say, it is not asked: not by one who is on the case without the right seat."""
    person = world.deals["own"].who(seat)
    asked: list[str] = []
    tried = 0
    for outlet in opening():
        monkeypatch.setattr(outlet.services, "open", lambda slug=outlet.slug, **given: asked.append(slug))
        for ground in list(grounds(world, outlet))[:1]:
            if not may(outlet, ground, Eyes(world, person)):
                tried += 1
                with pytest.raises(NotAllowed):
                    outlet.open(by=Actor.of(person), **{outlet.model.opened_on: ground})
    assert asked == []
    assert tried
