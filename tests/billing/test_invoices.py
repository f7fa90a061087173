"""Invoices: one request over several lines, never above what is owed, never changed once issued."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from billing.models import Invoice
from billing.selectors import check_invariants, position
from billing.services import invoice as invoices
from billing.services import receivable as receivables
from core.calendar import today
from core.errors import NotAllowed, Refused
from tests.factories.billing import (
    finance_user,
    line_of,
    make_awaiting_invoice,
    make_invoice,
    make_issued_invoice,
    platform_number,
)
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import term
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db
D = Decimal
EARLY = {"early_reason": "客户预算年底到期", "expected_on": today()}


def test_one_request_over_several_receivables() -> None:
    invoice = make_issued_invoice(events=("effect", "arrival"), **EARLY)
    assert (invoice.gross_amount, invoice.net_amount) == (D(603600), D(540000))
    assert invoice.lines.count() == 6
    contract = invoice.contract
    assert line_of(contract, "arrival").gross_invoiced == D(301800)
    assert position(contract).invoiced == D(603600)
    assert not list(check_invariants())


def test_a_part_of_a_receivable_and_then_the_rest() -> None:
    contract = make_effective_contract()
    line = line_of(contract, "effect")
    first = make_issued_invoice(contract, lines=[{"receivable": line, "gross_amount": D("100000.01")}])
    second = make_issued_invoice(contract, lines=[{"receivable": line}])
    assert second.gross_amount == D("201799.99")
    assert first.net_amount + second.net_amount == D(270000)
    line.refresh_from_db()
    assert line.gross_uninvoiced == 0


def test_more_than_owed_is_refused() -> None:
    contract = make_effective_contract()
    line = line_of(contract, "effect")
    with pytest.raises(Refused):
        make_invoice(contract, lines=[{"receivable": line, "gross_amount": D("301800.01")}])
    with pytest.raises(Refused):
        make_invoice(contract, lines=[{"receivable": line}, {"receivable": line}])
    other = line_of(make_effective_contract(), "effect")
    with pytest.raises(Refused):
        make_invoice(contract, lines=[{"receivable": other}])
    assert not Invoice.objects.filter(contract=contract).exists()


def test_early_needs_a_reason_and_a_day() -> None:
    invoice = make_invoice(events=("arrival",))
    with unchanged(invoice), pytest.raises(Refused):
        invoices.submit(invoice, by=ar_of(invoice.contract))
    invoices.edit(invoice, by=ar_of(invoice.contract), **EARLY)
    finance_user()
    invoices.submit(invoice, by=ar_of(invoice.contract))
    assert invoice.state == "in_review"


def test_two_requests_over_the_same_line_the_second_is_not_issued() -> None:
    contract = make_effective_contract()
    first, second = make_awaiting_invoice(contract), make_awaiting_invoice(contract)
    by = finance_user()
    invoices.issue(first, platform_number=platform_number(), by=by)
    with unchanged(second, line_of(contract, "effect")), pytest.raises(Refused):
        invoices.issue(second, platform_number=platform_number(), by=by)
    assert not list(check_invariants())


def test_internal_numbers_have_no_gap() -> None:
    contract = make_effective_contract()
    line, by = line_of(contract, "effect"), finance_user()
    parts = [{"lines": [{"receivable": line, "gross_amount": D(1000)}]} for _ in range(3)]
    waiting = [make_awaiting_invoice(contract, **part) for part in parts]
    first = invoices.issue(waiting[0], platform_number=platform_number(), by=by)
    with pytest.raises(Refused):
        invoices.issue(waiting[1], platform_number=first.platform_number, by=by)
    with pytest.raises(Refused):
        invoices.issue(waiting[1], platform_number="12345", by=by)
    waiting[1].refresh_from_db()
    second = invoices.issue(waiting[1], platform_number=platform_number(), by=by)
    numbers = [int(one.internal_number.rpartition("-")[2]) for one in (first, second)]
    assert numbers[1] == numbers[0] + 1


def test_who_may_issue(cashier: User) -> None:
    invoice = make_awaiting_invoice()
    for person in (cashier, ar_of(invoice.contract)):
        with unchanged(invoice), pytest.raises(NotAllowed):
            invoices.issue(invoice, platform_number=platform_number(), by=person)


def test_deliver() -> None:
    invoice = make_issued_invoice()
    invoices.deliver(invoice, delivered_to="caiwu@example.cn", by=ar_of(invoice.contract))
    assert (invoice.state, invoice.delivered_on) == ("delivered", today())
    assert last_log(invoice).action == "invoice.deliver"
    with unchanged(invoice), pytest.raises(Refused):
        invoices.deliver(invoice, by=ar_of(invoice.contract))


@pytest.mark.parametrize(
    "changes", [{"gross_amount": 1}, {"platform_number": "0" * 20}, {"title_customer_id": 0}, {"issued_on": None}]
)
def test_the_database_refuses_any_change_once_issued(changes: dict[str, Any]) -> None:
    invoice = make_issued_invoice()
    if "title_customer_id" in changes:
        from tests.factories.customers import make_customer

        changes = {"title_customer_id": make_customer().pk}
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**changes)


def test_the_database_refuses_changed_or_new_lines_once_issued() -> None:
    invoice = make_issued_invoice()
    line = invoice.lines.first()
    with pytest.raises(DatabaseError), transaction.atomic():
        invoice.lines.update(gross_amount=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        line.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        invoice.delete()
    with pytest.raises(Refused):
        invoices.edit(invoice, by=ar_of(invoice.contract), remark="x")


def test_a_request_from_the_receivable_itself() -> None:
    contract = make_effective_contract()
    line = line_of(contract, "effect")
    receivables.request_invoice(line, fapiao=term("fapiao", "e_special"), by=ar_of(contract))
    assert contract.invoices.get().gross_amount == D(301800)


def test_special_fapiao_needs_the_buyers_tax_number() -> None:
    contract = make_effective_contract()
    from customers.models import Customer

    Customer.objects.filter(pk=contract.invoice_title_id).update(tax_id="")
    invoice = make_invoice(contract)
    with pytest.raises(Refused) as refused:
        invoices.submit(invoice, by=ar_of(contract))
    assert contract.invoice_title.title in str(refused.value)


def test_a_stranger_neither_opens_nor_submits(stranger: User) -> None:
    invoice = make_invoice()
    with unchanged(invoice), pytest.raises(NotAllowed):
        invoices.submit(invoice, by=stranger)
    with pytest.raises(NotAllowed):
        invoices.open(
            contract=invoice.contract,
            fapiao=term("fapiao", "e_special"),
            lines=[{"receivable": line_of(invoice.contract, "effect")}],
            by=stranger,
        )
