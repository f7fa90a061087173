"""Deals as OCEL 2.0 in JSON: events with everything they are about: the deal, the record, the person."""

import json
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any

from process.mining.deals import Deal, Event, Thing

CONTENT_TYPE = "application/json"
FILE_NAME = "events.ocel.json"
DEAL, PERSON = "deal", "person"
OF_AN_EVENT = ("state", "department")
OF_A_THING = ("code", "stage", "department")
OF_A_DEAL = ("name", "department")
CHUNK = 1 << 16


def export(found: Iterable[Deal]) -> Iterator[bytes]:
    """The file in parts. Objects are put aside on disk while events are sent, and the types come last."""
    types: set[str] = set()
    kinds, people = {DEAL, PERSON}, set[str]()
    with TemporaryFile() as aside:
        yield b'{"events":['
        first = b""
        for deal in found:
            _write(aside, _deal(deal))
            for thing in deal.things.values():
                kinds.add(thing.key[0])
                _write(aside, _thing(thing, deal))
            for event in deal.events:
                types.add(event.action)
                people.add(event.person)
                yield first + _json(_event(event, deal))
                first = b",\n"
        for name in sorted(people):
            _write(aside, {"id": f"{PERSON}:{name}", "type": PERSON, "attributes": [], "relationships": []})
        yield b'],\n"objects":['
        yield from _put_back(aside)
        declared = [_type(kind, OF_A_DEAL if kind == DEAL else () if kind == PERSON else OF_A_THING) for kind in kinds]
        declared.sort(key=lambda one: one["name"])
        yield b'],\n"objectTypes":' + _json(declared)
        yield b',\n"eventTypes":' + _json([_type(name, OF_AN_EVENT) for name in sorted(types)]) + b"}\n"


def _event(event: Event, deal: Deal) -> dict[str, Any]:
    about = [{"objectId": deal.id, "qualifier": "deal"}, {"objectId": f"{PERSON}:{event.person}", "qualifier": "by"}]
    if event.key in deal.things:
        about.append({"objectId": deal.things[event.key].id, "qualifier": "record"})
    values = {"state": event.state_to, "department": event.department}
    return {
        "id": event.id,
        "type": event.action,
        "time": event.at.isoformat(timespec="milliseconds"),
        "attributes": [{"name": name, "value": value} for name, value in values.items() if value],
        "relationships": about,
    }


def _deal(deal: Deal) -> dict[str, Any]:
    since = deal.events[0].at
    values = {"name": deal.label, "department": deal.department}
    return {"id": deal.id, "type": DEAL, "attributes": _at(values, since), "relationships": []}


def _thing(thing: Thing, deal: Deal) -> dict[str, Any]:
    values = {"code": thing.code, "stage": thing.stage, "department": thing.department}
    return {
        "id": thing.id,
        "type": thing.key[0],
        "attributes": _at(values, thing.since),
        "relationships": [{"objectId": deal.id, "qualifier": "part of"}],
    }


def _at(values: dict[str, str], since: Any) -> list[dict[str, str]]:
    moment = since.isoformat(timespec="milliseconds")
    return [{"name": name, "value": value, "time": moment} for name, value in values.items() if value]


def _type(name: str, attributes: tuple[str, ...]) -> dict[str, Any]:
    return {"name": name, "attributes": [{"name": one, "type": "string"} for one in attributes]}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _write(aside: IO[bytes], value: dict[str, Any]) -> None:
    if aside.tell():
        aside.write(b",\n")
    aside.write(_json(value))


def _put_back(aside: IO[bytes]) -> Iterator[bytes]:
    aside.seek(0)
    while part := aside.read(CHUNK):
        yield part
