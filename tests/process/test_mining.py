"""Exports for process mining: in the shape of their standards, under stable names, for their reader only."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element

import jsonschema
import pytest
import time_machine
from defusedxml.ElementTree import fromstring
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, User
from process.mining import ocel, xes
from process.mining.deals import Scope, deals
from process.models import LogEntry
from projects import services
from projects.models import Project
from tests.api.caller import Caller, problem
from tests.factories.projects import decide, make_project, make_submitted_project
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db
N = f"{{{xes.NAMESPACE}}}"
TYPE: dict[str, Any] = {
    "type": "object",
    "required": ["name", "attributes"],
    "properties": {
        "name": {"type": "string"},
        "attributes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "type"],
                "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
            },
        },
    },
}
LINKS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["objectId", "qualifier"],
        "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}},
    },
}


def values(*names: str) -> dict[str, Any]:
    """Attributes of an event or an object, each with these strings."""
    each = {"type": "object", "required": list(names), "properties": {name: {"type": "string"} for name in names}}
    return {"type": "array", "items": each}


# What OCEL 2.0 asks of a JSON file (https://www.ocel-standard.org), in our words.
OCEL: dict[str, Any] = {
    "type": "object",
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "properties": {
        "objectTypes": {"type": "array", "items": TYPE},
        "eventTypes": {"type": "array", "items": TYPE},
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type"],
                "properties": {
                    "id": {"type": "string"},
                    "type": {"type": "string"},
                    "attributes": values("name", "value", "time"),
                    "relationships": LINKS,
                },
            },
        },
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "time"],
                "properties": {
                    "id": {"type": "string"},
                    "type": {"type": "string"},
                    "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+\d\d:\d\d$"},
                    "attributes": values("name", "value"),
                    "relationships": LINKS,
                },
            },
        },
    },
}


@pytest.fixture
def project() -> Project:
    """Decided on, and offered to guidance."""
    project = make_submitted_project()
    decide(project, services.approve)
    project.refresh_from_db()
    return project


def as_xes(reader: User, scope: Scope | None = None) -> Element:
    return fromstring(b"".join(xes.export(deals(scope or Scope(), reader))))


def as_ocel(reader: User, scope: Scope | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b"".join(ocel.export(deals(scope or Scope(), reader))))
    return found


def text(element: Element, key: str) -> str:
    return next(one.attrib["value"] for one in element if one.attrib["key"] == key)


def told(log: Element) -> dict[str, list[str]]:
    """{name of the deal: its acts}."""
    return {
        text(trace, "concept:name"): [text(event, "concept:name") for event in trace.findall(f"{N}event")]
        for trace in log.findall(f"{N}trace")
    }


def logged(project: Project) -> list[str]:
    found = LogEntry.objects.filter(case_id=project.case_id).exclude(kind="approvals.approvalrequest")
    return list(found.order_by("seq").values_list("action", flat=True))


# The standards -----------------------------------------------------------------------------------------
def in_order(names: Iterable[str], order: list[str]) -> bool:
    places = [order.index(name) for name in names]
    return places == sorted(places)


def test_xes_has_the_shape_of_ieee_1849(project: Project, auditor: User) -> None:
    log = as_xes(auditor)
    assert log.tag == f"{N}log"
    assert log.attrib["xes.version"] == "1849.2016" and "xes.features" in log.attrib
    plain = ["string", "date", "int", "float", "boolean", "id"]
    names = [one.tag.removeprefix(N) for one in log]
    assert in_order(
        ["attribute" if name in plain else name for name in names],
        ["extension", "global", "classifier", "attribute", "trace"],
    )
    prefixes = {one.attrib["prefix"] for one in log.findall(f"{N}extension")}
    assert all(set(one.attrib) == {"name", "prefix", "uri"} for one in log.findall(f"{N}extension"))
    globals_ = {one.attrib["scope"]: [item.attrib["key"] for item in one] for one in log.findall(f"{N}global")}
    assert set(globals_) == {"trace", "event"}
    for one in log.findall(f"{N}classifier"):
        assert set(one.attrib["keys"].split()) <= set(globals_["event"])
    traces = log.findall(f"{N}trace")
    assert traces
    for trace in traces:
        parts = [one.tag.removeprefix(N) for one in trace]
        assert in_order(["event" if name == "event" else "attribute" for name in parts], ["attribute", "event"])
        elements = [trace, *trace.findall(f"{N}event")]
        for element, scope in zip(elements, ["trace", *["event"] * len(elements)], strict=False):
            own = [one for one in element if one.tag != f"{N}event"]
            keys = [one.attrib["key"] for one in own]
            assert len(keys) == len(set(keys)) and set(globals_[scope]) <= set(keys)
            assert {key.split(":")[0] for key in keys if ":" in key} <= prefixes
            assert all(set(one.attrib) == {"key", "value"} and not len(one) for one in own)
            assert uuid.UUID(text(element, "identity:id"))
            assert all(one.tag.removeprefix(N) in plain for one in own)
        for event in trace.findall(f"{N}event"):
            moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+\d\d:\d\d"
            assert re.fullmatch(moment, text(event, "time:timestamp"))


def test_ocel_has_the_shape_of_its_schema_and_every_name_is_declared(project: Project, auditor: User) -> None:
    found = as_ocel(auditor)
    jsonschema.validate(found, OCEL)
    things, acts = ({one["name"] for one in found[name]} for name in ("objectTypes", "eventTypes"))
    ids = [one["id"] for one in found["objects"]]
    assert len(ids) == len(set(ids)) and {one["type"] for one in found["objects"]} <= things
    events = [one["id"] for one in found["events"]]
    assert len(events) == len(set(events)) and {one["type"] for one in found["events"]} == acts
    for one in [*found["objects"], *found["events"]]:
        assert {link["objectId"] for link in one["relationships"]} <= set(ids)
    declared = {one["name"]: {item["name"] for item in one["attributes"]} for one in found["objectTypes"]}
    for one in found["objects"]:
        assert {item["name"] for item in one["attributes"]} <= declared[one["type"]]


# What they tell ----------------------------------------------------------------------------------------
def test_both_tell_the_log_of_the_deal_under_stable_names(project: Project, auditor: User) -> None:
    label = f"{project.code} {project.title}"
    assert told(as_xes(auditor)) == {label: logged(project)}
    found = as_ocel(auditor)
    assert [one["type"] for one in found["events"]] == logged(project)
    handed = [one for one in found["objects"] if one["type"] == "process.handover"]
    assert len(handed) == 1
    offered = next(one for one in found["events"] if one["type"] == "handover.offer")
    assert {"objectId": handed[0]["id"], "qualifier": "record"} in offered["relationships"]
    assert as_ocel(auditor) == found
    services.edit(project, by=project.owner, scope="另一个范围")
    later = as_ocel(auditor)
    assert [one["id"] for one in later["events"]][:-1] == [one["id"] for one in found["events"]]


def test_no_deal_and_no_act(auditor: User) -> None:
    assert told(as_xes(auditor)) == {}
    empty = as_ocel(auditor)
    jsonschema.validate(empty, OCEL)
    assert (empty["events"], empty["objects"]) == ([], [])


def test_names_are_for_those_who_may_see_people(project: Project, auditor: User, pfc: User, director: User) -> None:
    owner = project.owner
    assert owner is not None and not pfc.has_right("see_people")
    assert owner.username in json.dumps(as_ocel(auditor))
    one, other = as_ocel(pfc), as_ocel(director)
    people = [[thing["id"] for thing in found["objects"] if thing["type"] == "person"] for found in (one, other)]
    assert people[0] == people[1] and all(re.fullmatch(r"person:(P-[0-9a-f]{12}|system)", name) for name in people[0])
    assert owner.username not in json.dumps(one)
    resources = {text(event, "org:resource") for event in as_xes(pfc).iter(f"{N}event")}
    assert {f"person:{name}" for name in resources} == set(people[0])


def test_only_what_the_reader_may_see_and_no_cost(project: Project, legal: User, stranger: User) -> None:
    make_project(title="别人的项目")
    own = make_user("ar", department="sales_south", roles=("ar",))
    mine = make_project(own)
    assert list(told(as_xes(own))) == [f"{mine.code} {mine.title}"]
    assert told(as_xes(stranger)) == {}
    assert len(told(as_xes(legal))) == 3
    assert any(action.startswith("cost_") for action in logged(project))
    acts = told(as_xes(legal))[f"{project.code} {project.title}"]
    assert acts == [action for action in logged(project) if not action.startswith("cost_")]
    assert not any(one["type"].startswith("finance.") for one in as_ocel(legal)["objects"])


def test_period_and_department(project: Project, auditor: User) -> None:
    with time_machine.travel("2031-03-05 23:30:00+08:00"):
        services.edit(project, by=project.owner, scope="三月")
    day = dt.date(2031, 3, 5)
    assert [len(acts) for acts in told(as_xes(auditor, Scope(from_on=day, to_on=day))).values()] == [1]
    assert told(as_xes(auditor, Scope(from_on=dt.date(2031, 3, 6)))) == {}
    whole = Department.objects.get(code="sales")
    part = Department.objects.get(code="sales_north")
    other = Department.objects.get(code="sales_south")
    assert project.department == part
    assert [len(told(as_xes(auditor, Scope(department=one)))) for one in (whole, part, other)] == [1, 1, 0]


def test_more_deals_are_no_more_statements(project: Project, auditor: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            as_ocel(auditor)
        return len(asked)

    as_ocel(auditor)
    few = statements()
    for _number in range(8):
        make_project()
    assert statements() <= few
    assert not auditor.__dict__.get("_sees")


# Page and API ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["xes", "ocel"])
def test_page_and_api_give_the_same_file(project: Project, auditor: User, kind: str) -> None:
    page = signed_in(auditor).get(f"/process/events/{kind}/?from_on=&to_on=&department=")
    program = Caller(auditor).get(f"process/events/{kind}/")
    assert (page.status_code, program.status_code) == (200, 200)
    content = b"".join(page.streaming_content)
    assert content == b"".join(program.streaming_content)
    assert project.code.encode() in content
    assert f"/process/events/{kind}/" in signed_in(auditor).get("/process/").text


def test_nonsense_is_refused(auditor: User, admin: User) -> None:
    client = signed_in(auditor)
    for asked in ("from_on=gestern", "department=99999999", "colour=red"):
        assert client.get(f"/process/events/xes/?{asked}").status_code == 400
        problem(Caller(auditor).get(f"process/events/xes/?{asked}"), 400)
    assert client.get("/process/events/pdf/").status_code == 404
    problem(Caller(auditor).get("process/events/pdf/"), 404)
    assert signed_in(admin).get("/process/events/xes/").status_code == 404
    assert "/process/events/" not in signed_in(admin).get("/process/").text
