"""Deals on their way to the final accounts, made by services."""

import datetime as dt
from decimal import Decimal
from typing import Any

from closing import services as closings
from closing.models import Closing
from contracts import services as contracts
from core.calendar import today
from delivery.services import deliverable as deliverables
from delivery.services import order as orders
from finance.services import ledger
from operations.models import ServiceAgreement
from operations.services import agreement as agreements
from process.services import counter
from projects import services as projects
from tests.factories.delivery import Deal, collect, make_acceptance, make_project, make_running_order, sign, waiting
from tests.factories.finance import category
from tests.factories.leads import term

WARRANTY_DAYS = 400


def make_delivered(*, spent: Any = (("material.hardware", 500000), ("labour.implementation", 140600))) -> Deal:
    """Delivered more than a warranty ago, its costs posted, everything but the retention received."""
    deal, order = make_running_order()
    for number, (code, amount) in enumerate(spent):
        source = f"test:{order.pk}:{number}"
        book = deal.project.book
        ledger.post(
            book, nature="cost", category=category(code), net_amount=Decimal(amount), source=source, by=deal.finance
        )
    item = deliverables.open(by=deal.fr, order=order, title="平台")
    deliverables.submit(item, by=deal.fr)
    deliverables.accept(item, by=deal.fr)
    orders.request_acceptance(order, by=deal.fr)
    for kind in ("arrival", "final"):
        sign(deal, make_acceptance(deal, order, kind), signed_on=today() - dt.timedelta(days=WARRANTY_DAYS))
    orders.accept(order, by=deal.fr, service_manager=deal.service)
    counter.take(waiting(deal, "operations"), by=deal.service)
    collect(deal)
    orders.close(order, by=deal.fr)
    return deal


def make_closing(deal: Deal | None = None) -> tuple[Deal, Closing]:
    """The drafted final accounts of a delivered deal."""
    deal = deal or make_delivered()
    counter.take(waiting(deal, "closing"), by=deal.pfc)
    return deal, Closing.objects.get(project=deal.project)


def end_warranty(deal: Deal) -> None:
    """Warranty confirmed, retention received, contract closed."""
    agreement = ServiceAgreement.objects.get(project=deal.project)
    agreements.start(agreement, by=deal.service)
    agreements.confirm_warranty_end(agreement, by=deal.service)
    collect(deal)
    contract = deal.contract
    contract.refresh_from_db()
    contracts.complete(contract, by=deal.ar)
    contracts.close(contract, by=deal.director)


def make_final(deal: Deal | None = None) -> tuple[Deal, Closing]:
    """Final accounts."""
    deal, closing = make_closing(deal)
    closings.settle(closing, by=deal.pfc)
    end_warranty(deal)
    closings.edit(closing, by=deal.pfc, lessons="估算要含运费")
    return deal, closings.finalize(closing, by=deal.pfc)


def make_lost() -> Deal:
    """A project lost in the solution stage, with some presales cost."""
    deal = make_project(stage="solution")
    book = deal.project.book
    presales = category("labour.presales")
    ledger.post(
        book, nature="cost", category=presales, net_amount=Decimal(12000), source=f"t:{book.pk}", by=deal.finance
    )
    projects.lose(deal.project, by=deal.ar, note="价格偏高", lost_reason=term("lost", "price"), competitor="某公司")
    return deal


__all__ = ["end_warranty", "make_closing", "make_delivered", "make_final", "make_lost"]
