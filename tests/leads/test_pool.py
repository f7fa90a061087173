"""The pool: its limits, handing on, and what the clock does."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Notice
from core.calendar import today
from core.errors import NotAllowed, Refused
from leads import services
from leads.models import Lead, PoolPolicy
from leads.services import sweeps
from process.services import seat
from tests.factories.leads import (
    make_assigned_lead,
    make_lead,
    make_pooled_lead,
    make_qualified_lead,
    make_working_lead,
    term,
)
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def policy(**values) -> PoolPolicy:
    return PoolPolicy.objects.update_or_create(defaults=values)[0]


def test_pool_takes_the_owner_away(sales, sales2, lead_manager) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.pool(lead, by=sales)
    assert lead not in Lead.objects.visible_to(sales2)
    services.pool(lead, by=lead_manager, pool_reason="休假")
    assert (lead.state, lead.owner, lead.previous_owner, lead.pool_reason) == ("pooled", None, sales, "休假")
    assert seat(lead.case_id, "ar") is None
    assert lead in Lead.objects.visible_to(sales2)
    with unchanged(lead), pytest.raises(Refused):
        services.pool(lead, by=lead_manager)


def test_pick_gives_owner_seat_and_clock(sales, sales2, stranger) -> None:
    lead = make_pooled_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.pick(lead, by=stranger)
    services.pick(lead, by=sales2)
    assert (lead.state, lead.owner, lead.pooled_at) == ("assigned", sales2, None)
    assert lead.first_response_due_at > timezone.now()
    assert seat(lead.case_id, "ar") == sales2
    with unchanged(lead), pytest.raises(Refused):
        services.pick(lead, by=sales2)


def test_the_previous_owner_waits(sales) -> None:
    lead = make_pooled_lead(sales)
    with unchanged(lead), pytest.raises(Refused):
        services.pick(lead, by=sales)
    policy(blocked_days=0)
    assert services.pick(lead, by=sales).owner == sales


def test_every_limit_is_named_at_once(sales) -> None:
    policy(holding_capacity=1, daily_picks=1)
    services.pick(make_pooled_lead(), by=sales)
    lead = make_pooled_lead(sales)
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.pick(lead, by=sales)
    assert len(refusal.value.reasons) == 3


def test_reassign_moves_owner_and_seat(sales, sales2, lead_manager, stranger) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.reassign(lead, by=sales2, owner=sales2)
    with unchanged(lead), pytest.raises(Refused):
        services.reassign(lead, by=lead_manager, owner=stranger)
    services.reassign(lead, by=lead_manager, owner=sales2, note="区域调整")
    assert (lead.owner, lead.state, lead.previous_owner) == (sales2, "working", sales)
    assert seat(lead.case_id, "ar") == sales2
    assert last_log(lead).action == "lead.reassign"
    converted = make_qualified_lead(sales)
    with unchanged(converted), pytest.raises(Refused):
        services.reassign(converted, by=lead_manager, owner=sales2)


def test_the_first_response_is_reminded_once(sales, lead_manager) -> None:
    lead = make_assigned_lead(sales)
    Lead.objects.filter(pk=lead.pk).update(first_response_due_at=timezone.now() - DAY)
    before = Notice.objects.count()
    assert sweeps.remind_first_response() == 1
    told = Notice.objects.count() - before
    assert told >= 2
    sweeps.remind_first_response()
    assert Notice.objects.count() - before == told


def test_next_acts_are_reminded_once_a_day(sales) -> None:
    lead = make_working_lead(sales, next_action="拜访", next_action_on=today() - DAY)
    make_working_lead(sales, next_action="拜访", next_action_on=today())
    assert sweeps.remind_next_acts() == 1
    assert sweeps.remind_next_acts() == 1
    assert Notice.objects.filter(user=sales, key=f"lead-next-act:{lead.pk}:{today()}").count() == 1


def test_sleeping_leads_wake_on_their_day(sales) -> None:
    lead = make_working_lead(sales)
    services.nurture(lead, by=sales, wake_on=today() + DAY)
    assert sweeps.wake_due() == 0
    Lead.objects.filter(pk=lead.pk).update(wake_on=today())
    assert sweeps.wake_due() == 1
    lead.refresh_from_db()
    assert lead.state == "working"
    assert last_log(lead).actor_kind == "system"
    assert sweeps.wake_due() == 0


def test_neglected_leads_are_warned_and_pooled(sales) -> None:
    rules = policy(idle_days=30, long_idle_days=60)
    rules.long_sources.add(term("lead.source", "executive"))
    lead = make_working_lead(sales)
    patient = make_working_lead(sales, source=term("lead.source", "executive"))
    fresh = make_working_lead(sales)
    _lies_since(lead, 29)
    _lies_since(patient, 31)
    assert sweeps.pool_neglected() == 0
    assert Notice.objects.filter(user=sales, key__startswith=f"lead-pool-warning:{lead.pk}:").count() == 2
    _lies_since(lead, 31)
    assert sweeps.pool_neglected() == 1
    for one in (lead, patient, fresh):
        one.refresh_from_db()
    assert [one.state for one in (lead, patient, fresh)] == ["pooled", "working", "working"]
    assert lead.previous_owner == sales
    assert sweeps.pool_neglected() == 0


def _lies_since(lead: Lead, days: int) -> None:
    at = timezone.now() - days * DAY
    Lead.objects.filter(pk=lead.pk).update(assigned_at=at, started_at=at)


def test_the_tasks_call_the_sweeps(sales) -> None:
    from leads import tasks

    make_lead(by=sales)
    for task in (tasks.remind_leads, tasks.wake_leads, tasks.pool_leads):
        task()
