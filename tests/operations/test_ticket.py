"""Tickets: the machine, and its clocks of working or natural hours."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Notice
from core.errors import NotAllowed, Refused
from operations.models import Ticket
from operations.services import ticket as tickets
from tests.factories.leads import term
from tests.factories.operations import make_agreement, make_ticket
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Friday evening before a weekend, and the eve of the Spring Festival 2026.
FRIDAY = dt.datetime(2026, 1, 9, 17, 0, tzinfo=SHANGHAI)
SPRING_FESTIVAL = dt.datetime(2026, 2, 16, 20, 0, tzinfo=SHANGHAI)


@pytest.fixture
def served():
    return make_agreement()


@pytest.mark.parametrize(
    ("cover", "priority", "reported", "clock", "respond", "resolve"),
    [
        # 4 working hours from Friday 17:00: one on Friday, three on Monday morning; 40 hours are a week of work.
        ("5x8", "P3", FRIDAY, "working", (2026, 1, 12, 12, 0), (2026, 1, 16, 17, 0)),
        ("5x8", "P1", FRIDAY, "natural", (2026, 1, 9, 17, 30), (2026, 1, 10, 17, 0)),
        # 7×24 runs through the Spring Festival, whatever the priority.
        ("7x24", "P3", SPRING_FESTIVAL, "natural", (2026, 2, 17, 0, 0), (2026, 2, 18, 12, 0)),
        ("7x24", "P1", SPRING_FESTIVAL, "natural", (2026, 2, 16, 20, 30), (2026, 2, 17, 20, 0)),
    ],
)
def test_promises_run_on_the_right_clock(cover, priority, reported, clock, respond, resolve):
    deal, agreement = make_agreement(cover=cover)
    ticket = make_ticket(deal, agreement, priority=priority, reported_at=reported)
    assert ticket.clock == clock
    assert ticket.response_due_at == dt.datetime(*respond, tzinfo=SHANGHAI)
    assert ticket.resolve_due_at == dt.datetime(*resolve, tzinfo=SHANGHAI)


def test_the_whole_way(served):
    deal, agreement = served
    ticket = make_ticket(deal, agreement, priority="P1")
    way = [
        ("assign", deal.service, {"owner": deal.service}, "assigned"),
        ("start", deal.service, {}, "in_progress"),
        ("wait", deal.service, {"note": "等客户日志"}, "waiting"),
        ("resume", deal.service, {}, "in_progress"),
        ("resolve", deal.service, {"solution": "重启服务"}, "resolved"),
        ("reopen", deal.service, {"note": "又出现"}, "in_progress"),
        ("resolve", deal.service, {"solution": "换硬盘"}, "resolved"),
        ("close", deal.service, {"satisfaction": 2}, "closed"),
        ("reopen", deal.service, {"note": "又出现"}, "in_progress"),
    ]
    for verb, person, fields, state in way:
        getattr(tickets, verb)(ticket, by=person, **fields)
        assert (ticket.state, last_log(ticket).action) == (state, f"ticket.{verb}")
    assert Notice.objects.filter(user=deal.ar, key=f"ticket:{ticket.pk}:complaint").count() == 1


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("start", {}),
        ("wait", {"note": "x"}),
        ("resume", {}),
        ("resolve", {"solution": "x"}),
        ("close", {}),
        ("reopen", {"note": "x"}),
    ],
)
def test_not_out_of_a_new_one(served, verb, fields):
    deal, agreement = served
    ticket = make_ticket(deal, agreement)
    with unchanged(ticket), pytest.raises(Refused):
        getattr(tickets, verb)(ticket, by=deal.service, **fields)


def test_waiting_stops_the_clock(served, monkeypatch):
    deal, agreement = served
    start = timezone.now()
    ticket = make_ticket(deal, agreement, priority="P1", reported_at=start)
    due = ticket.resolve_due_at
    tickets.assign(ticket, by=deal.service)
    tickets.start(ticket, by=deal.service)
    tickets.wait(ticket, by=deal.service, note="等客户")
    Ticket.objects.filter(pk=ticket.pk).update(waiting_since=timezone.now() - dt.timedelta(hours=6))
    ticket.refresh_from_db()
    tickets.resume(ticket, by=deal.service)
    assert ticket.paused_hours.quantize(Decimal("0.01")) == Decimal("6.00")
    assert abs((ticket.resolve_due_at - due) - dt.timedelta(hours=6)) < dt.timedelta(seconds=5)
    assert tickets.used_percent(ticket, start + dt.timedelta(hours=18)) in (49, 50)


def test_each_step_of_a_breach_is_told_once(served):
    deal, agreement = served
    start = timezone.now() - dt.timedelta(hours=19)
    ticket = make_ticket(deal, agreement, priority="P1", reported_at=start)
    assert tickets.sweep() == 2
    assert tickets.sweep() == 0
    assert tickets.sweep(start + dt.timedelta(hours=31)) == 1
    ticket.refresh_from_db()
    assert ticket.warned_percent == 125
    assert Notice.objects.filter(user=deal.ar, key=f"ticket:{ticket.pk}:resolve:125").exists()


def test_only_the_service_desk_works_on_it(served):
    deal, agreement = served
    ticket = make_ticket(deal, agreement)
    for person in (deal.ar, deal.legal):
        with unchanged(ticket), pytest.raises(NotAllowed):
            tickets.assign(ticket, by=person, owner=deal.service)


def test_merging_needs_another_ticket_of_the_same_customer(served):
    deal, agreement = served
    one, other = make_ticket(deal, agreement), make_ticket(deal, agreement)
    with unchanged(one), pytest.raises(Refused):
        tickets.merge(one, by=deal.service, other=one)
    elsewhere, agreement_elsewhere = make_agreement()
    foreign = make_ticket(elsewhere, agreement_elsewhere)
    with unchanged(one), pytest.raises(Refused):
        tickets.merge(one, by=deal.service, other=foreign)
    tickets.merge(one, by=deal.service, other=other)
    assert (one.state, one.merged_into) == ("merged", other)


def test_too_old_to_be_reopened(served):
    deal, agreement = served
    ticket = make_ticket(deal, agreement)
    tickets.assign(ticket, by=deal.service)
    tickets.start(ticket, by=deal.service)
    tickets.resolve(ticket, by=deal.service, solution="重启")
    Ticket.objects.filter(pk=ticket.pk).update(resolved_at=timezone.now() - dt.timedelta(days=16))
    ticket.refresh_from_db()
    with unchanged(ticket), pytest.raises(Refused):
        tickets.reopen(ticket, by=deal.service, note="又出现")


def test_a_need_becomes_a_lead_that_remembers_its_origin(served):
    deal, agreement = served
    ticket = make_ticket(deal, agreement, kind=term("ticket.kind", "need"))
    lead = tickets.raise_lead(ticket, by=deal.service, title="二期扩容", need="再加 200 点位")
    assert lead.case.origin == deal.project.case
    assert (lead.customer, lead.owner, lead.state) == (agreement.customer, deal.ar, "assigned")
