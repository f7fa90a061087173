"""Service agreements: warranty, retention at its end, service, renewal; and inspections."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Notice
from billing.models import ReceivableLine
from core.calendar import today
from core.errors import NotAllowed, Refused
from delivery.services import deliverable as deliverables
from delivery.services import order as orders
from operations.models import ServiceAgreement
from operations.services import agreement as agreements
from operations.services import inspection as inspections
from operations.services import ticket as tickets
from process.services import counter
from tests.factories.delivery import make_acceptance, make_running_order, sign, waiting
from tests.factories.leads import term
from tests.factories.operations import make_agreement, make_ticket
from tests.helpers import actions, unchanged

pytestmark = pytest.mark.django_db


def test_from_delivery_to_the_release_of_the_retention():
    deal, order = make_running_order()
    long_ago = today() - dt.timedelta(days=400)
    item = deliverables.open(by=deal.fr, order=order, title="平台")
    deliverables.submit(item, by=deal.fr)
    deliverables.accept(item, by=deal.fr)
    orders.request_acceptance(order, by=deal.fr)
    sign(deal, make_acceptance(deal, order, "final"), signed_on=long_ago)
    orders.accept(order, by=deal.fr, service_manager=deal.service)
    counter.take(waiting(deal, "operations"), by=deal.service)
    agreement = ServiceAgreement.objects.get(order=order)
    deal.project.refresh_from_db()
    assert (deal.project.stage, agreement.state, agreement.owner) == ("operations", "preparing", deal.service)
    assert (agreement.warranty_from, agreement.items.get().name) == (long_ago, "平台")

    with unchanged(agreement), pytest.raises(Refused):
        agreements.confirm_warranty_end(agreement, by=deal.service)
    agreements.start(agreement, by=deal.service)
    assert agreements.sweep() > 0
    fault = make_ticket(deal, agreement)
    with unchanged(agreement), pytest.raises(Refused, match=fault.code):
        agreements.confirm_warranty_end(agreement, by=deal.service)
    tickets.merge(fault, by=deal.service, other=make_ticket(deal, agreement, kind=fault.kind))
    other = agreement.tickets.get(state="new")
    tickets.assign(other, by=deal.service)
    tickets.start(other, by=deal.service)
    tickets.resolve(other, by=deal.service, solution="重启")
    with unchanged(agreement), pytest.raises(NotAllowed):
        agreements.confirm_warranty_end(agreement, by=deal.legal)
    agreements.confirm_warranty_end(agreement, by=deal.service)
    retention = ReceivableLine.objects.get(contract=deal.contract, is_retention=True)
    assert (retention.state, retention.gross_amount, retention.arises_on) == ("eligible", Decimal("100600.00"), today())
    with unchanged(agreement), pytest.raises(Refused):
        agreements.confirm_warranty_end(agreement, by=deal.service)


def test_the_warranty_does_not_end_before_its_last_day():
    deal, agreement = make_agreement()
    with unchanged(agreement), pytest.raises(Refused):
        agreements.confirm_warranty_end(agreement, by=deal.service)
    with unchanged(agreement), pytest.raises(Refused) as refused:
        agreements.serve(agreement, by=deal.service)
    assert len(refused.value.reasons) == 2


def test_service_with_its_own_book_renewed_and_expired():
    deal, agreement = make_agreement(
        warranty_from=today() - dt.timedelta(days=100),
        warranty_until=today() - dt.timedelta(days=1),
        service_until=today() + dt.timedelta(days=100),
    )
    assert agreement.cost_book() == deal.project.book
    agreements.confirm_warranty_end(agreement, by=deal.service)
    agreements.serve(agreement, by=deal.service)
    assert agreement.state == "in_service"
    assert agreement.cost_book() != deal.project.book
    with unchanged(agreement), pytest.raises(Refused):
        agreements.expire(agreement, by=deal.service)
    fresh = agreements.renew(agreement, by=deal.service, service_until=today() + dt.timedelta(days=465))
    assert (fresh.previous, fresh.state, fresh.items.count()) == (agreement, "preparing", 1)
    assert agreement.state == "in_service"
    with unchanged(agreement), pytest.raises(Refused, match=fresh.code):
        agreements.renew(agreement, by=deal.service, service_until=today() + dt.timedelta(days=900))
    ServiceAgreement.objects.filter(pk=agreement.pk).update(service_until=today() - dt.timedelta(days=1))
    agreements.sweep()
    agreement.refresh_from_db()
    assert agreement.state == "expired"


def test_a_warranty_that_no_service_follows_ends_by_itself():
    deal, agreement = make_agreement(
        warranty_from=today() - dt.timedelta(days=100), warranty_until=today() - dt.timedelta(days=1)
    )
    agreements.sweep()
    agreement.refresh_from_db()
    assert agreement.state == "in_warranty", "the end is not confirmed yet"
    agreements.confirm_warranty_end(agreement, by=deal.service)
    question = make_ticket(deal, agreement, kind=term("ticket.kind", "question"))
    agreements.sweep()
    agreement.refresh_from_db()
    assert agreement.state == "in_warranty", "a ticket is open"
    tickets.assign(question, by=deal.service)
    tickets.start(question, by=deal.service)
    tickets.resolve(question, by=deal.service, solution="已答复")
    tickets.close(question, by=deal.service)
    agreements.sweep()
    agreement.refresh_from_db()
    assert (agreement.state, agreement.is_open, agreement.book) == ("expired", False, None)
    assert actions(agreement)[-2:] == ["service_agreement.serve", "service_agreement.expire"]
    fresh = agreements.renew(agreement, by=deal.service, service_until=today() + dt.timedelta(days=365))
    assert fresh.state == "preparing"


def test_paid_service_without_an_end_goes_on():
    deal, agreement = make_agreement(
        warranty_from=today() - dt.timedelta(days=100),
        warranty_until=today() - dt.timedelta(days=1),
        gross_yearly_amount=Decimal("30000.00"),
    )
    agreements.confirm_warranty_end(agreement, by=deal.service)
    agreements.serve(agreement, by=deal.service)
    agreements.sweep()
    agreement.refresh_from_db()
    assert agreement.state == "in_service"


def test_terminated_before_its_time_with_a_reason_and_no_open_ticket():
    deal, agreement = make_agreement()
    ServiceAgreement.objects.filter(pk=agreement.pk).update(
        warranty_until=today() - dt.timedelta(days=1), warranty_ended_on=today()
    )
    agreement.refresh_from_db()
    agreements.serve(agreement, by=deal.service)
    make_ticket(deal, agreement)
    with unchanged(agreement), pytest.raises(Refused):
        agreements.terminate(agreement, by=deal.service, note="客户停用")


def test_people_are_told_once_per_step_before_the_end():
    deal, _agreement = make_agreement(warranty_until=today() + dt.timedelta(days=60))
    assert agreements.sweep() == 2
    assert agreements.sweep() == 0
    assert Notice.objects.filter(user=deal.ar, key__contains=":in_warranty:").count() == 1


def test_nothing_starts_without_cover_dates_and_installed_base():
    deal, running = make_agreement()
    bare = agreements.open(by=deal.service, project=deal.project)
    with unchanged(bare), pytest.raises(Refused) as refused:
        agreements.start(bare, by=deal.service)
    assert len(refused.value.reasons) == 3
    assert running.state == "in_warranty"


def test_inspections():
    deal, agreement = make_agreement()
    visit = inspections.open(by=deal.service, agreement=agreement, planned_on=today())
    with unchanged(visit), pytest.raises(Refused):
        inspections.perform(visit, by=deal.service, findings="")
    with unchanged(visit), pytest.raises(NotAllowed):
        inspections.perform(visit, by=deal.legal, findings="正常")
    inspections.perform(visit, by=deal.service, findings="硬盘告警", advice="扩容")
    inspections.close(visit, by=deal.service)
    assert actions(visit) == ["inspection.open", "inspection.perform", "inspection.close"]
    lead = inspections.raise_lead(visit, by=deal.service, title="扩容", need="加硬盘")
    assert lead.case.origin == deal.project.case
    other = inspections.open(by=deal.service, agreement=agreement, planned_on=today())
    with unchanged(other), pytest.raises(Refused):
        inspections.skip(other, by=deal.service)
    inspections.skip(other, by=deal.service, note="客户停产")
    assert other.state == "skipped"
