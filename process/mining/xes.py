"""Deals as XES, IEEE 1849-2016: a trace per deal, an event per act."""

import uuid
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import quoteattr

from core.text import clean_text
from process.mining.deals import Deal, Event, thing_id

CONTENT_TYPE = "application/xml"
FILE_NAME = "events.xes"
NAMESPACE = "http://www.xes-standard.org/"
# In the order of the schema: extensions, what every trace and event has, classifiers; then the traces.
_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="{NAMESPACE}">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<string key="lifecycle:transition" value="complete"/>
<string key="org:resource" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Activity and person" keys="concept:name org:resource"/>
<string key="lifecycle:model" value="standard"/>
"""


def export(found: Iterable[Deal]) -> Iterator[bytes]:
    """The file in parts, one per deal."""
    yield _HEAD.encode()
    for deal in found:
        yield _trace(deal).encode()
    yield b"</log>\n"


def _trace(deal: Deal) -> str:
    lines = [
        "<trace>",
        _string("concept:name", deal.label),
        _identity(deal.id),
        _string("org:group", deal.department),
    ]
    for event in deal.events:
        lines += ["<event>", *_event(deal, event), "</event>"]
    return "\n".join([*lines, "</trace>\n"])


def _event(deal: Deal, event: Event) -> list[str]:
    thing = deal.things.get(event.key)
    return [
        _string("concept:name", event.action),
        _identity(event.id),
        _string("lifecycle:transition", "complete"),
        _string("org:resource", event.person),
        _string("org:group", event.department),
        f'<date key="time:timestamp" value="{event.at.isoformat(timespec="milliseconds")}"/>',
        _string("record", thing_id(event.key)),
        *([_string("stage", thing.stage)] if thing is not None and thing.stage else []),
        *([_string("state", event.state_to)] if event.state_to else []),
    ]


def _identity(name: str) -> str:
    """XES wants a UUID: it is made of our own stable name."""
    return f'<id key="identity:id" value="{uuid.uuid5(uuid.NAMESPACE_OID, f"ltc:{name}")}"/>'


def _string(key: str, value: str) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(clean_text(value))}/>"
