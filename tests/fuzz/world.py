"""The company under attack: the demo company, and records in the states that its deals have passed already."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from django.db import models, transaction

from accounts.models import User
from ltc.demo import company
from process.models import Seat, StageRecord, StepRecord
from purchasing.services import order as orders
from tests import people
from tests.factories import (
    billing,
    closing,
    contracts,
    customers,
    delivery,
    finance,
    guidance,
    leads,
    operations,
    products,
    projects,
    purchasing,
    solutions,
)

# Records in states in which the demo's deals do not stand; twice, so that one may move on and the other stays.
MORE: tuple[Callable[[], Any], ...] = (
    leads.make_lead,
    leads.make_assigned_lead,
    leads.make_working_lead,
    leads.make_pooled_lead,
    projects.make_project,
    projects.make_ready_project,
    projects.make_submitted_project,
    projects.make_approved_project,
    guidance.make_plan,
    guidance.make_running_plan,
    guidance.make_ready_plan,
    solutions.make_solution,
    solutions.make_ready_solution,
    solutions.make_submitted_solution,
    solutions.make_approved_solution,
    solutions.make_quote,
    solutions.make_approved_quote,
    solutions.make_sent_quote,
    solutions.make_tender,
    solutions.make_poc,
    contracts.make_contract,
    contracts.make_submitted_contract,
    contracts.make_approved_contract,
    contracts.make_signed_contract,
    contracts.make_effective_contract,
    billing.make_invoice,
    billing.make_awaiting_invoice,
    billing.make_issued_invoice,
    billing.make_credit_note,
    billing.make_confirming_credit_note,
    billing.make_receipt,
    billing.make_claimed_receipt,
    billing.make_confirmed_receipt,
    delivery.make_order,
    delivery.make_running_order,
    delivery.make_accepted_order,
    operations.make_agreement,
    operations.make_agreement_taken_over,
    closing.make_closing,
    products.make_product,
    customers.make_customer,
    customers.make_supplier,
)


def seed() -> None:
    """Make the company; committed."""
    with transaction.atomic():
        company.seed()
        # Names and numbers beside those of the demo.
        for module in (people, billing, contracts, customers, delivery, finance, leads, products, projects, solutions):
            for name in ("_numbers", "_serial", "_counter"):
                if hasattr(module, name):
                    setattr(module, name, itertools.count(100_000))
        for make in MORE:
            make()
        running, order = delivery.make_running_order()
        delivery.make_acceptance(running, order)
        _purchases(running)
        served, agreement = operations.make_agreement()
        operations.make_ticket(served, agreement)


def _purchases(deal: Any) -> None:
    buyer = User.objects.get(username="purchasing")
    book = deal.project.book
    purchasing.make_order(book, buyer)
    for _ in range(2):
        order = purchasing.make_order(book, buyer)
        orders.submit(order, by=buyer)
        projects.decide(order, orders.approve)
    orders.receive(order, by=buyer)
    purchasing.make_bill(order, buyer)
    finance.make_voucher(book, deal.project.owner)


def people_for(record: StageRecord) -> Iterator[User]:
    """Who might act on a record: its owner, those on its case, those asked to decide, then the demo's people."""
    keys = [record.owner_id, getattr(record, "submitted_by_id", None), record.created_by_id]
    keys += Seat.objects.current().filter(case_id=record.case_id).values_list("user_id", flat=True)
    for step in StepRecord.objects.filter(kind=record.record_kind(), object_id=record.pk, state="open"):
        keys += step.assignees
    demo = User.objects.filter(username__in=[person.username for person in company_people()]).order_by("pk")
    seen: set[int] = set()
    for user in [*User.objects.filter(pk__in=[key for key in keys if key]), *demo]:
        if user.pk not in seen:
            seen.add(user.pk)
            yield user


def company_people() -> Any:
    """The demo's sign-ins."""
    from ltc.demo.people import PEOPLE

    return PEOPLE


def rows_of(model: type[models.Model], case_id: int | None, limit: int = 8) -> list[Any]:
    """Rows a reference may point to: those of the same deal first."""
    found = model._default_manager.order_by("-pk")
    fields = {field.name for field in model._meta.concrete_fields}
    if case_id is not None and "case" in fields:
        return [*found.filter(case_id=case_id)[:limit], *found[:2]]
    return list(found[:limit])
