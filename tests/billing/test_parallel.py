"""At the same moment: two claims, one wins; allocations never exceed receipt nor line; numbers have no gap."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from billing.models import Invoice, Receipt, ReceivableLine
from billing.selectors import check_invariants
from billing.services import invoice as invoices
from billing.services import receipt as receipts
from core.errors import Refused
from tests.factories.billing import (
    finance_user,
    line_of,
    make_awaiting_invoice,
    make_confirmed_receipt,
    make_receipt,
    platform_number,
)
from tests.factories.contracts import ar_of, make_effective_contract

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run acts in threads that start together; "done" or "refused" with the reasons for each."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            barrier.wait(timeout=20)
            act()
        except Refused as error:
            return f"refused {error}"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_everything_at_once() -> None:
    contract = make_effective_contract()
    _two_claims_on_one_receipt(contract)
    _allocations_within_receipt_and_line(contract)
    _one_of_two_invoices_over_the_same_line(contract)
    assert not list(check_invariants())


def _two_claims_on_one_receipt(contract: Any) -> None:
    receipt = make_receipt(payer_name=contract.payer.title)
    from tests.people import make_user

    people = [ar_of(contract), make_user("ar", department="sales_south", roles=("ar",))]

    def claim(user: User) -> Callable[[], Any]:
        return lambda: receipts.claim(Receipt.objects.get(pk=receipt.pk), contract=contract, by=user)

    answers = at_once(*map(claim, people))
    receipt.refresh_from_db()
    winner = people[answers.index("done")]
    assert receipt.owner == winner
    other = next(answer for answer in answers if answer != "done")
    assert other.startswith("refused") and str(winner) in other, "the other is told who was faster"


def _allocations_within_receipt_and_line(contract: Any) -> None:
    first = make_confirmed_receipt(contract, gross_amount=D(200000))
    second = make_confirmed_receipt(contract, gross_amount=D(200000))
    line, by = line_of(contract, "effect"), finance_user()

    def allocate(receipt: Receipt) -> Callable[[], Any]:
        return lambda: receipts.allocate(
            Receipt.objects.get(pk=receipt.pk),
            receivable=ReceivableLine.objects.get(pk=line.pk),
            gross_amount=D(150000),
            by=by,
        )

    answers = at_once(*(allocate(one) for one in (first, second, first, second)))
    line.refresh_from_db()
    assert line.gross_received == D(150000) * answers.count("done") <= line.gross_amount
    assert answers.count("done") == 2
    for receipt in (first, second):
        receipt.refresh_from_db()
        assert receipt.gross_allocated in (0, D(150000))


def _one_of_two_invoices_over_the_same_line(contract: Any) -> None:
    waiting, by = [make_awaiting_invoice(contract) for _ in range(2)], finance_user()

    def issue(invoice: Invoice) -> Callable[[], Any]:
        number = platform_number()
        return lambda: invoices.issue(Invoice.objects.get(pk=invoice.pk), platform_number=number, by=by)

    assert [answer.split()[0] for answer in sorted(at_once(*map(issue, waiting)))] == ["done", "refused"]
    issued = Invoice.objects.exclude(internal_number="").order_by("internal_number")
    assert [int(one.internal_number.rpartition("-")[2]) for one in issued] == list(range(1, len(issued) + 1))
