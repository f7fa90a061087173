"""Service agreements and tickets, made by services."""

import datetime as dt
from typing import Any

from core.calendar import today
from operations.models import ServiceAgreement, Ticket
from operations.services import agreement as agreements
from operations.services import ticket as tickets
from process.services import counter, take_seat
from tests.factories.delivery import Deal, make_accepted_order, make_project, waiting
from tests.factories.leads import term


def make_agreement(deal: Deal | None = None, *, cover: str = "5x8", **fields: Any) -> tuple[Deal, ServiceAgreement]:
    """An agreement in warranty, without a delivery behind it."""
    deal = deal or make_project(stage="operations")
    take_seat(deal.project.case, "service", deal.service, by=deal.fr)
    values = {
        "cover": term("cover", cover),
        "warranty_from": today() - dt.timedelta(days=10),
        "warranty_until": today() + dt.timedelta(days=355),
        "items": [{"name": "服务器", "serial": "SN1"}],
        **fields,
    }
    agreement = agreements.open(by=deal.service, project=deal.project, **values)
    return deal, agreements.start(agreement, by=deal.service)


def make_agreement_taken_over(deal: Deal | None = None) -> tuple[Deal, ServiceAgreement]:
    """The agreement that follows from an accepted delivery."""
    deal, order = make_accepted_order(deal)
    counter.take(waiting(deal, "operations"), by=deal.service)
    return deal, ServiceAgreement.objects.get(order=order)


def make_ticket(deal: Deal, agreement: ServiceAgreement, **fields: Any) -> Ticket:
    """A reported fault."""
    values = {"kind": term("ticket.kind", "fault"), "description": "无法登录", **fields}
    return tickets.open(by=deal.ar, agreement=agreement, **values)
