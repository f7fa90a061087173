"""L3 steps: what is expected, until when, and what has been done; also across versions of the catalogue."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings

from leads import services
from process.models import ProcessVersion, StepRecord
from process.services.definitions import publish, read_catalogue
from tests.factories.leads import lead_manager, make_lead

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY_AFTERNOON = dt.datetime(2026, 3, 6, 16, 0, tzinfo=SHANGHAI)


def steps(case_id: int) -> dict[str, StepRecord]:
    found = StepRecord.objects.filter(case_id=case_id, definition__isnull=False).select_related("definition")
    return {one.definition.code: one for one in found}


def test_an_act_ends_its_step_and_begins_the_next(sales) -> None:
    lead = make_lead(by=sales)
    found = steps(lead.case_id)
    assert {code: one.state for code, one in found.items()} == {"ML-1": "done", "ML-2": "open"}
    assert found["ML-1"].ended_by == sales.name
    manager = lead_manager()
    services.assign(lead, by=manager, owner=sales)
    found = steps(lead.case_id)
    assert {code: one.state for code, one in found.items()} == {"ML-1": "done", "ML-2": "done", "ML-3": "open"}
    assert (found["ML-2"].ended_by, found["ML-2"].ended_at is not None) == (manager.name, True)


def test_a_limit_runs_on_the_working_calendar(sales) -> None:
    """Eight working hours from Friday 16:00: two on Friday, six on Monday, with the lunch hour left out."""
    with time_machine.travel(FRIDAY_AFTERNOON, tick=False):
        lead = make_lead(by=sales)
    assert steps(lead.case_id)["ML-2"].due_at == dt.datetime(2026, 3, 9, 16, 0, tzinfo=SHANGHAI)


def test_a_limit_on_natural_hours_does_not_wait_for_monday(sales) -> None:
    publish([_step("N-1", starts_on=["lead.open"], verbs=["lead.start"], sla_hours=48, clock="natural")])
    with time_machine.travel(FRIDAY_AFTERNOON, tick=False):
        lead = make_lead(by=sales)
    assert steps(lead.case_id)["N-1"].due_at == FRIDAY_AFTERNOON + dt.timedelta(hours=48)


def test_a_step_done_stays_done(sales) -> None:
    """A lead that goes through the pool and is assigned again was verified once."""
    manager = lead_manager()
    lead = services.assign(make_lead(by=manager), by=manager, owner=sales)
    ended_at = steps(lead.case_id)["ML-2"].ended_at
    services.pool(lead, by=manager, pool_reason="no contact")
    services.assign(lead, by=manager, owner=sales)
    again = steps(lead.case_id)["ML-2"]
    assert (again.state, again.ended_at) == ("done", ended_at)


def _step(code: str, **more: object) -> dict[str, object]:
    step = {"code": code, "zh": code, "en": code, "stage": "lead", "accountable": "ar", "verbs": []}
    return {**step, **more}


def test_a_running_case_keeps_the_version_it_began_with(sales) -> None:
    """The step was begun under version 1; its end is recorded on that row, though version 2 is in force by then."""
    lead = make_lead(by=sales)
    begun = steps(lead.case_id)["ML-2"]
    content = read_catalogue(settings.BASE_DIR / "ltc" / "catalogue")
    for step in content:
        step["sla_hours"] = 100
    version, created = publish(content)
    assert created and version.number == begun.definition.version.number + 1
    services.assign(lead, by=lead_manager(), owner=sales)
    found = StepRecord.objects.filter(case_id=lead.case_id, definition__code="ML-2")
    assert [(one.pk, one.state, one.definition.version_id) for one in found] == [
        (begun.pk, "done", begun.definition.version_id)
    ]
    assert steps(lead.case_id)["ML-3"].definition.version_id == begun.definition.version_id, "also what begins later"
    assert steps(make_lead(by=sales).case_id)["ML-1"].definition.version == version, "a new case walks by the new one"


def test_publishing_the_same_again_changes_nothing() -> None:
    before = ProcessVersion.objects.count()
    version, created = publish(read_catalogue(settings.BASE_DIR / "ltc" / "catalogue"))
    assert (created, ProcessVersion.objects.count()) == (False, before)
    assert version.steps.count() == 28


def test_the_catalogue_says_who(sales, lead_manager, director) -> None:
    """Data may add a lock, never a door: with `who` in the catalogue only those may fire the verb."""
    from process import access

    lead = make_lead(by=sales)
    assert access.may(lead, "assign", access.Actor.of(lead_manager))
    publish([_step("W-1", verbs=["lead.assign"], who={"lead.assign": ["director"]})])
    assert access.may(lead, "assign", access.Actor.of(lead_manager)), "a running case keeps its version"
    later = make_lead(by=sales)
    assert not access.may(later, "assign", access.Actor.of(lead_manager))
    assert access.may(later, "assign", access.Actor.of(director))
